"""Every workload at a tiny size: ours runs, and the peers at hand come to the same."""

import itertools
from dataclasses import replace

import brian2 as b2
import numpy as np
import pytest

from neurosim.bench import catalogue
from neurosim.bench.agreement import compare
from neurosim.bench.ours import Fused
from neurosim.bench.peers.brian2 import Brian2Model
from neurosim.bench.workloads import many_runs
from neurosim.engines import get_engine

TINY = {
    "w1": (400, 0.2),
    "w2": (500, 0.2),
    "w3": (400, 0.2),
    "w4": (50, 0.2),
    "w6": (400, 0.2),
    "w7": (500, 0.1),
}


LARGE = ("w8", "w9", "w9_stdp")
"""Workloads of many parts, which compile for seconds."""

DECILES = np.linspace(0.1, 0.9, 9)


def tiny(name):
    workload = catalogue.workload(name)
    n, seconds = TINY[name]
    return workload, replace(workload.cases[0], n=n, duration=seconds)


@pytest.fixture
def brian2_here():
    """Brian2's runtime in numpy: no compiler."""
    target, dt = b2.prefs.codegen.target, b2.defaultclock.dt
    b2.prefs.codegen.target = "numpy"
    yield
    b2.prefs.codegen.target = target
    b2.defaultclock.dt = dt


def run_brian2(model: Brian2Model, seconds):
    b2.defaultclock.dt = model.dt
    b2.Network(model.objects).run(seconds * b2.second)
    return model.results()


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("w2", "w3", "w6")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["w1", *SLOW])
def test_spikes_and_weights_are_those_of_brian2(name, brian2_here):
    workload, case = tiny(name)
    program = Fused(workload, case)
    program.start()
    program.advance()
    ours, facts = program.results(), program.facts()
    theirs = run_brian2(workload.peers["brian2_cpp"](case, program.arrays()), case.duration)
    found = compare(ours, theirs)
    assert found["spikes"] > case.n / 5
    assert found["identical"], f"spikes part at step {found['parted_at']}"
    assert sum(facts.spikes.values()) == found["spikes"] and facts.neurons == case.n
    assert all(error < 1e-9 for error in found["error"].values())
    assert (workload.learned is None) == (found["error"] == {})


def test_w3_learns(brian2_here):
    workload, case = tiny("w3")
    program = Fused(workload, case)
    before = program.arrays()["ee_w"]
    program.advance()
    assert np.mean(program.results()["ee_w"] != before) > 0.2
    assert 20 <= program.plastic_bytes() < 21  # weight, target, and for spikes of the target edge and source


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_w5_is_the_same_network_in_numpy_and_in_brian2(dtype, brian2_here):
    workload = catalogue.workload("w5")
    case = replace(workload.cases[0], n=30, duration=0.05, dtype=dtype)
    program = Fused(workload, case)
    program.start()
    program.advance()
    ours, arrays = program.results(), program.arrays()
    model = workload.peers["numpy"](case, arrays)
    in_numpy = compare(ours, model.results(model.run(model.start())))["error"]
    tolerance = 1e-9 if dtype == "float64" else 1e-2  # elements near 0 carry the rounding of the largest
    assert set(in_numpy) == {"recurrent_w", "units_r"} and max(in_numpy.values()) < tolerance
    if dtype == "float64":
        in_brian2 = compare(ours, run_brian2(workload.peers["brian2_cpp"](case, arrays), case.duration))[
            "error"
        ]
        assert max(in_brian2.values()) < tolerance


@pytest.mark.slow
def test_w4_has_the_law_of_brian2_over_five_seeds(brian2_here):
    workload = catalogue.workload("w4")
    case = replace(workload.cases[0], duration=5.0)
    start, runs = np.linspace(0, 0.01, case.n), []  # the rate depends on where weights start
    for seed in range(5):
        simulation = get_engine("fused").compile(workload.network(case), seed=seed)
        simulation.set("synapses.w", start)
        simulation.run(case.duration * b2.second)
        ours = {
            "steps": simulation.recordings()["cell.spikes"].steps,
            "synapses_w": simulation.get("synapses.w"),
        }
        b2.seed(seed)
        theirs = run_brian2(workload.peers["brian2_cpp"](case, {"synapses_w": start}), case.duration)
        runs.append([[r["steps"].size, *np.quantile(r["synapses_w"], DECILES)] for r in (ours, theirs)])
    ours, theirs = np.moveaxis(np.array(runs), 1, 0)
    spread = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / 5)
    assert np.all(spread[1:] < 0.03 * 0.01) and spread[0] < 0.05 * theirs[:, 0].mean()
    # Welch: 5 standard errors at 8 degrees of freedom, p = 0.001, for the number of spikes and nine deciles of weights.
    assert np.all(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 5 * spread)


