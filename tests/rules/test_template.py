"""A new rule from the template works as it is written, and rules are found by name, module and file."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from neurosim.errors import DescriptionError, NeurosimError, UnknownNameError, UsageError
from neurosim.rules import Oja
from neurosim.testing import check_rule_by_name, load_rule, new_rule


@pytest.mark.slow
def test_template_and_its_tests_work_as_written(tmp_path):
    rule, test = new_rule("QuickHebb", tmp_path / "mine")
    assert (rule.name, test.name) == ("quick_hebb.py", "test_quick_hebb.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.slow
def test_functions_of_the_template_test_pass_and_its_rule_is_found_by_file(tmp_path):
    rule, test = new_rule("QuickHebb", tmp_path / "mine")
    tests = runpy.run_path(str(test))
    for engine in ("fused", "brian2"):
        tests["test_silent_synapse_forgets_exponentially"](engine)
    report = check_rule_by_name(f"{rule}:QuickHebb", engines=["fused", "brian2"])
    assert {o.network for o in report.passed if o.clause == "engines agree"} == {"spiking", "rate"}
    # The same file again is the same class, not a name taken twice.
    assert load_rule(f"{rule}:QuickHebb") is tests["QuickHebb"]


def test_template_is_formatted_and_refuses_to_overwrite(tmp_path):
    paths = new_rule("HTTPRule2", tmp_path)
    assert paths[0].name == "http_rule2.py"
    assert max(len(line) for path in paths for line in path.read_text().splitlines()) <= 120
    before = paths[0].read_text()
    with pytest.raises(UsageError, match=r"http_rule2\.py' already exists: choose another name or folder"):
        new_rule("HTTPRule2", tmp_path)
    assert paths[0].read_text() == before


@pytest.mark.parametrize("name", ["", "fast hebb", "fastHebb", "Fast-Hebb", "2Fast", "../Rule", "Rule:x"])
def test_what_is_no_class_name_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match="is not a name for a rule: use letters and digits"):
        new_rule(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["Oja", "Json", "Class"])
def test_a_name_that_exists_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match=f"'{name}' is the name of a rule or module that exists"):
        new_rule(name, tmp_path)


RULE = '''
from brian2 import second
from neurosim import SynapticRule, parameter, post

class {name}(SynapticRule):
    """dw/dt = eta * (1 - y);  y activity (1), eta rate (1/s).

    Source: none.
    """

    eta = parameter(0.1 / second, "rate")
    y = post.activity
    dw = "eta * (1 - y)"

number = 3
'''


def written(folder: Path, name: str, text: str | None = None) -> Path:
    path = folder / f"{name.lower()}_file.py"
    path.write_text(RULE.format(name=name) if text is None else text)
    return path


@pytest.fixture(autouse=True)
def path_of_imports(monkeypatch):
    """Forget after each test the folders that a rule's file has added, which workers of others would inherit."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def test_a_rule_is_found_by_name_and_by_module():
    assert load_rule("Oja") is Oja is load_rule("neurosim.rules.oja:Oja")


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [
        ("Ojja", UnknownNameError, r"unknown rule 'Ojja': did you mean 'Oja'\?; a rule of your own is"),
        ("{folder}/absent.py:X", UsageError, r"no file '.*absent\.py': give 'path/to/file\.py:Class'"),
        ("no.such.module:X", UsageError, r"no module 'no\.such\.module'"),
        ("{file}:Present", UsageError, r"has no rule 'Present': did you mean 'PresentRule'\?"),
        ("{file}:number", UsageError, r"has no rule 'number'"),
        ("{file}:", UsageError, r"has no rule ''"),
        ("{broken}:X", DescriptionError, r"broken_file\.py', line 2: .*: correct it"),
        ("numpy:Foo", UsageError, r"'numpy' has no rule 'Foo': there are none"),
        ("{none}", UsageError, r"none_file\.py' contains no rule: give a file with a class that is one"),
        (
            "{needy}",
            DescriptionError,
            r"needy_file\.py' cannot be imported \(ModuleNotFoundError: No module named 'nothing'\)",
        ),
        ("{ends}", DescriptionError, r"ends_file\.py' cannot be imported \(SystemExit: 3\): correct it"),
        ("neurosim.errors:NeurosimError", UsageError, r"'neurosim\.errors' has no rule 'NeurosimError'"),
        ("{shadow}:X", UsageError, r"a module 'json' already exists: rename the file"),
    ],
)
def test_what_is_not_found_is_said_in_one_line(target, kind, message, tmp_path):
    (tmp_path / "json.py").write_text("")
    file = written(tmp_path, "PresentRule")
    broken = written(tmp_path, "Broken", "x = 1\nclass X(:\n")
    files = {
        "none": written(tmp_path, "None", "x = 1\n"),
        "needy": written(tmp_path, "Needy", "import nothing\n"),
        "ends": written(tmp_path, "Ends", "import sys; sys.exit(3)\n"),
    }
    text = target.format(folder=tmp_path, file=file, broken=broken, shadow=tmp_path / "json.py", **files)
    with pytest.raises(kind, match=message) as caught:
        check_rule_by_name(text)
    assert isinstance(caught.value, NeurosimError)
    assert "\n" not in str(caught.value)
    sys.modules.pop(file.stem, None)
