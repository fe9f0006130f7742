"""Földiák's decorrelator: lateral inhibition that makes the outputs uncorrelated."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import Network, OneToOne, Population, Probability, Projection, simulate
from neurosim.engines.simulation import Simulation
from neurosim.neurons import LeakyRate, Signal
from neurosim.rng import generator
from neurosim.rules import FoldiakDecorrelator
from neurosim.synapses import Graded

COVARIANCE = np.array([[1, 0.6, 0.3], [0.6, 1, 0.5], [0.3, 0.5, 1]])
HELD = 80 * ms  # 40 time constants, more than the units need to settle


def network(alpha: float) -> Network:
    """Return three linear units with an input each, which act on each other but not on themselves."""
    return Network("decorrelator", 2 * ms).add(
        Population("x", 3, Signal()),
        Population("y", 3, LeakyRate(tau=2 * ms, transfer="identity")),
        Projection("ahead", "x", "y", Graded(), OneToOne(), 1.0),
        Projection(
            "lateral", "y", "y", Graded(), Probability(1.0, autapses=False), 0.0,
            rules=FoldiakDecorrelator(alpha=alpha),
        ),
    )  # fmt: skip


def samples(seed: int, n: int) -> np.ndarray:
    """Return Gaussian inputs (n, 3) of the covariance above."""
    return generator(seed, "samples").multivariate_normal(np.zeros(3), COVARIANCE, n)


def lateral(simulation: Simulation) -> np.ndarray:
    """Return the lateral weights as a matrix (targets, sources)."""
    pre, post = simulation.edges("lateral")
    w = np.zeros((3, 3))
    w[post, pre] = simulation.get("lateral.w")
    return w


def test_a_run_is_the_rule_applied_pattern_by_pattern():
    x = samples(0, 100)
    simulation = simulate(network(0.02))
    w = np.zeros((3, 3))
    for first in range(0, 100, 2):
        simulation.present({"x": x[first : first + 2]}, HELD)
        y = np.linalg.solve(np.eye(3) - w, x[first : first + 2].T)
        w = w - 0.02 * (y @ y.T / 2) * (1 - np.eye(3))
    np.testing.assert_allclose(lateral(simulation), w, atol=1e-6)
    assert np.abs(w).max() > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_outputs_become_uncorrelated(seed):
    # The prototype of the rule sheet measured .036, from .60, after 60,000 samples (1 seed); .08 is the project's
    # acceptance value. Here 12,000 samples are shown.
    x = samples(seed, 12_000)
    simulation = simulate(network(1e-3))
    for pattern in x:
        simulation.present({"x": pattern[None]}, HELD)
    y = np.linalg.solve(np.eye(3) - lateral(simulation), x.T)
    assert np.abs(np.corrcoef(x.T) - np.eye(3)).max() > 0.55
    assert np.abs(np.corrcoef(y) - np.eye(3)).max() < 0.08
