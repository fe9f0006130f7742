"""The swimmer study: episodes that depend on the seed alone, learning, and the whole run, stopped and taken up."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.circuits.mlp import MLPController
from neurosim.errors import DescriptionError, UsageError
from neurosim.experiment import find_experiment, new_run, parallel_map, resumed_run, with_settings
from neurosim.experiments.swimmer import study as swimmer
from neurosim.learning.arena import Arena
from neurosim.learning.evolution import EvolutionStrategy
from neurosim.rng import generator
from neurosim.store import open_results

UNTRAINED = np.array([1.0, 1.0, 1.0, -1.0])
LOW = np.array([0.3, 0.6, 0.4, -0.2])
TINY = [
    "steps=40",
    "other_links=4",
    "starts=2",
    "population=4",
    "circuit_epochs=3",
    "circuit_seeds=2",
    "mlp_epochs=2",
    "mlp_seeds=1",
    "mlp_hidden=8",
    "mlp_widths=4",
    "draws=2",
]


def arena(controller=None, n_links=6, dt=0.005):
    return Arena(controller or SwimmerCircuit(n_links - 1), partial(Swimmer, n_links, dt))


def start(k):
    return generator(0, f"start {k}")


# Episodes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [SwimmerCircuit, MLPController])
def test_episodes_do_not_depend_on_workers_or_on_what_ran_before(make):
    controller = make()
    vectors = [controller.initial(k) * (1 + 0.1 * k) for k in range(6)]

    def totals(workers, order, repeat=1):
        field = arena(controller)
        one = lambda k: field.episode(vectors[k], start(k), 100).total  # noqa: E731
        found = [dict(zip(order, parallel_map(one, order, workers), strict=True)) for _ in range(repeat)]
        assert all(again == found[0] for again in found)
        return [found[0][k] for k in range(6)]

    alone = [arena(controller).episode(vectors[k], start(k), 100).total for k in range(6)]
    assert totals(1, range(6)) == totals(3, range(6), 2) == totals(2, [5, 3, 1, 0, 2, 4]) == alone
    assert len(set(alone)) == 6


def test_an_episode_says_what_happened():
    field = Arena(SwimmerCircuit(5), partial(Swimmer, 6, 0.005), record=("torque",))
    episode = field.episode(UNTRAINED, start(0), 100)
    found = episode.recordings
    assert set(found) == {"reward.output", "com.output", "torque.output"}
    assert found["torque.output"].values.shape == (100, 5)
    # Rewards are sampled before each control step, so the sum of the samples lacks the last one alone.
    missing = episode.total - found["reward.output"].values.sum()
    assert 0 <= missing <= 1
    longer = field.episode(UNTRAINED, start(0), 101)
    assert longer.recordings["reward.output"].values[100, 0] == pytest.approx(missing, abs=1e-12)
    com = longer.recordings["com.output"].values
    assert episode.net_speed == pytest.approx(np.linalg.norm(com[100] - com[0]) / 3.0, rel=1e-12)


def test_a_failed_episode_leaves_the_arena_usable():
    field = arena()
    expected = arena().episode(UNTRAINED, start(0), 50).total
    with pytest.raises(DescriptionError, match="not finite"):
        field.episode(np.array([np.nan, 1, 1, -1]), start(0), 50)
    with pytest.raises(DescriptionError, match="shape"):
        field.episode(np.ones(3), start(0), 50)
    assert field.episode(UNTRAINED, start(0), 50).total == expected


# Learning ---------------------------------------------------------------------------------------------------


def learning_curve(first, epochs, seed, steps=1000, dt=0.002):
    """Population means of the evolution strategy with the settings of the study, one episode per candidate."""
    field, strategy = arena(dt=dt), EvolutionStrategy(16, 0.1, 0.05, 0.005)

    def evaluate(candidates, epoch):
        one = lambda vector: field.episode(vector, generator(seed, f"epoch {epoch}"), steps).total  # noqa: E731
        return parallel_map(one, candidates, 2)

    return [record.mean for record in strategy.run(evaluate, strategy.start(first, seed), epochs)]


def test_weak_weights_learn_to_swim():
    curve = learning_curve(LOW, 8, seed=0, steps=250, dt=0.005)
    assert curve[-1] > 2 * curve[0] > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_circuit_learns_as_the_prototype_did(seed):
    assert learning_curve(UNTRAINED, 10, seed)[9] >= 855


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_weak_weights_learn_as_the_prototype_did(seed):
    curve = learning_curve(LOW, 20, seed)
    assert curve[9] >= 450 and curve[19] >= 820


# The study --------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return with_settings(swimmer.PRESETS["quick"], TINY)


def content(path):
    with open_results(path) as results:
        arrays = {name: results.array(name).tobytes() for name in results.paths()}
        return arrays, results.claims, results.status


def test_the_study_is_found_and_has_its_presets():
    experiment = find_experiment("swimmer")
    assert experiment.name == "swimmer" and set(experiment.presets) == {"quick", "paper"}
    assert "NeurIPS" in experiment.citation


def test_a_run_ends_in_a_file_with_claims_and_a_figure_whatever_the_number_of_workers(tiny):
    for workers in (1, 2):
        outcome = new_run(swimmer.experiment, tiny, out=f"{workers}.h5", seed=3, workers=workers).execute()
        assert Path(f"{workers}.png").read_bytes().startswith(b"\x89PNG")
    assert content("1.h5") == content("2.h5")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert verdicts["w_c-inert"] == verdicts["parameters"] == "holds"
    # What was measured elsewhere over 1000 steps says nothing about 40.
    for claim in ("initial-return-6", "initial-speed-4", "es-10", "coarse-step", "ablation-111", "rl-return"):
        assert verdicts[claim] == "not tested"
    assert all(claim.note for claim in outcome.claims if claim.verdict == "not tested")
    with open_results("1.h5") as results:
        assert results.array("circuit_0/parameters").shape == (4,)
        assert results.array("mlp_0/mean").shape == (2,) and results.array("ablation/returns").shape == (8, 2)
        assert results.array("mlp4_0/parameters").size == MLPController(5, (4, 4)).n_parameters
        assert results.array("traces/b").shape == (40, 10) and results.info("traces/angle").unit == "rad"
        assert results.array("initial/returns").shape == (2, 2)
        assert np.ptp(results.array("initial/inert_returns")) == 0


@pytest.mark.slow
def test_another_seed_gives_another_run(tiny):
    for seed in (1, 2):
        new_run(swimmer.experiment, tiny, out=f"{seed}.h5", seed=seed).execute()
    one, other = (content(f"{seed}.h5")[0] for seed in (1, 2))
    assert one["initial/returns"] != other["initial/returns"]
    assert one["ablation/returns"] != other["ablation/returns"]
    assert one["circuit_0/mean"] != one["circuit_1/mean"] != other["circuit_0/mean"]


@pytest.mark.slow
# In the first stage; between two checkpoints of a training.
@pytest.mark.parametrize("at", [pytest.param(3, marks=pytest.mark.slow), 13])
def test_an_interrupted_run_goes_on_to_the_same_end(tiny, monkeypatch, at):
    new_run(swimmer.experiment, tiny, out="whole.h5", seed=3).execute()
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == at:
            raise KeyboardInterrupt
        return parallel_map(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(swimmer, "parallel_map", interrupted)
        with pytest.raises(KeyboardInterrupt):
            new_run(swimmer.experiment, tiny, out="run.h5", seed=3).execute()
    with open_results("run.h5") as results:
        assert results.status == "interrupted"
    resumed_run(swimmer.experiment, "run.h5").execute()
    assert content("run.h5") == content("whole.h5")


def test_settings_that_cannot_run_are_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for change, message in (("population=5", "even"), ("steps=0", "steps"), ("n_links=1", "n_links")):
        with pytest.raises((DescriptionError, UsageError), match=message):
            new_run(swimmer.experiment, with_settings(swimmer.PRESETS["quick"], [change]), out="run.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_quick_preset_holds_what_it_claims(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = new_run(swimmer.experiment, out="quick.h5").execute()
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert {name for name, verdict in verdicts.items() if verdict == "not tested"} == {
        "asymptote",
        "rl-return",
    }
    assert {name for name, verdict in verdicts.items() if verdict == "fails"} == set()
    with open_results("quick.h5") as results:
        table = dict(zip(swimmer.VARIANTS, results.array("ablation/returns"), strict=True))
    for bits in ("111", "011"):
        assert 780 < table[bits].mean() < 815
    median = {bits: np.median(row) for bits, row in table.items()}
    assert (
        min(median["111"], median["011"])
        > median["110"]
        > median["010"]
        > max(median[bits] for bits in median if bits[1] == "0")
    )
