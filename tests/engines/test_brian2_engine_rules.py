"""Plasticity on the reference engine, against the rules worked out by hand, spike by spike and step by step."""

import numpy as np
import pytest
from brian2 import Hz, ms, second

from neurosim.engines.brian2.engine import Brian2Engine
from neurosim.model.connectivity import AllToAll, Edges, OneToOne
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.rule import Bounds, NeuronRule, SynapticRule, own, post, synapse
from neurosim.neurons import GradedUnit, LeakyRate, Signal, SpikeTrain
from neurosim.rules import GainAdaptation, Oja, PairSTDP, SynapticScaling
from neurosim.synapses import Graded, Pulse

DT, TAU = 1e-3, 20e-3


class RulesRelay(NeuronModel):
    """A unit that spikes one step after a pulse on x; what arrives on g has no effect on its spikes."""

    zero = parameter(0.0 * Hz, "rate of change")
    equations = """
    dx/dt = zero : 1
    dg/dt = zero : 1
    I : 1 (input)
    drive = I : 1
    """
    threshold = "x > 0.5"
    reset = "x = 0"
    method = "euler"


class RulesEligibility(SynapticRule):
    """dw/dt = rate*e, de/dt = -e/tau, simultaneous; e += y at a presynaptic spike, y a trace of postsynaptic ones."""

    tau = parameter(10 * ms, "time constant")
    rate = parameter(50 * Hz, "learning rate")
    clock = "spike"
    y = post.trace("dy/dt = -y/tau")
    e = synapse.variable("de/dt = -e/tau")
    on_pre = "e += 1 + y"
    on_post = "y += 1"
    dw = "rate * e"


class RulesSliding(SynapticRule):
    """dw/dt = rate*y*(y - theta), with a threshold that follows y**2 of a rate unit."""

    tau = parameter(50 * ms, "time constant of the threshold")
    rate = parameter(5 * Hz, "learning rate")
    y = post.activity
    theta = post.trace("dtheta/dt = (y**2 - theta)/tau", initial=0.25)
    dw = "rate * y * (y - theta)"
    then = Bounds(0, "inf")


class RulesPortGain(NeuronRule):
    """A gain of an input port that grows at a constant rate."""

    rate = parameter(100 * Hz, "growth")
    g = own.gain("I", initial=2.0)
    dg = "rate"


class RulesPulseGain(NeuronRule):
    """A gain of pulses that grows at a constant rate."""

    rate = parameter(100 * Hz, "growth")
    g = own.gain("g", initial=2.0)
    dg = "rate"


def compiled(network: Network):
    return Brian2Engine().compile(network, 1)


def train(name: str, spikes: list[tuple[int, int]], size: int) -> Population:
    times, ids = [k for k, _ in spikes], [float(i) for _, i in spikes]
    return Population(name, size, SpikeTrain(times=times * ms, ids=ids))


def plastic(rule: SynapticRule, pre_spikes, post_spikes, edges, weights, delay=0, sizes=(3, 2)) -> Network:
    network = Network("plastic", dt=1 * ms)
    network.add(train("in", pre_spikes, sizes[0]), train("drive", post_spikes, sizes[1]))
    network.add(Population("E", sizes[1], RulesRelay()))
    network.add(Projection("forced", "drive", "E", Pulse(port="x"), OneToOne(), 1.0))
    return network.add(
        Projection("p", "in", "E", Pulse(port="g"), Edges(*edges), weights, delay=delay * ms, rules=(rule,))
    )


def pair_stdp_by_hand(rule, arrivals, posts, edges, weights, steps, sizes):
    """Return (w, x, y) of pair STDP with all traces decaying at every step."""
    w, x, y = weights.copy(), np.zeros(sizes[0]), np.zeros(sizes[1])
    for k in range(steps):
        x *= np.exp(-DT / float(rule.tau_pre))
        y *= np.exp(-DT / float(rule.tau_post))
        for e, (i, j) in enumerate(zip(*edges, strict=True)):
            if (k, i) in arrivals:
                w[e] = np.clip(w[e] - rule.a_minus * rule.w_max * y[j], 0, rule.w_max)
        for i in range(sizes[0]):
            x[i] += (k, i) in arrivals
        for e, (i, j) in enumerate(zip(*edges, strict=True)):
            if (k, j) in posts:
                w[e] = np.clip(w[e] + rule.a_plus * rule.w_max * x[i], 0, rule.w_max)
        for j in range(sizes[1]):
            y[j] += (k, j) in posts
    return w, x, y


