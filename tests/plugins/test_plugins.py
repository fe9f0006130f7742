"""Rules of other packages: found by entry point, checked, run; a taken name or a broken package is one line."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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
import numpy as np
from brian2 import mV, second
from neurosim import AllToAll, Network, Population, Projection, digest, from_json, simulate, to_json
from neurosim.neurons import LIF, LeakyRate, Poisson, Signal
from neurosim.rules import registry
from neurosim.synapses import Graded, ScaledPulse
from neurosim.testing import check_rule_by_name

Calm = registry.get("CalmHebb")
spiking = Network("spiking").add(
    Population("a", 4, Poisson()), Population("b", 2, LIF()),
    Projection("p", "a", "b", ScaledPulse(quantum=1*mV), AllToAll(), 0.5, rules=Calm()),
)
rate = Network("rate").add(
    Population("a", 4, Signal(), {"value": 0.8}), Population("b", 2, LeakyRate()),
    Projection("p", "a", "b", Graded(), AllToAll(), 0.5, rules=Calm()),
)
weights = {}
for network in (spiking, rate):
    for engine in ("fused", "brian2"):
        simulation = simulate(from_json(to_json(network)), engine)
        simulation.run(0.1*second)
        weights[f"{network.name} {engine}"] = simulation.get("p.w").tolist()
report = check_rule_by_name("CalmHebb", engines=["fused", "brian2"])
kept = [[o.clause, o.network] for o in report.passed]
print(json.dumps({"names": registry.names(), "module": Calm.__module__, "weights": weights, "kept": kept}))
"""


def test_a_rule_of_another_package_is_found_runs_everywhere_and_keeps_the_contract(tmp_path):
    install("calm", tmp_path)
    done = python(USE, tmp_path)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert {"CalmHebb", "Oja", "PairSTDP"} <= set(seen["names"])
    assert seen["module"] == "calm_rules"
    for kind in ("spiking", "rate"):
        fused, brian2 = (seen["weights"][f"{kind} {engine}"] for engine in ("fused", "brian2"))
        assert fused == pytest.approx(brian2, rel=1e-9)
        assert 0 < max(abs(w - 0.5) for w in fused) < 0.5
        assert ["engines agree", kind] in seen["kept"] and ["keeps its bounds", kind] in seen["kept"]


def run_list(site: Path) -> subprocess.CompletedProcess[str]:
    return python("import sys; from neurosim.cli import main; sys.exit(main(['list', 'rules']))", site)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the error of a command after a check that it is one line and that nothing else was printed."""
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_name_that_is_taken_is_refused_in_one_line(tmp_path):
    install("thief", tmp_path)
    line = one_line(run_list(tmp_path))
    assert "rule 'Oja' of the package 'thief-rules' cannot be used" in line
    assert (
        "'Oja' in thief_rules: the name is already taken by neurosim.rules.oja: choose another name" in line
    )


def test_the_own_rules_stay_even_when_the_other_package_comes_first(tmp_path):
    install("thief", tmp_path)
    code = """
from neurosim.errors import DescriptionError
try:
    import thief_rules
except DescriptionError as error:
    print(error)
from neurosim.rules import Oja, registry
print(registry.get("Oja") is Oja, Oja.__module__)
for _ in range(2):
    try:
        registry.get("Nothing")
    except DescriptionError as error:
        print("again:", error)
"""
    done = python(code, tmp_path)
    refused, own, *again = done.stdout.splitlines()
    assert (
        refused
        == "rule 'Oja' in thief_rules: the name is already taken by neurosim.rules.oja: choose another name"
    )
    assert own == "True neurosim.rules.oja"
    assert len(again) == 2 and all("'thief-rules' cannot be used" in line for line in again)


def test_a_package_that_does_not_import_is_named(tmp_path):
    install("calm", tmp_path)
    (tmp_path / "calm_rules.py").write_text("import no_such_module\n")
    line = one_line(run_list(tmp_path))
    assert (
        "rule 'CalmHebb' of the package 'calm-rules' cannot be used (No module named 'no_such_module')"
        in line
    )
    assert line.endswith("repair or uninstall it")
