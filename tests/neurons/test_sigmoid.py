"""The sigmoid unit against its closed form, on the compiled engine and on Brian2's equations."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import Network, OneToOne, Population, Projection, simulate
from neurosim.neurons import SigmoidRate, Signal
from neurosim.synapses import Graded

DRIVE = np.array([-0.3, 0.0, 0.05, 0.4])


@pytest.mark.parametrize("engine", ["fused", "brian2"])
def test_rate_rises_to_the_logistic_function_of_the_drive(engine):
    simulation = simulate(
        Network("sigmoid", 1 * ms).add(
            Population("x", 4, Signal(), {"value": DRIVE}),
            Population("y", 4, SigmoidRate(tau=10 * ms, slope=7.0, bias=-0.1)),
            Projection("w", "x", "y", Graded(), OneToOne(), 2.0),
        ),
        engine,
    )
    simulation.run(25 * ms)
    end = 1 / (1 + np.exp(-7 * (2 * DRIVE - 0.1)))
    np.testing.assert_allclose(simulation.get("y.r"), end * (1 - np.exp(-2.5)), rtol=1e-12)
