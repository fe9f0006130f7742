"""Spikes on the reference engine: thresholds, refractoriness, delays, sources, against numbers worked out by hand."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim.engines.brian2.engine import Brian2Engine
from neurosim.model.connectivity import AllToAll, Edges, OneToOne, Probability
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import NamedParameter, Population, Projection, Tied
from neurosim.model.recorder import Recorder
from neurosim.model.values import Uniform
from neurosim.neurons import LIF, Poisson, SpikeTrain
from neurosim.rng import stream_key
from neurosim.rng.draws import fill_gaps
from neurosim.synapses import Pulse, ScaledPulse


class SpikesCounter(NeuronModel):
    """A unit that spikes when its count passes a bound; the count starts anew and rests for a while."""

    bound = parameter(2.5, "threshold")
    rest = parameter(3 * ms, "refractory period", low=0 * second)
    Hz = parameter(0.0 * second**-1, "a name that Brian2 keeps for itself")
    equations = """
    dx/dt = rate_ : 1 (unless refractory)
    dtotal/dt = Hz : 1
    rate_ : Hz (input)
    """
    threshold = "x > bound"
    reset = "x = 0"
    refractory = "rest"
    method = "euler"


def compiled(network: Network, seed: int = 1):
    return Brian2Engine().compile(network, seed)


def train(*spikes: tuple[float, int], size: int = 1) -> Population:
    return Population(
        "in", size, SpikeTrain(times=[t for t, _ in spikes] * ms, ids=[float(i) for _, i in spikes])
    )


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_spike_acts_after_its_delay_in_steps(delay):
    network = Network("delay", dt=1 * ms)
    network.add(train((2.0, 0)), Population("E", 1, SpikesCounter()))
    network.add(
        Projection("p", "in", "E", Pulse(port="x"), OneToOne(), 1.0, delay=delay * ms), Recorder("E", "x")
    )
    network.add(Recorder("in"))
    simulation = compiled(network)
    simulation.run(8 * ms)
    np.testing.assert_array_equal(simulation.recordings()["in.spikes"].steps, [2])
    # It arrives in step 2 + delay, after the state of that step has been recorded.
    arrived = np.arange(8) > 2 + delay
    np.testing.assert_array_equal(simulation.recordings()["E.x"].values.ravel(), arrived.astype(float))


def test_every_edge_may_have_its_own_delay():
    network = Network("delays", dt=1 * ms)
    network.add(train((2.0, 0), (3.0, 1), size=2), Population("E", 2, SpikesCounter(bound=1e6)))
    edges, weights = Edges((0, 0, 1), (0, 1, 1)), np.array([1.0, 10.0, 100.0])
    delays = np.array([4.0, 0.0, 1.0]) * ms
    network.add(Projection("p", "in", "E", Pulse(port="x"), edges, weights, delays), Recorder("E", "x"))
    simulation = compiled(network)
    simulation.run(8 * ms)
    values = simulation.recordings()["E.x"].values
    assert values[:, 0].tolist() == [0, 0, 0, 0, 0, 0, 0, 1]
    assert values[:, 1].tolist() == [0, 0, 0, 10, 10, 110, 110, 110]


def test_threshold_reset_and_refractoriness_step_by_step():
    spikes = [(k, 0) for k in range(10)]
    network = Network("refractory", dt=1 * ms)
    network.add(train(*spikes), Population("E", 1, SpikesCounter()))
    network.add(Projection("p", "in", "E", Pulse(port="x"), OneToOne(), 1.0))
    network.add(Projection("q", "in", "E", Pulse(port="total"), OneToOne(), 1.0))
    network.add(Recorder("E", "x"), Recorder("E"))
    simulation = compiled(network)
    simulation.run(10 * ms)
    # Pulses of steps 0, 1, 2 make x = 3, found above the threshold in step 3. The pulses of steps 3, 4, 5 are dropped:
    # the period of 3 steps counts from the spike, and step 6 is the first that is free.
    assert simulation.recordings()["E.spikes"].steps.tolist() == [3, 9]
    assert simulation.recordings()["E.x"].values.ravel().tolist() == [0, 1, 2, 3, 0, 0, 0, 1, 2, 3]
    # What is not `unless refractory` takes every pulse.
    assert simulation.get("E.total") == [10.0]


def test_refractory_period_may_differ_between_neurons():
    network = Network("periods", dt=1 * ms)
    network.add(train(*[(k, i) for k in range(9) for i in range(3)], size=3))
    network.add(
        Population("E", 3, SpikesCounter(bound=0.5, rest=np.array([0.0, 2.0, 4.0]) * ms)), Recorder("E")
    )
    network.add(Projection("p", "in", "E", Pulse(port="x"), OneToOne(), 1.0))
    simulation = compiled(network)
    simulation.run(9 * ms)
    spikes = simulation.recordings()["E.spikes"]
    assert [spikes.steps[spikes.ids == i].tolist() for i in range(3)] == [[1, 3, 5, 7], [1, 4, 7], [1, 6]]


def test_lif_follows_its_closed_form_between_pulses():
    network = Network("lif")
    network.add(train((0.0, 0)), Population("E", 1, LIF(), initial={"v": -60 * mV}))
    network.add(Projection("p", "in", "E", Pulse(), OneToOne(), 2 * mV))
    simulation = compiled(network)
    simulation.run(10 * ms)
    # The pulse comes at the end of step 0: the current has 99 steps to act, the leak 100.
    t, tau_m, tau_e = 9.9e-3, 20e-3, 5e-3
    leak = -49e-3 - 11e-3 * np.exp(-10e-3 / tau_m)
    drive = 2e-3 * tau_e / (tau_m - tau_e) * (np.exp(-t / tau_m) - np.exp(-t / tau_e))
    assert float(simulation.get("E.v")[0]) == pytest.approx(leak + drive, rel=1e-12)
    assert float(simulation.get("E.g_e")[0]) == pytest.approx(2e-3 * np.exp(-t / tau_e), rel=1e-12)


def test_pulses_of_one_step_add_in_the_order_of_edges_and_projections():
    weights = np.array([0.1, 0.2, 0.3])
    network = Network("sum", dt=1 * ms)
    network.add(train((0.0, 0), (0.0, 1), (0.0, 2), size=3), Population("E", 2, SpikesCounter()))
    network.add(
        Projection("b", "in", "E", ScaledPulse(port="x", quantum=0.5), Edges((2, 1, 0), (1, 1, 1)), weights)
    )
    network.add(Projection("a", "in", "E", Pulse(port="x"), Edges((1,), (1,)), 0.7))
    network.add(Projection("none", "in", "E", Pulse(port="x"), Probability(0.0), 0.7))
    simulation = compiled(network)
    simulation.run(1 * ms)
    total = 0.0
    for term in (0.3 * 0.5, 0.2 * 0.5, 0.1 * 0.5, 0.7):
        total += term
    np.testing.assert_array_equal(simulation.get("E.x"), [0.0, total])


def test_tied_weights_follow_their_named_parameter_and_its_sign():
    network = Network("tied", dt=1 * ms)
    network.add(NamedParameter("c", np.array([1.0, -2.0]), sign=1))
    network.add(train((0.0, 0), (1.0, 0)), Population("E", 2, SpikesCounter(bound=100.0)))
    network.add(Projection("p", "in", "E", Pulse(port="x"), AllToAll(), Tied("c", (0, 1))))
    simulation = compiled(network)
    simulation.step()
    np.testing.assert_array_equal(simulation.get("E.x"), [1.0, 0.0])
    simulation.set("c", np.array([5.0, 7.0]))
    simulation.step()
    np.testing.assert_array_equal(simulation.get("E.x"), [6.0, 7.0])


def test_poisson_spikes_are_those_of_our_streams():
    network = Network("poisson", dt=1 * ms)
    network.add(
        Population("P", 4, Poisson(rate=200 * Hz)), Recorder("P"), Population("Q", 4, Poisson(rate=200 * Hz))
    )
    simulation = compiled(network, seed=5)
    simulation.run(200 * ms)
    gaps = np.zeros(256, dtype=np.int64)
    fill_gaps(stream_key(5, "P", "spikes"), 0, 0.2, gaps)
    cells = np.cumsum(gaps) - 1
    expected = [(cell // 4, cell % 4) for cell in cells.tolist() if cell < 4 * 200]
    spikes = simulation.recordings()["P.spikes"]
    assert list(zip(spikes.steps.tolist(), spikes.ids.tolist(), strict=True)) == expected
    assert 100 < len(expected) < 256  # one block of draws


def test_spike_recorder_keeps_the_chosen_units_and_outputs_are_their_indices():
    network = Network("chosen", dt=1 * ms)
    spikes = train((0.0, 0), (0.0, 2), (1.0, 1), (2.0, 2), size=3)
    network.add(spikes, Recorder("in", "spikes", indices=(2,)))
    simulation = compiled(network)
    assert [simulation.step()["in"].tolist() for _ in range(4)] == [[0, 2], [1], [2], []]
    assert simulation.recordings()["in.spikes"].steps.tolist() == [0, 2]
    assert simulation.recordings()["in.spikes"].ids.tolist() == [2, 2]


@pytest.mark.slow
def test_balanced_network_settles_at_a_few_spikes_per_second():
    network = Network("cuba")
    start = {"v": Uniform(-60 * mV, -50 * mV)}
    network.add(
        Population("E", 3200, LIF(), start), Population("I", 800, LIF(), start), Recorder("E"), Recorder("I")
    )
    for source, port, weight in (("E", "g_e", 1.62 * mV), ("I", "g_i", -9 * mV)):
        for target in "EI":
            name = source + target
            network.add(Projection(name, source, target, Pulse(port=port), Probability(0.02), weight))
    simulation = compiled(network)
    simulation.run(1 * second)
    total = sum(simulation.recordings()[f"{name}.spikes"].ids.size for name in "EI")
    # About 5.7 Hz in the long run of this published network.
    assert total / 4000 == pytest.approx(5.7, rel=0.1)
