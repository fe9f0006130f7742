"""Modulators, offsets and the clock 'sample' on the reference engine, against numbers worked out by hand."""

import numpy as np
import pytest
from brian2 import Hz, ms

from neurosim.compiler.equations.network import network_equations
from neurosim.engines.brian2.engine import Brian2Engine
from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.rule import Bounds, NeuronRule, SynapticRule, modulator, own, post, pre, synapse
from neurosim.neurons import GradedUnit, LeakyRate, Signal, SpikeTrain
from neurosim.synapses import Graded, Pulse

DT = 1e-3


class ModulatorsRelay(NeuronModel):
    """A unit that spikes one step after a pulse on x."""

    zero = parameter(0.0 * Hz, "rate of change")
    bound = parameter(0.5, "threshold")
    equations = """
    dx/dt = zero : 1
    dg/dt = zero : 1
    """
    threshold = "x > bound"
    reset = "x = 0"
    method = "euler"


class ModulatorsReward(SynapticRule):
    """dw/dt = rate*reward*e, de/dt = -e/tau; e += reward at a presynaptic spike."""

    tau = parameter(10 * ms, "time constant")
    rate = parameter(50 * Hz, "learning rate")
    reward = modulator("reward", "what is predicted")
    clock = "spike"
    e = synapse.variable("de/dt = -e/tau")
    on_pre = "e += reward"
    dw = "rate * reward * e"


class ModulatorsTrace(SynapticRule):
    """A trace that follows a modulator, dx/dt = (reward - x)/tau, and w += x at a postsynaptic spike."""

    tau = parameter(10 * ms, "time constant")
    reward = modulator("reward", "what the trace follows")
    clock = "spike"
    x = post.trace("dx/dt = (reward - x)/tau")
    on_post = "w += x"


class ModulatorsThreshold(NeuronRule):
    """An offset of the threshold that a modulator drives, and that each spike raises."""

    rate = parameter(100 * Hz, "rate")
    dopamine = modulator("reward", "what lowers the threshold")
    up = own.offset("bound")
    dup = "-rate * dopamine"
    on_spike = "up += 0.25"


class ModulatorsHebb(SynapticRule):
    """After a presentation w += eta*x*y, within bounds."""

    eta = parameter(0.5, "learning rate")
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta * x * y"
    then = Bounds(-1.0, 1.0)


class ModulatorsGain(NeuronRule):
    """After a presentation the gain of the input grows by what its activity lacks of 1."""

    clock = "sample"
    z = own.activity
    g = own.gain("I")
    dg = "1 - z"


class ModulatorsSubspace(SynapticRule):
    """A rule in matrix language."""

    eta = parameter(1 * Hz, "learning rate")
    x, y = pre.activity, post.activity
    dW = "eta * (y @ x.T - y @ y.T @ W)"


def compiled(network: Network):
    return Brian2Engine().compile(network, 1)


def reward() -> Population:
    return Population("reward", 1, Signal())


def test_a_modulator_is_read_at_the_start_of_the_step_and_held_during_it():
    network = Network("reward", dt=1 * ms)
    network.add(Population("in", 2, SpikeTrain(times=[1.0, 2.0, 4.0] * ms, ids=[0.0, 1.0, 0.0])), reward())
    network.add(Population("E", 1, ModulatorsRelay()))
    network.add(Projection("p", "in", "E", Pulse(port="g"), AllToAll(), 0.0, rules=(ModulatorsReward(),)))
    simulation = compiled(network)
    values = np.array([1.0, 2.0, -1.0, 0.5, 3.0, 1.0])
    simulation.run(6 * ms, inputs={"reward": values[:, None]})
    e, w, spikes = np.zeros(2), np.zeros(2), {1: 0, 2: 1, 4: 0}
    for k, r in enumerate(values):
        e, w = e - DT * e / 10e-3, w + DT * 50.0 * r * e
        if k in spikes:
            e[spikes[k]] += r
    np.testing.assert_allclose(simulation.get("p.w"), w, rtol=1e-13)
    np.testing.assert_allclose(simulation.get("p.modulators_reward_e"), e, rtol=1e-13)


