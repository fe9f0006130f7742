"""Rules of other packages: found by entry point, checked, run; a taken name or a broken package is one line."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from neurosim.errors import DescriptionError
from neurosim.model import registries
from neurosim.registry import Registry

HERE = Path(__file__).parent


def install(name: str, site: Path) -> None:
    """Put a package into a folder as an installer does: its modules, its metadata and its entry points."""
    project = tomllib.loads((HERE / name / "pyproject.toml").read_text())["project"]
    for module in (HERE / name).glob("*.py"):
        shutil.copy(module, site)
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        line
        for group, entries in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()))
    ]
    info.joinpath("entry_points.txt").write_text("\n".join(lines))


def python(code: str, site: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter that has the folder on its path."""
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=site,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )


USE = """
import json
from neurosim.rules import registry
from neurosim.testing import check_rule_by_name

Calm = registry.get("CalmHebb")
report = check_rule_by_name("CalmHebb", engines=["fused", "brian2"])
kept = [[outcome.clause, outcome.network] for outcome in report.passed]
print(json.dumps({"names": registry.names(), "module": Calm.__module__, "kept": kept}))
"""


@pytest.mark.slow
def test_a_rule_of_another_package_is_found_runs_everywhere_and_keeps_the_contract(tmp_path):
    install("calm", tmp_path)
    done = python(USE, tmp_path)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert {"CalmHebb", "Oja", "PairSTDP"} <= set(seen["names"])
    assert seen["module"] == "calm_rules"
    for network in ("spiking", "rate"):
        for clause in ("runs", "changes something", "engines agree", "keeps its bounds", "survives storage"):
            assert [clause, network] in seen["kept"]


def test_a_name_that_is_taken_is_refused_and_the_own_rule_stays(tmp_path):
    install("thief", tmp_path)
    # The other package is imported before the project's rules are.
    code = """
import sys
from neurosim.errors import DescriptionError
from neurosim.model import registries
try:
    import thief_rules
except DescriptionError as error:
    print(error)
from neurosim.rules import Oja, registry
print(registry.get("Oja") is Oja, Oja.__module__)
from neurosim.cli import main
sys.exit(main(["list", "rules"]))
"""
    done = python(code, tmp_path)
    taken = "rule 'Oja' in thief_rules: the name is already taken by neurosim.rules.oja: choose another name"
    assert done.stdout.splitlines() == [taken, "True neurosim.rules.oja"]
    expected = f"rule 'Oja' of the package 'thief-rules' cannot be used ({taken}): repair or uninstall it"
    assert done.stderr.splitlines() == [f"neurosim: {expected}"]
    assert done.returncode == 1


def test_a_package_that_does_not_import_is_named_at_every_look_up(monkeypatch):
    broken = metadata.EntryPoint("Broken", "no_such_module:Broken", "some.group")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [broken] if group == "some.group" else [])
    registry: Registry[object] = Registry("rule", "some.group", lambda: registry.add("Own", 1))
    assert registry.get("Own") == 1
    for _ in range(2):
        with pytest.raises(
            DescriptionError, match=r"^rule 'Broken' of the package 'no_such_module' cannot be used \(No mod"
        ):
            registry.names()


@pytest.mark.parametrize(
    ("registry", "item", "fault"),
    [
        (registries.circuits, "json:__version__", "is not a class"),
        (
            registries.circuits,
            "json:JSONDecoder",
            "has no method 'network', which returns the circuit as a Network",
        ),
        (registries.rules, "json:JSONDecoder", "is not a subclass of Rule"),
        (registries.rules, "neurosim.neurons:LIF", "is not a subclass of Rule"),
        (registries.neurons, "json:loads", "is not a subclass of NeuronModel"),
        (registries.synapses, "json:JSONDecoder", "is not a subclass of SynapseModel"),
        (registries.connectivities, "json:JSONDecoder", "is not a subclass of Connectivity"),
    ],
)
def test_what_is_not_of_the_kind_of_its_group_is_rejected(registry, item, fault, monkeypatch):
    entry = metadata.EntryPoint("wrong", item, registry.group)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [entry] if group == registry.group else [])
    fresh = Registry(registry.kind, registry.group, fault=registry._fault)
    with pytest.raises(DescriptionError) as raised:
        fresh.names()
    assert f"{registry.kind} 'wrong'" in str(raised.value) and f"'{item}' {fault}" in str(raised.value)


def test_our_circuits_are_circuits():
    for name in registries.circuits:
        assert registries.no_circuit(registries.circuits.get(name)) == ""
    assert registries.no_circuit(type("Undocumented", (), {"network": lambda self: None})).startswith(
        "has no docstring"
    )
