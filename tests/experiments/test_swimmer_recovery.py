"""The study of recovery: a whole small run, the same with any number of workers, and what its claims ask."""

from pathlib import Path

import numpy as np
import pytest

from neurosim.experiment import find_experiment, new_run, with_settings
from neurosim.experiments.swimmer_recovery import study as swimmer_recovery
from neurosim.store import open_results

TINY = ["starts=2", "lost=0", "healthy=120", "recovery=180", "window=120", "segment=60", "physics_dt=15 ms"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return the paths of two runs of the study, with one worker and with two, and the claims of the last."""
    folder = tmp_path_factory.mktemp("recovery")
    config = with_settings(swimmer_recovery.PRESETS["quick"], TINY)
    paths, outcomes = [], []
    for workers in (1, 2):
        paths.append(folder / f"{workers}.h5")
        run = new_run(swimmer_recovery.experiment, config, out=str(paths[-1]), seed=3, workers=workers)
        outcomes.append(run.execute())
    return paths, outcomes[-1].claims


def test_the_study_is_found_and_has_its_presets():
    assert set(find_experiment("swimmer_recovery").presets) == {"quick", "full"}


@pytest.mark.slow
def test_a_run_is_the_same_whatever_the_number_of_workers_and_draws_its_figure(tiny):
    (one, two), _ = tiny
    with open_results(one) as first, open_results(two) as second:
        assert list(first.paths()) == list(second.paths())
        for name in first.paths():
            np.testing.assert_array_equal(first.array(name), second.array(name))
    assert Path(two).with_suffix(".png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_rules_and_lesions_act_where_they_are_said_to(tiny):
    (_, path), _ = tiny
    with open_results(path) as results:
        shape = results.array("none/returns").shape
        assert shape == (3, 2, 3)
        # The lesion comes after the first window: up to it the swims are the same.
        for rule in swimmer_recovery.RULES:
            before = results.array(f"{rule}/returns")[:, :, 0]
            np.testing.assert_array_equal(before, np.broadcast_to(before[0], before.shape))
        weights = results.array("none/weight")
        np.testing.assert_array_equal(weights[1], np.tile(np.repeat([0.5, 1.0], 5), (2, 1)))
        np.testing.assert_array_equal(weights[[0, 2]], 1.0)
        for rule, state, rest in (("gain", "gain", 1.0), ("bias", "bias", 0.0), ("gain_bias", "gain", 1.0)):
            assert np.all(np.any(results.array(f"{rule}/{state}") != rest, axis=-1))
        assert np.all(np.any(results.array("scaling/weight") != 1, axis=-1))


@pytest.mark.slow
def test_claims_are_our_own_and_each_rule_meets_each_lesion(tiny):
    _, claims = tiny
    assert {claim.kind for claim in claims} == {"own"}
    assert len(claims) == 4 + 2 * (1 + 4)
    assert all(claim.note for claim in claims if not claim.id.startswith("cost-"))


def test_the_share_that_is_back_is_0_without_a_rule_and_1_at_the_healthy_value():
    class Table:
        def __init__(self, end):
            self.end = end

        def array(self, name):
            last = 200.0 if name.startswith("none") else self.end
            return np.array([[[800.0, 300.0, last]] * 2] * 2)

    for end, share in ((200.0, 0.0), (800.0, 1.0), (500.0, 0.5), (100.0, -1 / 6)):
        found = swimmer_recovery._shares(Table(end), "gain", 1, "returns")
        np.testing.assert_allclose(found, [share] * 2)
