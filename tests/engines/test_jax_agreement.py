"""The JAX engine against the fused and the reference engine: rates to 1e-9, spikes one by one."""

import numpy as np
import pytest

from neurosim import simulate
from tests.engines import jax_networks as networks

RATE = {
    "plastic": networks.rate_network,
    "sparse": networks.sparse_network,
    "swimmer": networks.swimmer_network,
}
SPIKING = {"lif": networks.spiking_network, "noisy": networks.noisy_network}


@pytest.mark.parametrize("name", RATE)
def test_rate_networks_agree_with_the_fused_engine(name):
    one, other = (networks.run(simulate(RATE[name](), engine, seed=3), 300) for engine in ("fused", "jax"))
    networks.same(one, other)


@pytest.mark.parametrize("name", SPIKING)
def test_spikes_and_weights_agree_with_the_fused_engine(name):
    one, other = (
        networks.run(simulate(SPIKING[name](), engine, seed=3), 2000) for engine in ("fused", "jax")
    )
    assert networks.same(one, other) > 100


@pytest.mark.parametrize(("network", "steps"), [(networks.rate_network, 200), (networks.noisy_network, 400)])
def test_it_agrees_with_the_reference_engine(network, steps):
    one, other = (networks.run(simulate(network(), engine, seed=2), steps) for engine in ("brian2", "jax"))
    networks.same(one, other)


def test_plasticity_changes_the_weights_that_are_compared():
    simulation = networks.run(simulate(networks.rate_network(), "jax"), 300)
    values = simulation.recordings()["rec.w"].values
    assert np.abs(values[-1] - values[0]).max() > 0.01


def test_single_precision_agrees_to_1e_5():
    one, other = (networks.run(simulate(networks.rate_network(), e), 300) for e in ("jax", "jax-float32"))
    for key, samples in one.recordings().items():
        found = other.recordings()[key].values
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, samples.values, rtol=1e-5, atol=1e-5, err_msg=key)


def test_outputs_of_a_step_agree_with_the_fused_engine():
    for network in (networks.swimmer_network(), networks.spiking_network()):
        one, other = (simulate(network, engine, seed=1) for engine in ("fused", "jax"))
        for row in range(40):
            given = {name: rows[row] for name, rows in networks.drive(network, 40).items()}
            first, second = one.step(given), other.step(given)
            assert first.keys() == second.keys()
            for name, value in first.items():
                np.testing.assert_allclose(second[name], value, rtol=1e-9, atol=1e-15, err_msg=name)
