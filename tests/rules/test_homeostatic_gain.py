"""Homeostatic gain: the activity of a unit follows the logistic curve to its target, whatever drives it."""

import numpy as np
import pytest
from brian2 import ms, second

from neurosim import Network, OneToOne, Population, Projection, simulate
from neurosim.neurons import GradedUnit, Signal
from neurosim.rules import HomeostaticGain
from neurosim.synapses import Graded
from tests.references import BOTH

INPUT = np.array([0.1, 0.7, 2.0])
TARGET = np.array([0.5, 0.7, 0.3])


@pytest.mark.parametrize("engine", [*BOTH, "jax"])
def test_activity_follows_the_logistic_curve(engine):
    # Derived: y = g x for a constant x, so dy/dt = beta y (target - y).
    network = Network("gain", 1 * ms).add(
        Population("x", 3, Signal(), {"value": INPUT}),
        Population(
            "y", 3, GradedUnit(transfer="identity"), rules=HomeostaticGain(beta=2 / second, target=TARGET)
        ),
        Projection("p", "x", "y", Graded(), OneToOne(), 1.0),
    )
    simulation = simulate(network, engine)
    simulation.run(1 * second)
    expected = TARGET / (1 + (TARGET / INPUT - 1) * np.exp(-2 * TARGET))
    np.testing.assert_allclose(INPUT * simulation.get("y.homeostatic_gain_g"), expected, rtol=1e-3)
