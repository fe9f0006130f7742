"""A study that is one file: every command takes it by its path, in the folder of the file or in another one."""

import sys
from pathlib import Path

import pytest

from neurosim.cli import main
from neurosim.errors import DescriptionError
from neurosim.experiment import catalogue, experiment_summary, find_experiment, new_run, resumed_run
from neurosim.report import report
from neurosim.store import open_results
from neurosim.sweep import make_sweep, planned
from neurosim.sweep.work import work

STUDY = '''"""A number that is doubled."""
from dataclasses import dataclass

from matplotlib.figure import Figure

from {helper} import doubled
from neurosim.experiment import Data, Experiment, setting, within


@dataclass(frozen=True)
class Config:
    x: float = setting(2.0, "what is doubled", low=0.0, high=9.0)


def run(config, run):
    run.stage("doubling", lambda stage: {{"y": Data(doubled(config.x), (), "", "twice x")}})


def claims(config, results):
    y = results.array("doubling/y")
    yield within(
        "twice", "It is twice", source="arithmetic", kind="theory", expected=4, tolerance=0, measured=y
    )


def figure(config, results):
    return Figure(figsize=(1, 1))


experiment = Experiment(
    name="{name}", title="Doubling", citation="none", config=Config, presets={{"quick": Config()}}, run=run,
    claims=claims, figures=figure,
)
'''


