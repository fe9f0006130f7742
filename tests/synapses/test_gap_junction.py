"""Gap junctions pull two cells together and keep their sum."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import Edges, Network, Population, Projection, Recorder, simulate
from neurosim.neurons import LeakyRate
from neurosim.synapses import GapJunction


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_two_cells(engine):
    """In tau dr_i/dt = -r_i + w (r_j - r_i): the sum decays with tau, the difference with tau/(1 + 2 w)."""
    tau, w, dt = 20.0, 0.7, 0.02
    network = Network("pair", dt * ms).add(
        Population("cell", 2, LeakyRate(tau=tau * ms, transfer="identity"), {"r": np.array([1.0, 0.2])}),
        Projection("gap", "cell", "cell", GapJunction(variable="r"), Edges((0, 1), (1, 0)), w),
        Recorder("cell", "r"),
    )
    simulation = simulate(network, engine)
    simulation.run(20 * ms)
    r = simulation.recordings()["cell.r"].values
    time = dt * np.arange(len(r))
    # The input is held within a step, so the difference is exact to the order of the step.
    np.testing.assert_allclose(r.sum(axis=1), 1.2 * np.exp(-time / tau), rtol=1e-9)
    np.testing.assert_allclose(r[:, 0] - r[:, 1], 0.8 * np.exp(-(1 + 2 * w) * time / tau), rtol=4e-3)