@pytest.mark.parametrize("delay", [0, 2])
def test_pair_stdp_by_hand(delay):
    rng = np.random.default_rng(3)
    sizes, steps = (6, 4), 60
    draw = [(k, i) for k in range(steps) for i in range(6) if rng.random() < 0.15]
    # Every other step: a pulse that came with the reset of the last one would be lost.
    drive = [(k, j) for k in range(0, steps, 2) for j in range(4) if rng.random() < 0.3]
    # Neuron 5 has no synapse, and post neuron 3 none either: their traces go on all the same.
    edges = ([0, 0, 1, 2, 2, 3, 4, 4], [0, 1, 0, 1, 2, 2, 0, 2])
    weights = rng.uniform(0, 1, 8)
    rule = PairSTDP(tau_pre=15 * ms, tau_post=30 * ms, a_plus=0.3, a_minus=0.25)
    simulation = compiled(plastic(rule, draw, drive, edges, weights, delay, sizes))
    simulation.run(steps * ms)
    arrivals, posts = {(k + delay, i) for k, i in draw}, {(k + 1, j) for k, j in drive}
    w, x, y = pair_stdp_by_hand(rule, arrivals, posts, edges, weights, steps, sizes)
    assert np.ptp(w - weights) > 0.1 and np.any(w == 0) | np.any(w == 1)
    np.testing.assert_allclose(simulation.get("p.w"), w, rtol=1e-12)
    np.testing.assert_allclose(simulation.get("p.pair_stdp_x"), x, rtol=1e-12)
    np.testing.assert_allclose(simulation.get("p.pair_stdp_y"), y, rtol=1e-12)