@pytest.fixture
def study(tmp_path, monkeypatch, request):
    """A study in a file, beside a module that it imports, in another folder than the current one; its path and name."""
    name = f"doubling_{abs(hash(request.node.nodeid)) % 10**8}"
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / f"{name}_parts.py").write_text("doubled = lambda x: 2 * x\n")
    path = folder / f"{name}.py"
    path.write_text(STUDY.format(name=name, helper=f"{name}_parts"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(catalogue, "_NAMED", {})
    return path, name


@pytest.fixture
def call(capsys):
    """Run one command: its exit code, standard output and standard error."""

    def call(*words):
        return main([str(word) for word in words]), *capsys.readouterr()

    return call


def forget(name):
    """Forget a study, as a new process has."""
    catalogue._NAMED.pop(name, None)


def test_a_file_is_run_and_its_figure_movie_settings_and_report_are_found(study, call):
    path, name = study
    code, out, err = call("run", path, "--quiet", "--out", "a.h5", "--set", "x=2")
    assert (code, out, err) == (0, "", "")
    with open_results("a.h5") as results:
        assert results.attributes["experiment"] == name and results.claims[0]["verdict"] == "holds"
    assert name in call("settings", f"{path}:experiment")[1]
    assert call("run", path, "--quiet")[0] == 0 and Path(f"results/{name}-quick-seed0.h5").exists()
    forget(name)
    code, _, err = call("figure", "a.h5", "--overwrite")
    assert (
        code == 2 and f"unknown experiment '{name}'" in err and err.endswith("give it by --study file.py\n")
    )
    assert call("figure", "a.h5", "--overwrite", "--study", path) == (0, "figure:  a.png\n", "")
    forget(name)
    assert "unknown experiment" in report("a.h5")
    assert call("report", "a.h5", "--study", path)[0] == 0
    assert "unknown experiment" not in Path("a.html").read_text()
    assert "has no movie" in call("movie", "a.h5", "--study", path)[2]
    code, _, err = call("figure", "a.h5", "--overwrite", "--study", "swimmer")
    assert code == 2 and "'swimmer' is the experiment 'swimmer', and the run is one of 'doubling_" in err


def test_a_module_of_the_current_folder_is_found(study, call, monkeypatch):
    path, name = study
    monkeypatch.chdir(path.parent)
    assert call("run", f"{name}:experiment", "--quiet", "--out", "a.h5")[0] == 0
    code, _, err = call("run", f"{name}:experimint", "--quiet")
    assert code == 2 and f"'{name}' has no Experiment 'experimint': did you mean 'experiment'?" in err
    code, _, err = call("run", "no_such_module:experiment")
    assert code == 2 and "give 'module:experiment' or 'path/to/file.py:experiment'" in err


def test_a_run_that_failed_is_resumed_on_the_command_line_and_in_python(study, call):
    path, _ = study
    whole = path.read_text()
    path.write_text(
        whole.replace('yield within("', 'yield within(1 / 0, "').replace("measured=y", "measured=y + z")
    )
    code, _, err = call("run", path, "--quiet", "--out", "a.h5")
    assert code == 1 and "name 'z' is not defined" in err
    del sys.modules[path.stem]
    path.write_text(whole)
    code, _, err = call("run", path, "--quiet", "--out", "a.h5")
    assert code == 2 and "from a run that has not finished: resume it (--resume a.h5; resumed_run" in err
    assert resumed_run(find_experiment(str(path)), "a.h5").execute().claims[0].verdict == "holds"
    code, _, err = call("run", path, "--quiet", "--resume", "a.h5")
    assert code == 2 and "no unfinished run" in err


def test_what_a_file_does_not_contain_is_one_line(study, call):
    path, _ = study
    empty, broken, two = (path.with_name(f"{path.stem}_{word}.py") for word in ("empty", "broken", "two"))
    empty.write_text("x = 1\n")
    broken.write_text("x = \n")
    two.write_text(f"from {path.stem} import experiment\nfirst = experiment\n")
    for target, status, message in (
        (empty, 2, "contains no Experiment"),
        (broken, 1, "line 1: invalid syntax"),
        (two, 2, "contains 2 experiments (experiment, first): name one, as"),
        ("nowhere.py", 2, "no file 'nowhere.py'"),
        ("nowhere", 2, "one that is not installed is named by its file"),
    ):
        code, out, err = call("run", target)
        assert (code, out) == (status, "") and message in err and err.count("\n") == 1
    assert call("run", f"{two}:first", "--quiet", "--out", "b.h5")[0] == 0


def test_a_worker_of_a_sweep_finds_the_study_by_its_file(study):
    path, name = study
    find_experiment(str(path))
    sweep = make_sweep(Path("s"), planned(name, [0, 1], ["x=1,2"]))
    forget(name)
    assert "unknown experiment" in work(sweep.runs[0], "s")
    assert work(sweep.runs[0], "s", str(path)) == "" and sweep.state(sweep.runs[0]) == "complete"


@pytest.mark.slow
def test_a_sweep_of_a_file(study, call):
    path, _ = study
    code, _, _ = call("sweep", path, "--seeds", "0:2", "--workers", "1", "--quiet", "--out", "s")
    assert code == 0 and len(list(Path("s").glob("*.h5"))) == 2


def installed(site, monkeypatch, **entries):
    """Put a package with experiments on the path."""
    info = site / "some_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plugin\nVersion: 1.0\n")
    lines = [f"{name.replace('_dash_', '-')} = {value}" for name, value in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[neurosim.experiments]", *lines]))
    monkeypatch.syspath_prepend(site)


def test_names_of_installed_studies_are_taken_once_and_those_of_the_experiments(study, call, monkeypatch):
    path, name = study
    (path.parent / f"{name}_broken.py").write_text("x = \n")
    installed(
        path.parent,
        monkeypatch,
        swimmer=f"{name}:experiment",
        other=f"{name}:experiment",
        nameless=name,
        broken=f"{name}_broken:experiment",
        lost=f"{name}:experimint",
    )
    for wrong, message in (
        ("swimmer", "is the name of experiments of neurosim and of the package 'some-plugin': rename one"),
        ("other", f"has the name '{name}': give the entry point and the Experiment one name"),
        ("nameless", "is not an Experiment: name the object"),
        ("lost", "cannot be loaded"),
    ):
        with pytest.raises(DescriptionError, match=message):
            find_experiment(wrong)
    assert experiment_summary("swimmer").startswith("(cannot be used: is the name of experiments of neurosim")
    assert experiment_summary("broken") == f"(cannot be used: {name}_broken, line 1: invalid syntax)"
    assert "has no 'experimint'; name the object" in experiment_summary("lost")
    assert experiment_summary("other") == "A number that is doubled."
    assert "cannot be used" in call("list")[1]


def test_a_study_in_memory_is_drawn_from_its_file(study, call):
    path, name = study
    experiment = find_experiment(str(path))
    assert new_run(experiment, out="a.h5").execute().figure == Path("a.png")
    forget(name)
    assert call("figure", "a.h5", "--out", "b.png", "--study", path)[0] == 0
