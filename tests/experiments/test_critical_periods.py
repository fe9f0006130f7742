"""The study of critical periods: starts, what is conserved, deficits and clamps, and a whole small run."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neurosim import Clamp
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.critical_periods import study as critical_periods
from neurosim.experiments.critical_periods.completion import batch, low_rank, on_all, on_seen
from neurosim.experiments.critical_periods.config import LARGE, SMALL
from neurosim.experiments.critical_periods.modes import conserved, final_share, potential
from neurosim.experiments.critical_periods.networks import PATHS, balanced, hierarchy
from neurosim.experiments.critical_periods.paths import HELD, TwoPaths
from neurosim.learning.protocol import Phase

TINY = [
    "depths=2", "width=9", "epochs=20", "onsets=0,10", "deficit=5", "competing=2", "until=5", "spacing=5",
    "portraits=2,3", "points=3", "small_depths=2", "small_steps=1000", "size=6", "completed=2", "first_rank=2",
    "second_rank=1", "seen=12", "first_epochs=0,5", "second_epochs=5", "seeds=2",
]  # fmt: skip
RUN = SimpleNamespace(seed=4, engine="fused", workers=1)


@pytest.fixture(scope="module")
def paths():
    config = with_settings(
        critical_periods.PRESETS["quick"], ["width=9", "epochs=60", "start=0.3", "spacing=5", "seeds=2"]
    )
    return TwoPaths(config, RUN, 3)


def test_the_hierarchy_has_the_published_singular_values():
    found = np.linalg.svd(hierarchy(), compute_uv=False)
    np.testing.assert_allclose(found, np.sqrt([15, 7, 3, 3, 1, 1, 1, 1]))


def test_both_paths_begin_with_the_same_strengths_the_largest_of_the_draws(paths):
    k = [balanced(3, 9, paths.target, seed, 0.3)[1] for seed in paths.seeds]
    found = paths.learner.evaluate(paths.start, paths.evaluation)
    for path in PATHS:
        np.testing.assert_allclose(found[path], k, rtol=1e-12)
    assert np.all(np.diff(k) <= 0) and np.max(k) > 0.3


@pytest.mark.parametrize(("depth", "c"), [(2, SMALL), (3, SMALL), (4, SMALL), (2, LARGE), (3, LARGE)])
def test_the_conserved_potential_has_the_slope_of_learning(depth, c):
    p, h = 0.7, 1e-6
    slope = (potential(p + h, depth, c) - potential(p - h, depth, c)) / (2 * h)
    assert slope == pytest.approx((p**2 + c) ** (-(depth - 1) / 2), rel=1e-8)


def test_what_a_deficit_does_is_conserved_and_tells_the_end():
    config = critical_periods.PRESETS["quick"]
    found = conserved(config, RUN, lambda *progress: None)
    assert found["drift"].array.max() < 0.002
    share = found["share"].array[found["large"].array == SMALL]
    np.testing.assert_allclose(share[:, 0], share[:, 1], atol=0.001)
    assert share[:, 0].max() < 0.2


def test_without_a_gap_parts_are_equal_and_a_logarithm_gives_a_logistic_share():
    assert [final_share(0.0, depth, 10.0) for depth in (2, 3, 4)] == pytest.approx([0.5] * 3)
    assert final_share(0.4, 2, 10.0) == pytest.approx(1 / (1 + np.exp(0.8)))


def test_modes_alone_do_what_training_does_and_paths_are_exchangeable(paths):
    held = {path: paths.trained((0, 20), Phase(rates={f"{path}*": 0.0})) for path in PATHS}
    np.testing.assert_allclose(held["b"][:, :, 1:], paths.recursion((0, 20)), atol=1e-12)
    np.testing.assert_allclose(held["a"], held["b"][::-1], atol=1e-12)
    np.testing.assert_array_equal(held["b"][1, :, :5], np.broadcast_to(held["b"][1, :, :1], (2, 5, 8)))
    free = paths.trained((0, 20), Phase())
    np.testing.assert_allclose(free[0], free[1], atol=1e-12)
    assert HELD.rates == {"b*": 0.0}


def test_a_mode_that_is_missing_from_the_output_does_not_grow_and_is_learned_by_the_other_path(paths):
    clamp = Clamp("a", "output", 0.0, direction=paths.u[:, 1])
    strength = paths.trained((0, 60), Phase(clamps=(clamp,)))
    a, b = strength[:, 0, :, 1]
    # What is measured is not clamped.
    np.testing.assert_allclose(a, a[0], rtol=1e-12)
    assert b[-1] == pytest.approx(paths.s[1], rel=0.05)
    np.testing.assert_allclose(strength[0, :, :, [0, 2, 3]], strength[1, :, :, [0, 2, 3]], atol=1e-12)


def test_completion_sees_the_same_entries_of_matrices_of_given_rank_and_norm():
    first, second = (batch(12, rank, 30, 1, name).data for rank, name in ((3, "first"), (2, "second")))
    np.testing.assert_array_equal(first["seen"], second["seen"])
    assert first["seen"].sum() == 30
    for rank in (2, 3):
        matrix = low_rank(12, rank, 1, "first")
        assert np.linalg.matrix_rank(matrix) == rank and np.linalg.norm(matrix) == pytest.approx(12)
    residual = np.random.default_rng(0).normal(size=(12, 1, 12))
    outcome = {"y.output": first["target"] + residual}
    chosen = residual[first["seen"] > 0]
    assert float(on_seen(outcome, first)) == pytest.approx(0.5 * np.mean(chosen**2), rel=1e-5)
    assert float(on_all(outcome, first)) == pytest.approx(np.mean(residual**2), rel=1e-5)


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    config = with_settings(critical_periods.PRESETS["quick"], TINY)
    outcome = new_run(critical_periods.experiment, config, out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    # What does not depend on sizes.
    assert {verdicts[name] for name in ("modes-alone", "conserved", "closed-form", "others-equal")} == {
        "holds"
    }
