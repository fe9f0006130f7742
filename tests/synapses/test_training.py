"""Gradients reach the parameters of synapses with equations under the projection's name, within their bounds."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import ms

from neurosim import AllToAll, Network, Population, Projection, Recorder
from neurosim.engines.jax import compile_functions
from neurosim.neurons import LeakyRate, Signal
from neurosim.synapses import FilteredGraded


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def test_the_gradient_of_a_time_constant_is_that_of_differences():
    network = Network("filtered", dt=1 * ms).add(
        Population("x", 1, Signal()),
        Population("r", 1, LeakyRate()),
        Projection("p", "x", "r", FilteredGraded(), AllToAll(), 1.0),
        Recorder("p", "x"),
    )
    functions = compile_functions(network, dtype="float64")

    def loss(tau):
        given = {"p.tau": tau}
        _, recordings = functions.run(given, functions.init(given), {"x": np.ones((30, 1))})
        return jnp.sum(recordings["p.x"])

    tau = functions.trainable("p.tau")["p.tau"]
    by_differences = (loss(tau + 1e-7) - loss(tau - 1e-7)) / 2e-7
    assert abs(by_differences) > 100
    np.testing.assert_allclose(jax.grad(lambda tau: jnp.sum(loss(tau)))(tau), by_differences, rtol=1e-5)
    np.testing.assert_array_equal(functions.project({"p.tau": jnp.asarray(-1.0)})["p.tau"], 0.0)
