"""Gain whitening in the setting of its paper: gains reach the closed form, in one context and in the next."""

import numpy as np
import pytest

from neurosim import simulate
from neurosim.analysis.gains import whitened_covariance, whitening_gains
from neurosim.rng import generator
from tests.references import BOTH
from tests.rules.whitening_runs import HELD, circuit, settled

FRAME = np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
FRAME /= np.linalg.norm(FRAME, axis=0)
TURN = np.deg2rad(55)
V = np.array([[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]])
CONTEXTS = (5 * V @ np.diag([4.0, 1.0]) @ V.T, 4 * V @ np.diag([3.0, 2.0]) @ V.T)
START = np.array([0.01, 1.2, 0.25])
SAMPLES, LAST = 10_000, 1_000


def samples(seed: int, context: int, n: int) -> np.ndarray:
    """Return Gaussian inputs (n, 2) of a context."""
    return generator(seed, f"context {context}").multivariate_normal(np.zeros(2), CONTEXTS[context], n)


@pytest.mark.parametrize("engine", BOTH)
def test_a_run_is_the_rule_applied_sample_by_sample(engine):
    x = samples(0, 0, 20)
    simulation = simulate(circuit(FRAME[None], START, 0.05), engine)
    gains = START
    for pair in x.reshape(10, 2, 2):
        simulation.present({"s": pair}, HELD)
        gains = gains + 0.05 * np.mean([settled(FRAME, gains, one)[1] ** 2 - 1 for one in pair], axis=0)
    np.testing.assert_allclose(simulation.get("z.gain_whitening_g"), gains, rtol=1e-5)
    np.testing.assert_allclose(
        simulation.get("y.r"), settled(FRAME, simulation.get("z.gain_whitening_g"), x[-1])[0], rtol=0.05
    )


def test_gains_reach_the_closed_form_in_both_contexts():
    # Figure 2 of Duong et al. 2023: eta = 2e-3, 10,000 samples in each of two contexts. |g - g*| < .1 over the last
    # 1,000 samples is the project's acceptance value; the rule sheet's prototype came to .04 and .07 (1 seed). What is
    # left is the noise of a constant rate: it takes about one copy in eight beyond .1, and none to .2.
    copies = 8
    simulation = simulate(circuit(np.tile(FRAME, (copies, 1, 1)), START, 2e-3))
    for context, covariance in enumerate(CONTEXTS):
        x = np.hstack([samples(seed, context, SAMPLES) for seed in range(copies)])
        late = np.zeros(copies * 3)
        for number, sample in enumerate(x):
            simulation.present({"s": sample[None]}, HELD)
            if number >= SAMPLES - LAST:
                late += simulation.get("z.gain_whitening_g") / LAST
        late = late.reshape(copies, 3)
        apart = np.abs(late - whitening_gains(FRAME, covariance)).max(axis=1)
        assert np.count_nonzero(apart < 0.1) >= 6 and apart.max() < 0.2
        mean = late.mean(axis=0)
        np.testing.assert_allclose(mean, whitening_gains(FRAME, covariance), atol=0.1)
        # C_xx is up to 20 in some direction; C_yy comes to 1.
        np.testing.assert_allclose(whitened_covariance(FRAME, mean, covariance), np.eye(2), atol=0.05)
