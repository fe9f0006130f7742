"""The study of priors of the arm: its mixtures of tasks, its measures, a whole tiny run."""

import numpy as np
import pytest

pytest.importorskip("jax", reason="needs the extra learn")
import jax
import jax.numpy as jnp

from neurosim.bodies.arm import TwoLink
from neurosim.experiment import find_experiment, new_run, with_settings
from neurosim.experiments.muscle_priors.config import Config
from neurosim.experiments.muscle_priors.measures import running, updates_to
from neurosim.experiments.muscle_priors.study import experiment
from neurosim.experiments.muscle_priors.tasks import NEW, OLD, Mixture, tasks
from neurosim.experiments.muscle_priors.training import dimension
from neurosim.rng.jax_keys import jax_key
from neurosim.store import open_results

TINY = ["seeds=2", "units=4", "batch=4", "prior_updates=2", "updates=20", "tests=8", "steps=20"]


@pytest.mark.slow
def test_a_small_run(tmp_path):
    assert find_experiment("muscle_priors").presets.keys() == {"quick", "paper"}
    path = tmp_path / "a.h5"
    run = new_run(experiment, with_settings(experiment.presets["quick"], TINY), out=str(path), workers=1)
    claims = {claim.id: claim for claim in run.execute().claims}
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert {"faster-cued-reach", "several-random-reach", "zero-shot-random-reach", "solved"} <= claims.keys()
    assert claims["speed-up"].verdict == "not tested"
    with open_results(path) as results:
        courses = [results.array(f"cued_reach_{prior}/course") for prior in ("none", "single", "multi")]
        assert [c.shape for c in courses] == [(2, 20)] * 3
        weights = results.array("prior_multi/weight_rec_w")
        assert weights.shape == (2, 4, 12) and not np.array_equal(weights[0], weights[1])
        before = [results.array(f"cued_reach_{prior}/end")[:, 0] for prior in ("none", "multi")]
        assert not np.array_equal(*before)


@pytest.mark.slow
def test_a_mixture_has_trials_of_its_tasks_alone():
    names = ("hold", "centre-out", "reach in a curl field")
    known, limb, key = tasks(Config(steps=20)), TwoLink(), jax_key(0, "test", "mixture")
    assert tuple(known) == (*OLD, *NEW)

    def drawn(*chances):
        return Mixture(jnp.array(chances), tuple(known[n] for n in names), limb, 64).draw(key, 3)

    alone = drawn(0.0, 0.0, 1.0)
    np.testing.assert_allclose(alone.field[0], [[0, 10], [-10, 0]])
    expected = jax.jit(lambda k: known[names[2]].trials(limb, k, 64))(jax.random.fold_in(key, 3))
    for found, wanted in zip(alone, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    both = drawn(0.5, 0.5, 0.0)
    loaded = np.asarray(abs(both.load).max(axis=(1, 2)) > 0)
    assert 16 < loaded.sum() < 48
    moved = np.linalg.norm(np.asarray(both.target - both.start), axis=1)
    np.testing.assert_allclose(moved[loaded], 0, atol=1e-6)
    np.testing.assert_allclose(moved[~loaded], 0.1, atol=1e-5)


def test_updates_until_a_running_mean_is_below_a_threshold():
    course = np.array([[4.0, 4, 1, 1, 1, 1], [4, 4, 4, 4, 1, 4]])
    np.testing.assert_allclose(running(course, 2)[0], [4, 2.5, 1, 1, 1])
    np.testing.assert_array_equal(updates_to(course, 2.0, 2), [4, np.inf])


def test_the_dimension_of_muscle_activity():
    draw = np.random.default_rng(0).normal(size=(50, 40, 6))

    class Of:
        """An episode of these activations."""

        def __init__(self, activation):
            self.excitation = activation
            self.state = type("", (), {"plant": type("", (), {"activation": jnp.asarray(activation)})})

    assert float(dimension(Of(draw), None)) == pytest.approx(6, abs=0.1)
    synergy = draw[..., :1] * np.arange(1, 7)
    assert float(dimension(Of(synergy), None)) == pytest.approx(1, abs=1e-4)