def test_pair_stdp_with_a_delay_for_every_edge_keeps_a_presynaptic_trace_per_edge():
    draw = [(0, 0), (3, 1), (7, 0), (8, 1), (12, 0)]
    drive = [(1, 0), (5, 1), (9, 0), (11, 1)]
    edges, delays = ([0, 0, 1, 1], [0, 1, 0, 1]), [0, 1, 2, 5]
    network = plastic(PairSTDP(a_plus=0.3, a_minus=0.25), draw, drive, edges, 0.5, np.array(delays), (2, 2))
    simulation = compiled(network)
    simulation.run(6 * ms)
    state = simulation.state()
    simulation.run(14 * ms)
    # An edge with its own delay is a source of its own, whose spikes come at their arrival.
    apart = (range(4), edges[1])
    arrivals = {(k + delays[e], e) for k, i in draw for e in range(4) if edges[0][e] == i}
    posts = {(k + 1, j) for k, j in drive}
    rule = PairSTDP(a_plus=0.3, a_minus=0.25)
    w, x, y = pair_stdp_by_hand(rule, arrivals, posts, apart, np.full(4, 0.5), 20, (4, 2))
    for _ in range(2):
        np.testing.assert_allclose(simulation.get("p.w"), w, rtol=1e-12)
        np.testing.assert_allclose(simulation.get("p.pair_stdp_x"), x, rtol=1e-12)
        np.testing.assert_allclose(simulation.get("p.pair_stdp_y"), y, rtol=1e-12)
        simulation.restore(state)
        simulation.run(14 * ms)
    simulation.set("p.pair_stdp_x", np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_array_equal(simulation.get("p.pair_stdp_x"), [1.0, 2.0, 3.0, 4.0])


def test_shown_traces_are_those_that_brian2_holds_per_synapse():
    rng = np.random.default_rng(4)
    draw = [(k, i) for k in range(40) for i in range(3) if rng.random() < 0.2]
    drive = [(k, j) for k in range(40) for j in range(2) if rng.random() < 0.2]
    simulation = compiled(plastic(PairSTDP(), draw, drive, ([0, 1, 2, 2], [0, 1, 0, 1]), 0.5, 1))
    simulation.run(40 * ms)
    held = simulation.core._machine.projections["p"]
    assert held.event_driven
    shared = held.synapses.variables
    decay = np.exp(-(39e-3 - shared["lastupdate"].get_value()) / TAU)
    for trace, end in (("x", held.projection.pre), ("y", held.projection.post)):
        mine = shared[f"s_pair_stdp_{trace}_s"].get_value() * decay
        np.testing.assert_allclose(mine, simulation.get(f"p.pair_stdp_{trace}")[end], rtol=1e-12)


def test_a_trace_that_is_set_acts_at_the_next_spike():
    rule = PairSTDP(a_plus=0.1)
    simulation = compiled(plastic(rule, [(0, 0)], [(9, 0), (9, 1)], ([0, 1, 2], [0, 1, 1]), 0.5))
    simulation.run(5 * ms)
    y = simulation.get("p.pair_stdp_y")
    simulation.set("p.pair_stdp_x", np.array([0.0, 2.0, 4.0]))
    np.testing.assert_array_equal(simulation.get("p.pair_stdp_x"), [0.0, 2.0, 4.0])
    np.testing.assert_array_equal(simulation.get("p.pair_stdp_y"), y)
    simulation.run(6 * ms)
    # The postsynaptic spikes of step 10 find the traces after six steps.
    expected = 0.5 + 0.1 * np.array([0.0, 2.0, 4.0]) * np.exp(-6 * DT / TAU)
    np.testing.assert_allclose(simulation.get("p.w"), expected, rtol=1e-13)


def test_delivery_comes_before_learning_and_reads_the_old_weight():
    rule = PairSTDP(a_minus=1.0)
    simulation = compiled(plastic(rule, [(4, 0)], [(3, 0)], ([0], [0]), np.array([0.8])))
    simulation.run(5 * ms)
    # Pre- and postsynaptic spike in one step: the pulse has the old weight, the depression no trace of this spike yet,
    # the potentiation that of the presynaptic spike.
    assert simulation.get("E.g")[0] == 0.8
    assert simulation.get("p.w")[0] == pytest.approx(0.8 + 0.01)


def test_continuous_rule_of_rate_units_by_hand():
    network = Network("oja", dt=1 * ms)
    network.add(Population("s", 2, Signal(), initial={"value": np.array([1.0, -2.0])}))
    network.add(
        Population(
            "r", 2, LeakyRate(tau=TAU * second, transfer="identity"), initial={"r": np.array([0.5, 0.2])}
        )
    )
    start = np.array([[0.1, 0.2], [0.3, 0.4]])
    network.add(Projection("p", "s", "r", Graded(), AllToAll(), start, rules=(Oja(eta=2 / second),)))
    network.add(Recorder("p", "w"))
    simulation = compiled(network)
    simulation.run(20 * ms)
    x, r, w = np.array([1.0, -2.0]), np.array([0.5, 0.2]), start.copy()
    for k in range(20):
        assert np.allclose(simulation.recordings()["p.w"].values[k], w.T.ravel(), rtol=1e-12)
        drive = w @ x  # worked out with the weights of the start of the step
        w = w + DT * 2.0 * r[:, None] * (x[None, :] - r[:, None] * w)
        r = drive + (r - drive) * np.exp(-DT / TAU)
    np.testing.assert_allclose(simulation.matrix("p"), w, rtol=1e-12)
    np.testing.assert_allclose(simulation.get("r.r"), r, rtol=1e-12)


def test_continuous_rule_of_spiking_units_reads_the_decaying_activity():
    rule = SynapticScaling(beta=20 / second, target=0.5)
    drive = [(2, 0), (5, 0), (5, 1)]
    simulation = compiled(plastic(rule, [], drive, ([0, 1, 1], [0, 0, 1]), np.array([1.0, 2.0, 3.0])))
    assert not simulation.core._machine.projections["p"].event_driven
    simulation.run(15 * ms)
    y, w = np.zeros(2), np.array([1.0, 2.0, 3.0])
    posts = {(k + 1, j) for k, j in drive}
    for k in range(15):
        w = w + DT * 20.0 * w * (0.5 - y[[0, 0, 1]])
        y *= np.exp(-DT / 0.1)
        y += [((k, j) in posts) / (0.1 * 10.0) for j in range(2)]
    np.testing.assert_allclose(simulation.get("p.w"), w, rtol=1e-12)
    np.testing.assert_allclose(simulation.get("p.synaptic_scaling_y"), y, rtol=1e-12)


def test_variables_of_a_synapse_change_together_from_values_at_the_start_of_the_step():
    pre_spikes, drive, edges = [(1, 0), (6, 0), (6, 1)], [(2, 1)], ([0, 0, 1], [0, 1, 1])
    simulation = compiled(plastic(RulesEligibility(), pre_spikes, drive, edges, 0.0))
    simulation.run(10 * ms)
    y, e, w = np.zeros(2), np.zeros(3), np.zeros(3)
    for k in range(10):
        e, w = e + DT * (-e / 10e-3), w + DT * 50.0 * e
        y *= np.exp(-DT / 10e-3)
        for n, (i, j) in enumerate(zip(*edges, strict=True)):
            e[n] += (1 + y[j]) * ((k, i) in pre_spikes)
        y[1] += k == 3
    np.testing.assert_allclose(simulation.get("p.rules_eligibility_e"), e, rtol=1e-12)
    np.testing.assert_allclose(simulation.get("p.w"), w, rtol=1e-12)


def test_a_trace_that_follows_a_signal_reads_it_at_the_start_of_the_step():
    network = Network("sliding", dt=1 * ms)
    network.add(Population("s", 1, Signal(), initial={"value": 0.8}))
    network.add(Population("r", 1, LeakyRate(tau=TAU * second, transfer="identity"), initial={"r": 0.1}))
    network.add(Projection("p", "s", "r", Graded(), OneToOne(), 1.0, rules=(RulesSliding(),)))
    simulation = compiled(network)
    simulation.run(30 * ms)
    r, theta, w = 0.1, 0.25, 1.0
    for _ in range(30):
        drive, y = w * 0.8, r
        w = max(w + DT * 5.0 * y * (y - theta), 0.0)
        theta = y**2 + (theta - y**2) * np.exp(-DT / 50e-3)
        r = drive + (r - drive) * np.exp(-DT / TAU)
    assert simulation.get("p.rules_sliding_theta") == pytest.approx([theta], rel=1e-12)
    assert simulation.get("p.w") == pytest.approx([w], rel=1e-12)


def test_gain_of_the_output_adapts_to_the_activity_before_it():
    network = Network("gain", dt=1 * ms)
    network.add(Population("s", 1, Signal(), initial={"value": 3.0}))
    network.add(Population("z", 1, GradedUnit(transfer="identity"), rules=(GainAdaptation(eta=10 / second),)))
    network.add(Population("read", 1, GradedUnit(transfer="identity")))
    network.add(Projection("sz", "s", "z", Graded(), OneToOne(), 1.0))
    network.add(Projection("zr", "z", "read", Graded(), OneToOne(), 1.0), Recorder("read", "y"))
    simulation = compiled(network)
    simulation.run(3 * ms)
    # dg/dt = 10*(9 - 1) per second.
    np.testing.assert_allclose(
        simulation.recordings()["read.y"].values.ravel(), [3.0, 3.24, 3.48], rtol=1e-14
    )


def test_gain_of_a_port_multiplies_its_sum():
    network = Network("port", dt=1 * ms)
    network.add(Population("s", 2, Signal(), initial={"value": 1.5}))
    network.add(Population("g", 1, GradedUnit(transfer="identity", bias=0.5), rules=(RulesPortGain(),)))
    network.add(Projection("a", "s", "g", Graded(), AllToAll(), 1.0))
    network.add(Projection("b", "s", "g", Graded(), AllToAll(), 2.0), Recorder("g", "y"))
    simulation = compiled(network)
    simulation.run(3 * ms)
    expected = 9.0 * np.array([2.0, 2.1, 2.2]) + 0.5
    np.testing.assert_allclose(simulation.recordings()["g.y"].values.ravel(), expected, rtol=1e-14)


def test_gain_of_pulses_multiplies_each_pulse():
    network = Network("pulses", dt=1 * ms)
    network.add(train("in", [(0, 0), (2, 0)], 1), Population("E", 1, RulesRelay(), rules=(RulesPulseGain(),)))
    network.add(Projection("p", "in", "E", Pulse(port="g"), OneToOne(), 5.0))
    simulation = compiled(network)
    simulation.run(3 * ms)
    # The gain grows at the beginning of each step: 2.1 when the first pulse arrives, 2.3 at the second.
    assert simulation.get("E.g") == pytest.approx([5.0 * (2.1 + 2.3)], rel=1e-14)
