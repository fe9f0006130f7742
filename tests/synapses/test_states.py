"""What synapses with equations keep is read, set, recorded, saved, restored and reset under the projection's name."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV

from neurosim import simulate
from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError
from tests.synapses.kept_networks import spiking

COMMAND = {"command": [1.0, -2.0]}


@pytest.fixture(params=["fused", "brian2", "jax"])
def simulation(request):
    return simulate(spiking(), request.param)


def equal(ours, others):
    assert ours.keys() == others.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, others[name], err_msg=name)


def test_a_restored_simulation_continues_with_the_same_bits(simulation):
    simulation.run(3.5 * ms, COMMAND)
    middle = simulation.state()
    assert middle["currents.x__of__AlphaCurrent"].max() > 0 and middle["source.s__of__NMDA"].max() > 0
    simulation.run(5 * ms, COMMAND)
    end = simulation.state()
    simulation.restore(middle)
    simulation.run(5 * ms, COMMAND)
    equal(end, simulation.state())


def test_reset_goes_back_to_what_was_set(simulation):
    simulation.set("NMDA.s", [0.25, 0.5])
    simulation.set("AlphaCurrent.tau", 2 * ms)
    simulation.run(2 * ms, COMMAND)
    first = simulation.recordings()
    assert simulation.get("NMDA.s")[0] != 0.25
    simulation.reset()
    np.testing.assert_array_equal(simulation.get("NMDA.s"), [0.25, 0.5])
    np.testing.assert_array_equal(simulation.get("AlphaCurrent.x") / mV, [0, 0])
    simulation.run(2 * ms, COMMAND)
    for key, item in simulation.recordings().items():
        np.testing.assert_array_equal(item.values, first[key].values, err_msg=key)


def test_a_time_constant_that_is_set_counts(simulation):
    simulation.set("AlphaCurrent.tau", 2 * ms)
    simulation.run(6 * ms, COMMAND)
    found = simulation.recordings()["AlphaCurrent.x"].values[:30, 0]
    age = np.maximum(np.arange(30) * 0.1 - 2.1, 0)
    np.testing.assert_allclose(found, 2e-3 * age / 2 * np.exp(1 - age / 2), rtol=1e-9, atol=1e-15)


def test_values_have_units_and_bounds(simulation):
    simulation.run(5 * ms, COMMAND)
    samples = simulation.recordings()["AlphaCurrent.x"]
    assert samples.quantity.dim is simulation.get("AlphaCurrent.x").dim is (1 * mV).dim
    assert samples.values.shape == (50, 2)
    other = simulate(spiking(), simulation.engine)
    other.take_over(simulation.state(), "AlphaCurrent.x")
    np.testing.assert_array_equal(other.get("AlphaCurrent.x"), simulation.get("AlphaCurrent.x"))
    with pytest.raises(DescriptionError, match="AlphaCurrent.tau = -0.001 .* below its bound"):
        simulation.set("AlphaCurrent.tau", -1 * ms)
    with pytest.raises(DescriptionError, match="follows from other variables"):
        simulation.set("AlphaCurrent.current", 1 * mV)


def test_a_file_keeps_states_and_recordings(simulation, tmp_path):
    simulation.run(4.5 * ms, COMMAND)
    simulation.save(tmp_path / "kept.npz")
    loaded = Simulation.load(tmp_path / "kept.npz")
    equal(simulation.state(), loaded.state())
    for key, item in simulation.recordings().items():
        np.testing.assert_array_equal(item.values, loaded.recordings()[key].values)


def test_states_of_one_engine_serve_another():
    ours, reference = simulate(spiking(), "fused"), simulate(spiking(), "brian2")
    ours.run(4.5 * ms, COMMAND)
    reference.restore(ours.state())
    for simulation in (ours, reference):
        simulation.run(3 * ms, COMMAND)
    for name in ("NMDA.s", "AlphaConductance.g", "GradedGate.s", "conductances.v", "conductances.I"):
        np.testing.assert_allclose(reference.get(name), ours.get(name), rtol=1e-9, err_msg=name)
