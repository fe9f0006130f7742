"""What the tests of rules that find principal components share: inputs of a known spectrum, played one per step."""

from __future__ import annotations

import numpy as np
from brian2 import second

from neurosim import AllToAll, Network, Population, Projection, SynapticRule
from neurosim.engines.simulation import Simulation
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded

DT = 1 * second  # one presentation per step
SPECTRUM = np.array([5, 3, 2, 1.5, 1, 0.7, 0.5, 0.4, 0.3, 0.2])
SAMPLES = 40_000


def samples(seed: int, n: int = SAMPLES) -> np.ndarray:
    """Return Gaussian inputs (n, 10) with the spectrum above in a random orthogonal basis."""
    rng = generator(seed, "samples")
    basis, _ = np.linalg.qr(rng.normal(size=(10, 10)))
    return (rng.normal(size=(n, 10)) * np.sqrt(SPECTRUM)) @ basis.T


def directions(x: np.ndarray) -> np.ndarray:
    """Return the principal directions (10, 10) of the sample, one per row, the one of largest variance first."""
    return np.linalg.eigh(x.T @ x)[1].T[::-1]


def linear_units(rule: SynapticRule, units: int, seed: int) -> Network:
    """Return ten inputs onto linear units, with the rule on their projection 'w' and small random weights."""
    weight = 0.1 * generator(seed, "weight").normal(size=(units, 10))
    return Network("linear_units", DT).add(
        Population("x", 10, Signal()),
        Population("y", units, GradedUnit(transfer="identity")),
        Projection("w", "x", "y", Graded(), AllToAll(), weight, rules=rule),
    )


def anneal(simulation: Simulation, eta: str, x: np.ndarray, block: int = 100) -> None:
    """Play the samples with a learning rate 0.01/(1 + n/500) at presentation n, renewed for every block of them."""
    for start in range(0, len(x), block):
        simulation.set(f"w.{eta}", 0.01 / (1 + start / 500) / second)
        simulation.run(block * DT, {"x": x[start : start + block]})
