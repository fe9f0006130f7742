"""Oja's rule finds the first principal direction (samples played through the simulator)."""

import numpy as np
import pytest
from brian2 import ms, second

from neurosim import AllToAll, Network, Population, Projection, simulate
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.rules import Oja
from neurosim.synapses import Graded

DT = 1 * ms  # one presentation per step
SPECTRUM = np.array([5, 3, 2, 1.5, 1, 0.7, 0.5, 0.4, 0.3, 0.2])
SAMPLES = 40_000


def samples(seed: int, n: int = SAMPLES) -> np.ndarray:
    """Return Gaussian inputs (n, 10) with the spectrum above in a random orthogonal basis."""
    rng = generator(seed, "samples")
    basis, _ = np.linalg.qr(rng.normal(size=(10, 10)))
    return (rng.normal(size=(n, 10)) * np.sqrt(SPECTRUM)) @ basis.T


def network(seed: int, rate: float) -> Network:
    """Return ten inputs onto one linear unit that learns at a rate per presentation."""
    weight = 0.1 * generator(seed, "weight").normal(size=(1, 10))
    return Network("oja", DT).add(
        Population("x", 10, Signal()),
        Population("y", 1, GradedUnit(transfer="identity")),
        Projection("w", "x", "y", Graded(), AllToAll(), weight, rules=Oja(eta=rate / DT)),
    )


def alignment(w: np.ndarray, x: np.ndarray) -> float:
    """Return |cos| of the angle between w and the first principal direction of the sample."""
    direction = np.linalg.eigh(x.T @ x)[1][:, -1]
    return abs(w @ direction) / np.linalg.norm(w)


@pytest.mark.parametrize("engine", ["fused", "brian2"])
def test_a_run_is_the_rule_applied_sample_by_sample(engine):
    x = samples(0, 300)
    simulation = simulate(network(0, 0.005), engine)
    w = simulation.get("w.w")
    simulation.run(300 * DT, {"x": x})
    for sample in x:
        y = w @ sample
        w = w + 0.005 * y * (sample - y * w)
    np.testing.assert_allclose(simulation.get("w.w"), w, rtol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_constant_rate_finds_the_first_principal_direction(seed):
    # The prototype of the rule sheet measured .997 to .999 (3 seeds); .98 is the project's acceptance value.
    x = samples(seed)
    simulation = simulate(network(seed, 5e-4))
    simulation.run(SAMPLES * DT, {"x": x})
    w = simulation.get("w.w")
    assert alignment(w, x) > 0.98
    # The fixed point: weights of length 1, output variance the first eigenvalue; 5 % for the noise of a constant rate.
    assert np.linalg.norm(w) == pytest.approx(1, rel=0.05)
    assert np.mean((x @ w) ** 2) == pytest.approx(np.linalg.eigvalsh(x.T @ x / SAMPLES)[-1], rel=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_a_faster_constant_rate_finds_it_too(seed):
    # The prototype of the rule sheet measured .987 to .996 at 2e-3 (3 seeds); .98 is the project's acceptance value.
    x = samples(seed)
    simulation = simulate(network(seed, 2e-3))
    simulation.run(SAMPLES * DT, {"x": x})
    assert alignment(simulation.get("w.w"), x) > 0.98


@pytest.mark.parametrize("seed", range(3))
def test_annealed_rate_finds_it_more_closely(seed):
    # eta = 0.01/(1 + n/500) at presentation n; the prototype measured .9993 to .9996, accepted from .998.
    x, block = samples(seed), 100
    simulation = simulate(network(seed, 0.01))
    for start in range(0, SAMPLES, block):
        simulation.set("w.oja_eta", 0.01 / (1 + start / 500) / (float(DT) * second))
        simulation.run(block * DT, {"x": x[start : start + block]})
    assert alignment(simulation.get("w.w"), x) > 0.998