def test_w4_runs_and_its_weights_stay_within_bounds():
    workload, case = tiny("w4")
    program = Fused(workload, case)
    program.start()
    program.advance()
    w = program.results()["synapses_w"]
    assert w.shape == (case.n,) and 0 <= w.min() < w.max() <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in LARGE)) for n in catalogue.WORKLOADS]
)
def test_what_has_to_move_grows_with_the_run(name):
    workload = catalogue.workload(name)
    case = replace(workload.cases[0], n=100, duration=0.01)
    program = Fused(workload, case)
    program.start()
    program.advance()
    facts = program.facts()
    moved = [part.moved for part in workload.traffic(case, facts)]
    longer = replace(facts, steps=2 * facts.steps, spikes={k: 2 * v + 1 for k, v in facts.spikes.items()})
    more = workload.traffic(replace(case, duration=0.02), longer)
    assert sum(part.moved for part in more) >= 2 * sum(moved) > 0
    assert all(part.working_set > 0 for part in more)


@pytest.mark.slow
def test_w9_with_plasticity_has_the_rates_and_weights_of_brian2(brian2_here):
    workload = catalogue.workload("w9_stdp")
    case = replace(workload.cases[0], n=1544, duration=1.0)
    program = Fused(workload, case)
    program.start()
    program.advance()
    ours, starts = program.results(), [*program.offsets.values(), case.n]
    model = workload.peers["brian2_cpp"](case, program.arrays())
    learn = next(o for o in model.objects if isinstance(o, b2.Synapses) and "x" in o.variables)
    b2.seed(0)
    theirs = run_brian2(model, case.duration)
    counts, expected = (np.histogram(run["ids"], starts)[0] for run in (ours, theirs))
    # Populations fire irregularly and a little in common: a tenth of all spikes, and 5 sd of independent ones of each.
    assert np.isclose(counts.sum(), expected.sum(), rtol=0.1)
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(2 * expected) + 0.1 * expected)
    learned = np.concatenate([ours[name] for name in ours if name.endswith("_w")])
    before = np.concatenate([program.arrays()[name] for name in ours if name.endswith("_w")])
    change = np.mean(learned) - np.mean(before)
    assert change != 0 and np.isclose(np.mean(learn.w[:]) - np.mean(before), change, rtol=0.2)


def test_w10_describes_every_run_anew(monkeypatch):
    monkeypatch.setattr(many_runs, "RUNS", 3)
    workload = catalogue.workload("w10")
    case = replace(workload.cases[0], duration=0.2)
    program = workload.ours(workload, case)
    program.advance()
    first = program.results()
    assert first["counts"].shape == (3,) and len(np.unique(first["ee_w"])) == 3
    program.advance()
    assert all(np.array_equal(first[name], value) for name, value in program.results().items())


@pytest.mark.slow
def test_w10_has_the_law_of_brian2(monkeypatch, brian2_here):
    monkeypatch.setattr(many_runs, "RUNS", 12)
    workload = catalogue.workload("w10")
    case = replace(workload.cases[0], duration=0.5)
    ours, theirs = workload.ours(workload, case), []
    ours.advance()
    for describe in workload.peers["brian2_loop"](case, {}):
        theirs.append(run_brian2(describe(), case.duration)["steps"].size)
    counts = ours.results()["counts"], np.array(theirs)
    spread = np.sqrt(sum(c.var(ddof=1) for c in counts) / 12)
    assert abs(np.subtract(*(c.mean() for c in counts))) < 4 * spread and counts[1].mean() > 50


@pytest.mark.slow
def test_w8_starts_with_one_compiled_function_for_each_kind():
    workload = catalogue.workload("w8")
    program = Fused(workload, replace(workload.cases[0], n=500, duration=0.01))
    program.start()
    program.advance()
    assert program.simulation.core.kinds == 11
    assert len(program.simulation.core.texts["step"]) > 400
    assert program.facts().steps == 100 and sum(program.facts().edges.values()) > 0


def test_a_growing_network_keeps_its_in_degree():
    workload = catalogue.workload("w7")
    sizes = [case.n for case in workload.cases]
    assert [b / a for a, b in itertools.pairwise(sizes)] == [2, 2, 2]
    program = Fused(workload, replace(workload.cases[0], n=200))
    edges = program.facts().edges
    assert sum(edges.values()) == 200 * 80
