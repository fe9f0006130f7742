"""Divisive normalisation: the closed form on every engine, and what follows from it for contrast."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import AllToAll, Network, OneToOne, Population, Projection, simulate
from neurosim.neurons import NormalisedUnit, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded, GradedPower

UNITS, GAMMA, SIGMA, N = 6, 30.0, 0.2, 1.7


def network(weights: np.ndarray) -> Network:
    """Return stimulus drives, each onto a unit of its own and, with weights (targets, sources), onto all pools."""
    return Network("normalised", 1 * ms).add(
        Population("x", UNITS, Signal()),
        Population("r", UNITS, NormalisedUnit(gamma=GAMMA, sigma=SIGMA, n=N)),
        Projection("drive", "x", "r", Graded(), OneToOne(), 1.0),
        Projection("pool", "x", "r", GradedPower(port="pool", exponent=N), AllToAll(), weights),
    )


def responses(weights: np.ndarray, stimuli: np.ndarray, engine: str = "fused") -> np.ndarray:
    """Return the responses (n, units) to stimuli (n, units)."""
    simulation = simulate(network(weights), engine)
    return np.array([simulation.step({"x": stimulus})["r"] for stimulus in stimuli])


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_responses_are_the_closed_form(engine):
    rng = generator(0, "normalised")
    weights, x = rng.uniform(0, 1, (UNITS, UNITS)), rng.normal(size=(20, UNITS))
    power = np.maximum(x, 0) ** N
    expected = GAMMA * power / (SIGMA**N + power @ weights.T)
    np.testing.assert_allclose(responses(weights, x, engine), expected, rtol=1e-12)
    assert np.any(expected == 0) and np.any(expected > 1)


def test_contrast_responses_saturate_from_half_at_sigma_and_a_mask_shifts_them():
    # Derived: alone in its pool a unit answers gamma c^n/(sigma^n + c^n); with a mask m it reaches half of gamma at
    # c^n = sigma^n + m^n, and the ratio of two units of one pool does not depend on contrast.
    contrast = np.array([SIGMA, 1e3 * SIGMA, (SIGMA**N + 0.5**N) ** (1 / N), 0.1, 0.9])
    x = np.zeros((5, UNITS))
    x[:, 0] = contrast
    x[2, 1] = 0.5
    x[3:, 2] = contrast[3:] / 2
    seen = responses(np.ones((UNITS, UNITS)), x)
    np.testing.assert_allclose(seen[[0, 2], 0], GAMMA / 2, rtol=1e-12)
    assert GAMMA * (1 - 1e-4) < seen[1, 0] < GAMMA
    np.testing.assert_allclose(seen[3:, 0] / seen[3:, 2], 2**N, rtol=1e-12)
