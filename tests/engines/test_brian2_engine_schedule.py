"""The order of one step on the reference engine, against numbers worked out by hand."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim.engines.brian2.engine import Brian2Engine
from neurosim.engines.brian2.machine import SCHEDULE
from neurosim.errors import DescriptionError
from neurosim.model.clamp import Clamp
from neurosim.model.connectivity import AllToAll, Edges, OneToOne, Probability
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import option, parameter
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.synapse import SynapseModel
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Poisson, Signal, SpikeTrain, SquareWave
from neurosim.rng import stream_key
from neurosim.rng.draws import normal, uniform
from neurosim.rules import PairSTDP
from neurosim.synapses import Graded, Pulse


class ScheduleRamp(NeuronModel):
    """A unit whose state grows at a constant rate: dx/dt = slope."""

    slope = parameter(1000.0 * Hz, "growth")
    equations = "dx/dt = slope : 1"
    method = "euler"
    output = "x"


class ScheduleNoise(NeuronModel):
    """White noise, and a uniform number: dx/dt = sigma*xi; y = rand()."""

    sigma = parameter(2.0 * second**-0.5, "intensity")
    equations = """
    dx/dt = sigma*xi : 1
    dy/dt = rand()/second_ : 1
    """
    second_ = parameter(1.0 * second, "a second")
    method = "euler"


class ScheduleSpiker(NeuronModel):
    """A unit that rises above its threshold within one step, and a variable y that only events write."""

    slope = parameter(1000.0 * Hz, "growth")
    equations = """
    dx/dt = slope : 1
    y : 1 (state)
    """
    threshold = "x > 0.5"
    reset = "x = 0"
    method = "euler"


class ScheduleScaled(SynapseModel):
    """A pulse that is scaled by a variable of the target."""

    port = option("y", "variable of the target")
    on_pre = "{port}_post += w * x_post"


def compiled(network: Network, seed: int = 1):
    return Brian2Engine().compile(network, seed)


def chain(*recorders: Recorder) -> Network:
    network = Network("chain", dt=1 * ms)
    # Described back to front, so that only the order of signals can get it right.
    network.add(Population("last", 1, GradedUnit(transfer="identity", bias=1.0)))
    network.add(
        Population("middle", 1, GradedUnit(transfer="identity", bias=0.5)), Population("s", 1, Signal())
    )
    network.add(Projection("ml", "middle", "last", Graded(), OneToOne(), weight=10.0))
    network.add(Projection("sm", "s", "middle", Graded(), OneToOne(), weight=2.0))
    return network.add(*recorders)


def test_every_object_has_a_place_of_its_own():
    network = Network("places")
    network.add(Population("E", 4, LIF()), Population("P", 4, Poisson()))
    for name in "AB":
        network.add(
            Projection(
                name, "P", "E", Pulse(), AllToAll(), 1 * mV, delay=1 * ms, rules=(PairSTDP(w_max=2 * mV),)
            )
        )
    network.add(Clamp("E", "g_i", 0 * mV), Recorder("E"), Recorder("E", "v"), Recorder("P"))
    machine = compiled(network).core._machine
    machine.start({})
    places = [(item.when, item.order) for item in machine.active]
    assert len(set(places)) == len(places) > 20
    slots = [when.removeprefix("before_").removeprefix("after_") for when, _ in places]
    assert set(slots) <= set(SCHEDULE)


def test_stateless_units_follow_their_input_within_the_step():
    simulation = compiled(chain(Recorder("last", "y"), Recorder("middle", "u"), Recorder("s", "value")))
    simulation.run(3 * ms, inputs={"s": np.array([[1.0], [2.0], [4.0]])})
    recorded = simulation.recordings()
    np.testing.assert_array_equal(recorded["s.value"].values, [[1.0], [2.0], [4.0]])
    np.testing.assert_array_equal(recorded["middle.u"].values, [[2.5], [4.5], [8.5]])
    np.testing.assert_array_equal(recorded["last.y"].values, [[26.0], [46.0], [86.0]])


def test_step_returns_the_output_of_the_step_and_an_input_is_held():
    simulation = compiled(chain())
    assert simulation.step({"s": 3.0})["last"] == pytest.approx([66.0])
    assert simulation.step()["last"] == pytest.approx([66.0])
    assert simulation.get("last.y") == pytest.approx([66.0])


def test_cycle_of_stateless_units_is_refused_by_name():
    network = chain()
    network.add(Projection("back", "last", "middle", Graded(), OneToOne(), weight=0.1))
    with pytest.raises(DescriptionError, match="last -> middle|middle -> last"):
        compiled(network)


def test_a_unit_with_state_breaks_the_cycle():
    network = Network("loop", dt=1 * ms)
    network.add(Population("g", 1, GradedUnit(transfer="identity")))
    network.add(Population("r", 1, ScheduleRamp(), initial={"x": 1.0}))
    network.add(
        Projection("rg", "r", "g", Graded(), OneToOne(), weight=3.0), Recorder("g", "y"), Recorder("r", "x")
    )
    simulation = compiled(network)
    simulation.run(3 * ms)
    # The graded signal of step k is that of the state at k dt, as recorded.
    np.testing.assert_allclose(simulation.recordings()["r.x"].values, [[1.0], [2.0], [3.0]], rtol=1e-15)
    np.testing.assert_allclose(simulation.recordings()["g.y"].values, [[3.0], [6.0], [9.0]], rtol=1e-15)
    np.testing.assert_array_equal(simulation.recordings()["g.y"].steps, [0, 1, 2])
    assert simulation.get("r.x") == pytest.approx([4.0], rel=1e-15)


def test_a_port_is_the_sum_of_its_projections_and_zero_without_any():
    network = Network("sums", dt=1 * ms)
    network.add(Population("s", 3, Signal(), initial={"value": np.array([1.0, 2.0, 3.0])}))
    network.add(
        Population("g", 2, GradedUnit(transfer="identity")),
        Population("alone", 2, GradedUnit(transfer="identity")),
    )
    dense = np.array([[0.1, 0.2, 0.3], [1.0, 1.0, 1.0]])
    network.add(Projection("a", "s", "g", Graded(), AllToAll(), weight=dense))
    network.add(Projection("b", "s", "g", Graded(), Edges((2, 0), (1, 1)), weight=np.array([10.0, 20.0])))
    network.add(Projection("none", "s", "g", Graded(), Probability(0.0), weight=5.0))
    network.add(Recorder("g", "I"), Recorder("alone", "y"))
    simulation = compiled(network)
    simulation.run(1 * ms)
    first = (0.1 * 1.0 + 0.2 * 2.0) + 0.3 * 3.0
    np.testing.assert_array_equal(simulation.recordings()["g.I"].values, [[first, 6.0 + (20.0 + 30.0)]])
    np.testing.assert_array_equal(simulation.recordings()["alone.y"].values, [[0.0, 0.0]])


def test_self_coupled_rate_unit_reads_the_start_of_the_step():
    network = Network("rate", dt=1 * ms)
    network.add(Population("r", 1, LeakyRate(tau=10 * ms), initial={"r": 1.0}))
    network.add(Projection("rr", "r", "r", Graded(), OneToOne(), weight=0.5))
    simulation = compiled(network)
    simulation.run(1 * ms)
    target = np.tanh(0.5)
    assert simulation.get("r.r") == pytest.approx([target + (1.0 - target) * np.exp(-0.1)], rel=1e-14)


def test_square_wave_counts_steps():
    network = Network("wave", dt=1 * ms)
    network.add(Population("w", 1, SquareWave(period=4)), Population("x", 1, SquareWave(period=4, side=1)))
    network.add(Recorder("w", "y"), Recorder("x", "y"))
    simulation = compiled(network)
    simulation.run(6 * ms)
    np.testing.assert_array_equal(simulation.recordings()["w.y"].values.ravel(), [1, 1, 0, 0, 1, 1])
    np.testing.assert_array_equal(simulation.recordings()["x.y"].values.ravel(), [0, 0, 1, 1, 0, 0])
    # A definition that is asked for speaks of the last step taken.
    assert simulation.get("w.y") == 1.0 and simulation.now == 6


def test_draws_come_from_our_streams():
    network = Network("noise", dt=1 * ms)
    network.add(Population("n", 3, ScheduleNoise()), Recorder("n", "x"))
    simulation = compiled(network, seed=7)
    simulation.run(5 * ms)
    x, y = np.zeros(3), np.zeros(3)
    keys = stream_key(7, "n", "draw_xi"), stream_key(7, "n", "rand_draw_1")
    for step in range(5):
        x += 2.0 * np.sqrt(1e-3) * np.array([normal(keys[0], step, i) for i in range(3)])
        y += 1e-3 * np.array([uniform(keys[1], step, i) for i in range(3)])
    np.testing.assert_allclose(simulation.get("n.x"), x, rtol=1e-13)
    np.testing.assert_allclose(simulation.get("n.y"), y, rtol=1e-13)


def test_recorders_sample_every_nth_step_of_some_units():
    network = Network("samples", dt=1 * ms)
    network.add(Population("r", 3, ScheduleRamp(), initial={"x": np.array([0.0, 10.0, 20.0])}))
    network.add(Recorder("r", "x", every=3, indices=(2, 0)))
    simulation = compiled(network)
    simulation.run(2 * ms)
    simulation.run(5 * ms)
    samples = simulation.recordings()["r.x"]
    np.testing.assert_array_equal(samples.steps, [0, 3, 6])
    np.testing.assert_allclose(samples.values, [[20, 0], [23, 3], [26, 6]], rtol=1e-14)
    np.testing.assert_array_equal(samples.indices, [2, 0])


def test_clamps_hold_states_and_definitions_for_their_time():
    network = Network("clamps", dt=1 * ms)
    network.add(Population("r", 2, ScheduleRamp()), Population("s", 1, Signal()))
    network.add(Clamp("r", "x", 5.0, indices=(1,), start=1 * ms, stop=3 * ms))
    network.add(Clamp("s", "y", 0.25, stop=2 * ms), Recorder("r", "x"), Recorder("s", "y"))
    simulation = compiled(network)
    simulation.run(5 * ms, inputs={"s": np.ones((5, 1))})
    recorded = simulation.recordings()
    # Held in steps 1 and 2, from the beginning of the step to its end.
    np.testing.assert_allclose(recorded["r.x"].values[:, 1], [0, 5, 5, 5, 6], rtol=1e-15)
    np.testing.assert_allclose(recorded["r.x"].values[:, 0], [0, 1, 2, 3, 4], rtol=1e-15)
    np.testing.assert_array_equal(recorded["s.y"].values.ravel(), [0.25, 0.25, 1, 1, 1])


def test_a_clamp_is_stronger_than_integration_delivery_and_reset():
    network = Network("held")
    network.add(Population("in", 1, SpikeTrain(times=[0.0] * ms, ids=[0])))
    network.add(Population("E", 1, LIF(), initial={"v": -40 * mV}))
    network.add(Projection("p", "in", "E", Pulse(), OneToOne(), weight=3 * mV))
    network.add(Clamp("E", "v", -55 * mV), Clamp("E", "g_e", 1 * mV), Recorder("E"))
    simulation = compiled(network)
    simulation.run(1 * ms)
    # Held below its threshold, the neuron never spikes, although it started above.
    assert simulation.recordings()["E.spikes"].ids.size == 0
    assert simulation.get("E.v") == -55 * mV and simulation.get("E.g_e") == 1 * mV


def test_a_clamp_comes_between_integration_and_threshold():
    network = Network("kept_down", dt=1 * ms)
    network.add(Population("E", 2, ScheduleSpiker()), Clamp("E", "x", 0.0, indices=(0,)), Recorder("E"))
    simulation = compiled(network)
    simulation.run(3 * ms)
    assert simulation.recordings()["E.spikes"].ids.tolist() == [1, 1, 1]


def test_a_clamp_comes_between_the_deliveries_of_two_projections():
    network = Network("between", dt=1 * ms)
    network.add(Population("in", 1, SpikeTrain(times=[0.0] * ms, ids=[0])))
    network.add(Population("E", 1, ScheduleSpiker(slope=0 * Hz)), Clamp("E", "x", 0.25))
    network.add(Projection("writes", "in", "E", Pulse(port="x"), OneToOne(), weight=5.0))
    network.add(Projection("reads", "in", "E", ScheduleScaled(port="y"), OneToOne(), weight=8.0))
    simulation = compiled(network)
    simulation.run(1 * ms)
    assert simulation.get("E.y") == [8.0 * 0.25]
