"""The study of grokking: its closed forms, what counts as fallen, resuming, and a whole small run."""

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.analysis.learning import tangent_kernel
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.grokking import study as grokking
from neurosim.experiments.grokking.measures import closed_form, draw, fallen, kernel, network
from neurosim.learning.bptt import network_model
from neurosim.learning.protocol import Phase, Shuffled

TINY = [
    "dimensions=6", "samples=20", "tests=30", "hidden=8", "alphas=0.5,2", "epsilons=0.25,0.5", "steps=200",
    "per_decade=5", "seeds=1",
]  # fmt: skip
RNG = np.random.default_rng(0)


def test_the_closed_form_of_the_kernel_is_the_tangent_kernel_of_the_network():
    w, x = RNG.normal(size=(4, 7)), RNG.normal(size=(5, 4)) / 2
    with jax.enable_x64(True):
        model = network_model(network(4, 7), ("in.w",), steps=1, dtype="float64")
        fixed = {**model.initial(0), "out.w": jnp.full(7, 3.0 / 7), "h.epsilon": 0.5}

        def outputs(parameters):
            batch = {"inputs": {"x": x}, "target": np.zeros((5, 1, 1))}
            return model.outcome({**fixed, **parameters}, batch, jax.random.key(0))["y.output"]

        found = tangent_kernel(outputs, {"in.w": jnp.asarray(w.reshape(-1))})
    np.testing.assert_allclose(found, kernel(x, w, 3.0, 0.5), rtol=1e-10)


def test_the_closed_form_of_the_test_error_is_that_of_many_samples():
    w, beta, alpha, epsilon = RNG.normal(size=(6, 9)), RNG.normal(size=6), 2.0, 0.7
    x, y = draw(6, 400_000, 1, "many", beta)
    z = x @ w
    error = (alpha / 9 * (z + epsilon * z**2 / 2).sum(1) - y) ** 2
    # Four standard errors of the mean of the samples.
    bound = 4 * error.std() / len(error) ** 0.5
    assert closed_form(w, beta, alpha, epsilon) == pytest.approx(error.mean(), abs=bound)


def test_an_error_has_fallen_when_it_is_first_below():
    errors = np.array([[1.0, 1.0], [0.05, 1.0], [0.2, 1.0], [0.01, 1.0]])
    np.testing.assert_array_equal(fallen(np.array([0, 10, 20, 30]), errors, 0.1), [10, np.nan])


def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    config = with_settings(grokking.PRESETS["quick"], TINY)
    outcome = new_run(grokking.experiment, config, out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    # What does not depend on sizes.
    assert verdicts["modular-arithmetic"] == "not tested" and len(verdicts) >= 6


def test_a_step_moves_weights_as_one_over_alpha():
    # W <- W - (1/(alpha P)) sum over samples of r (1 + epsilon z) x, r = f - y.
    config = with_settings(grokking.PRESETS["quick"], TINY)
    learner = grokking.Study(config, SimpleNamespace(seed=0)).learner
    w, alpha, epsilon = RNG.normal(size=(6, 8)), np.array([0.5, 4.0]), 0.25
    x, y = draw(6, 20, 0, "step", RNG.normal(size=6))
    start = {
        "in.w": np.tile(w.reshape(-1), (2, 1)),
        "out.w": np.tile(alpha[:, None] / 8, (1, 8)),
        "h.epsilon": np.full(2, epsilon),
    }
    phase = Phase(batches=Shuffled(grokking.batch(x, y), 20), losses={"loss": {"square": alpha**-2.0}})
    found = learner.train(1, [0, 1], vary=start, phase=phase).last["in.w"].reshape(2, 6, 8)
    z = x @ w
    for one, a in zip(found, alpha, strict=True):
        r = a / 8 * (z + epsilon * z**2 / 2).sum(1) - y
        expected = w - x.T @ (r[:, None] * (1 + epsilon * z)) / (a * len(x))
        np.testing.assert_allclose(one, expected, rtol=2e-5, atol=1e-6)