def test_a_trace_may_follow_a_modulator():
    network = Network("follow", dt=1 * ms)
    network.add(Population("drive", 1, SpikeTrain(times=[3.0] * ms, ids=[0.0])), reward())
    network.add(Population("E", 1, ModulatorsRelay()))
    rules = (ModulatorsTrace(),)
    network.add(Projection("p", "drive", "E", Pulse(port="x"), OneToOne(), 1.0, rules=rules))
    simulation = compiled(network)
    values = np.array([1.0, 2.0, -1.0, 0.5, 3.0, 1.0])
    simulation.run(6 * ms, inputs={"reward": values[:, None]})
    x, decay = [0.0], np.exp(-0.1)
    for r in values:
        x.append(r + (x[-1] - r) * decay)
    # The spike of step 4 comes after the trace of that step has moved on.
    np.testing.assert_allclose(simulation.get("p.w"), [1.0 + x[5]], rtol=1e-13)
    np.testing.assert_allclose(simulation.get("p.modulators_trace_x"), [x[6]], rtol=1e-13)


def test_an_offset_moves_the_threshold_by_a_modulator_and_by_spikes():
    network = Network("offset", dt=1 * ms)
    network.add(reward(), Population("E", 1, ModulatorsRelay(), {"x": 0.15}, (ModulatorsThreshold(),)))
    network.add(Recorder("E"), Recorder("E", "modulators_threshold_up"))
    simulation = compiled(network)
    simulation.run(8 * ms, inputs={"reward": 1.0 * np.ones(1)})
    # The threshold falls by 0.1 in each step from 0.5, before it is looked at: x = 0.15 is above it in step 3.
    recorded = simulation.recordings()
    assert recorded["E.spikes"].steps.tolist() == [3, 7]
    expected = [0, -0.1, -0.2, -0.3, -0.15, -0.25, -0.35, -0.45]
    np.testing.assert_allclose(recorded["E.modulators_threshold_up"].values.ravel(), expected, atol=1e-15)


def presented():
    network = Network("patterns", dt=1 * ms)
    network.add(Population("s", 2, Signal()))
    network.add(Population("r", 1, LeakyRate(tau=5 * ms, transfer="identity"), {"r": 0.25}))
    network.add(Population("g", 1, GradedUnit(transfer="identity"), rules=(ModulatorsGain(),)))
    network.add(Projection("sr", "s", "r", Graded(), AllToAll(), 0.1, rules=(ModulatorsHebb(),)))
    network.add(Projection("rg", "r", "g", Graded(), OneToOne(), 2.0))
    return compiled(network)


def test_presentations_change_weights_and_gains_once_by_the_mean_over_the_batch():
    simulation = presented()
    patterns = np.array([[1.0, 2.0], [0.3, -30.0]])
    simulation.present({"s": patterns}, 10 * ms)
    # Each pattern starts from r = 0.25 and comes by exp(-2) near to its drive, with the first weights.
    rates = patterns @ [0.1, 0.1] + (0.25 - patterns @ [0.1, 0.1]) * np.exp(-2)
    change = 0.5 * np.mean(patterns * rates[:, None], axis=0)
    assert change[1] > 1
    np.testing.assert_allclose(simulation.get("sr.w"), np.clip(0.1 + change, -1, 1), rtol=1e-12)
    # The port of the last step still holds the sum before the last change of r.
    before = patterns @ [0.1, 0.1] + (0.25 - patterns @ [0.1, 0.1]) * np.exp(-1.8)
    np.testing.assert_allclose(simulation.get("g.modulators_gain_g"), 1 + np.mean(1 - 2 * before), rtol=1e-12)


def test_a_sample_is_applied_once_and_leaves_the_steps_alone():
    simulation = presented()
    simulation.run(10 * ms, inputs={"s": np.array([1.0, 2.0])})
    np.testing.assert_array_equal(simulation.get("sr.w"), [0.1, 0.1])
    rate = simulation.get("r.r")[0]
    simulation.sample()
    changed = simulation.get("sr.w")
    np.testing.assert_allclose(changed, 0.1 + 0.5 * rate * np.array([1.0, 2.0]), rtol=1e-14)
    simulation.run(5 * ms)
    np.testing.assert_array_equal(simulation.get("sr.w"), changed)


def test_settling_ends_at_the_fixed_point():
    simulation = presented()
    settled = simulation.settle(1e-10, inputs={"s": np.array([1.0, 2.0])})
    assert settled.steps == simulation.now < 200
    assert simulation.get("r.r") == pytest.approx([0.3], abs=1e-9)


def test_matrix_rules_are_refused_with_an_engine_that_can():
    network = Network("matrix", dt=1 * ms)
    network.add(Population("s", 2, Signal()), Population("r", 2, LeakyRate()))
    network.add(Projection("p", "s", "r", Graded(), AllToAll(), 0.1, rules=(ModulatorsSubspace(),)))
    (reason,) = Brian2Engine().refuses(network_equations(network))
    assert "projection 'p'" in reason and "engine 'fused' can run it" in reason
