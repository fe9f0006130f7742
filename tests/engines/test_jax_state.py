"""Reading, setting, saving and resuming on the JAX engine, and how often it compiles."""

import subprocess
import sys

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import (
    AllToAll,
    NamedParameter,
    Network,
    NeuronModel,
    Population,
    Projection,
    Tied,
    parameter,
    simulate,
)
from neurosim.engines.jax.compiled import compiled, shape_of
from neurosim.errors import DescriptionError, ResultFileError, RunFailed
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded
from tests.engines import jax_networks as networks


class JaxExplosion(NeuronModel):
    """A unit that leaves every bound: dx/dt = rate*x**3."""

    rate = parameter(1e6 * Hz, "rate")
    equations = "dx/dt = rate*x**3 : 1"
    method = "euler"
    initial = {"x": 10.0}


def compilations(simulation) -> int:
    shape = shape_of(simulation.core.program, simulation.core.settings, simulation.core.most)
    return compiled(shape).advance._cache_size()


def assert_same_bits(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


@pytest.mark.parametrize("make", [networks.spiking_network, networks.noisy_network, networks.rate_network])
def test_stopping_and_going_on_gives_the_bits_of_not_stopping(make):
    network = make()
    rows = networks.drive(network, 300)
    whole, parts, resumed = (simulate(network, "jax", seed=4) for _ in range(3))
    dt = whole.dt * second
    whole.run(300 * dt, rows)
    parts.run(117 * dt, {name: value[:117] for name, value in rows.items()})
    kept = parts.state()
    resumed.run(31 * dt, {name: value[50:81] for name, value in rows.items()})
    resumed.restore(kept)
    rest = {name: value[117:] for name, value in rows.items()}
    parts.run(183 * dt, rest)
    resumed.run(183 * dt, rest)
    assert whole.now == parts.now == resumed.now == 300
    assert_same_bits(whole.state(), parts.state())
    assert_same_bits(whole.state(), resumed.state())


PROCESS = """
import numpy as np, sys
from brian2 import second
from neurosim import simulate
from tests.engines import jax_networks as networks
simulation = simulate(networks.noisy_network(), "jax", seed=4)
simulation.restore(dict(np.load(sys.argv[1])))
simulation.run(100 * simulation.dt * second)
np.savez(sys.argv[2], **simulation.state())
"""


@pytest.mark.slow
def test_resuming_in_a_new_process_gives_the_bits_of_not_stopping(tmp_path):
    simulation = simulate(networks.noisy_network(), "jax", seed=4)
    simulation.run(100 * simulation.dt * second)
    np.savez(tmp_path / "kept.npz", **simulation.state())
    simulation.run(100 * simulation.dt * second)
    files = [str(tmp_path / name) for name in ("kept.npz", "end.npz")]
    subprocess.run([sys.executable, "-c", PROCESS, *files], check=True)
    assert_same_bits(simulation.state(), dict(np.load(files[1])))


def test_one_compilation_serves_all_durations_seeds_and_parameters():
    network = networks.rate_network()
    first = networks.run(simulate(network, "jax", seed=1), 20)
    before = compilations(first)
    for steps in (1, 7, 250):
        networks.run(first, steps)
    first.step({name: rows[0] for name, rows in networks.drive(network, 1).items()})
    first.set("a.tau", np.full(12, 25.0) * ms)
    networks.run(first, 3)
    networks.run(simulate(networks.rate_network(), "jax", seed=2), 30)
    assert compilations(first) == before == 1
    # A run without inputs, where signals keep their values, is another program.
    first.run(5 * ms)
    assert compilations(first) == 2


def test_runs_beyond_the_room_of_one_call_go_on_and_report_progress():
    calls = []
    simulation = simulate(networks.swimmer_network(), "jax")
    simulation.run(2345 * simulation.dt * second, progress=lambda *done: calls.append(done))
    assert calls[-1] == (2345, 2345)
    assert len(calls) > 1
    assert len(simulation.recordings()["b.output"].steps) == simulation.now == 2345


def test_reset_starts_anew_with_the_present_constants():
    one, other = (simulate(networks.spiking_network(), "jax", seed=2) for _ in range(2))
    for simulation in (one, other):
        simulation.set("e.tau_m", 15 * ms)
    one.run(50 * ms)
    one.reset()
    assert one.now == 0
    assert_same_bits(one.state(), other.state())
    for simulation in (one, other):
        simulation.run(50 * ms)
    assert networks.same(one, other, 0.0) > 5


def test_a_constant_that_is_set_changes_the_exact_step_as_on_the_fused_engine():
    one, other = (simulate(networks.spiking_network(), engine, seed=2) for engine in ("fused", "jax"))
    for simulation in (one, other):
        simulation.set("e.tau_m", 12 * ms)
        simulation.set("e.tau_ref", 2 * ms)
        simulation.set("ee.w", 0.25)
        simulation.set("e.v", np.linspace(-59, -51, 10) * mV)
        simulation.set("pi.w", 1 * mV)
        simulation.run(60 * ms)
    assert networks.same(one, other) > 5


def test_named_parameters_act_with_their_sign_and_can_be_set():
    network = Network("tied", 1 * ms).add(
        NamedParameter("push", [0.5, -2.0], sign=1),
        Population("x", 1, Signal(), {"value": 1.0}),
        Population("a", 2, GradedUnit(transfer="identity")),
        Projection("p", "x", "a", Graded(), AllToAll(), Tied("push", (0, 1))),
    )
    simulation = simulate(network, "jax")
    np.testing.assert_array_equal(simulation.step()["a"], [0.5, 0.0])
    simulation.set("push", [3.0, 4.0])
    np.testing.assert_array_equal(simulation.step()["a"], [3.0, 4.0])
    np.testing.assert_array_equal(simulation.get("p.w"), [3.0, 4.0])
    kept = simulation.state()
    simulation.set("push", 9.0)
    simulation.restore(kept)
    np.testing.assert_array_equal(simulation.step()["a"], [3.0, 4.0])


def test_what_cannot_be_set_is_refused():
    simulation = simulate(networks.rate_network(), "jax")
    with pytest.raises(DescriptionError, match="a.output.*follows from other variables"):
        simulation.set("a.output", np.zeros(12))
    with pytest.raises(DescriptionError, match="rec.oja_eta"):
        simulation.set("rec.oja_eta", np.zeros(3) / second)


def test_a_state_of_another_network_is_refused_and_changes_nothing():
    simulation = simulate(networks.rate_network(), "jax")
    before = simulation.state()
    other = simulate(networks.sparse_network(), "jax").state()
    with pytest.raises(ResultFileError, match="it is of another network"):
        simulation.restore(other)
    assert_same_bits(simulation.state(), before)


def test_a_value_that_is_not_finite_stops_the_run():
    simulation = simulate(Network("boom", 1 * ms).add(Population("a", 1, JaxExplosion())), "jax")
    with pytest.raises(RunFailed, match="'a.x' is not finite at index 0"):
        simulation.run(10 * ms)


def test_recordings_of_chosen_steps_do_not_depend_on_how_a_run_is_split():
    whole, parts = (simulate(networks.rate_network(), "jax") for _ in range(2))
    rows = networks.drive(networks.rate_network(), 60)
    whole.run(60 * ms, rows)
    for start, stop in ((0, 1), (1, 9), (9, 10), (10, 44), (44, 60)):
        parts.run((stop - start) * ms, {name: value[start:stop] for name, value in rows.items()})
    np.testing.assert_array_equal(whole.recordings()["rec.w"].steps, np.arange(0, 60, 7))
    networks.same(whole, parts, 0.0)
