"""Modulators, the matrix language, the clock 'sample' and offsets, against the same formulas in numpy."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import (
    AllToAll,
    Bounds,
    Edges,
    Network,
    NeuronModel,
    NeuronRule,
    Normal,
    Population,
    Projection,
    Recorder,
    SynapticRule,
    own,
    parameter,
    post,
    pre,
    simulate,
    synapse,
)
from neurosim.errors import DescriptionError, SignalMissing
from neurosim.model.matrix import check_matrix_expression, scalar_form
from neurosim.model.rule import modulator
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Signal, SpikeTrain
from neurosim.synapses import Graded, Pulse


class FeatureMatrix(SynapticRule):
    """Uses every word of the matrix language."""

    eta = parameter(0.01 / second, "rate")
    x, y = pre.activity, post.activity
    dW = (
        "eta * (y @ x.T - tril(y @ y.T) @ W + diag(diag(W @ W.T)) @ W"
        " + solve(diag(1 + y**2), W) + sum(x) * W - mean(y * y) * max(x))"
    )
    then = Bounds(-0.5, 0.5)


class FeatureSample(SynapticRule):
    """Oja's rule after each presentation."""

    eta = parameter(0.1, "rate")
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta * y * (x - y*w)"


class FeatureMatrixSample(FeatureSample):
    """The same as a matrix."""

    dw = None
    dW = "eta * (y @ x.T - diag(y**2) @ W)"


class FeatureReward(SynapticRule):
    """Reward times presynaptic spikes."""

    clock = "spike"
    reward = modulator("reward", "success")
    on_pre = "w += reward"


class FeatureEligible(SynapticRule):
    """An eligibility per synapse, read out by a modulator."""

    tau = parameter(100 * ms, "window", low=0 * ms)
    rate = parameter(1 / second, "rate")
    clock = "spike"
    c = synapse.variable("dc/dt = -c/tau")
    dopamine = modulator("dopamine", "dopamine")
    on_pre = "c += 1"
    dw = "rate * c * dopamine"


class FeatureThreshold(NeuronRule):
    """A threshold that steps up at each spike and comes back."""

    tau = parameter(50 * ms, "time constant", low=0 * ms)
    step = parameter(2 * mV, "step")
    offset = own.offset("v_threshold")
    doffset = "-offset/tau"
    on_spike = "offset += step"


class FeatureRelay(NeuronModel):
    """A variable that takes pulses and never spikes."""

    rate = parameter(0 * Hz, "decay")
    equations = "dg/dt = -g*rate : 1"
    method = "euler"


def layer(rule, transfer="identity"):
    network = Network("layer", dt=1 * second)
    network.add(
        Population("x", 4, Signal()),
        Population("y", 3, GradedUnit(transfer=transfer)),
        Projection("W", "x", "y", Graded(), AllToAll(), Normal(0, 0.2), rules=rule),
    )
    return simulate(network, seed=1)


@pytest.mark.slow
def test_matrix_rule_equals_the_formula_in_numpy():
    simulation = layer(FeatureMatrix())
    inputs = np.random.default_rng(0).normal(size=(50, 4))
    w = np.array(simulation.matrix("W"))
    simulation.run(50 * second, {"x": inputs})
    for row in inputs:
        x, y = row[:, None], (w @ row)[:, None]
        change = y @ x.T - np.tril(y @ y.T) @ w + np.diag(np.diag(w @ w.T)) @ w
        change += np.linalg.solve(np.diagflat(1 + y**2), w) + x.sum() * w - np.mean(y * y) * x.max()
        w = np.clip(w + 0.01 * change, -0.5, 0.5)
    np.testing.assert_allclose(simulation.matrix("W"), w, rtol=1e-11)
    assert np.abs(w).max() == 0.5  # the bounds were met, so their place in the step is tested too


@pytest.mark.parametrize("rule", [FeatureSample, FeatureMatrixSample])
def test_a_batch_changes_weights_once_by_the_mean(rule):
    simulation = layer(rule())
    inputs = np.random.default_rng(1).normal(size=(7, 4))
    w = np.array(simulation.matrix("W"))
    simulation.present({"x": inputs}, 1 * second)
    changes = [0.1 * (np.outer(w @ x, x) - (w @ x)[:, None] ** 2 * w) for x in inputs]
    np.testing.assert_allclose(simulation.matrix("W"), w + np.mean(changes, axis=0), rtol=1e-12)


def test_sample_applies_the_present_state_once_and_running_alone_changes_nothing():
    simulation = layer(FeatureSample())
    w, x = np.array(simulation.matrix("W")), np.array([1.0, -1.0, 0.5, 2.0])
    simulation.run(5 * second, {"x": x})
    np.testing.assert_array_equal(simulation.matrix("W"), w)
    simulation.sample()
    y = w @ x
    np.testing.assert_allclose(
        simulation.matrix("W"), w + 0.1 * y[:, None] * (x - y[:, None] * w), rtol=1e-12
    )


def test_settle_reaches_the_fixed_point_and_says_when_it_does_not():
    w = np.array([[0.0, -0.5], [0.3, 0.0]])
    network = Network("settling", dt=1 * ms)
    network.add(
        Population("x", 2, Signal()),
        Population("y", 2, LeakyRate(transfer="identity", tau=5 * ms)),
        Projection("xy", "x", "y", Graded(), Edges((0, 1), (0, 1)), 1.0),
        Projection("yy", "y", "y", Graded(), AllToAll(), w),
    )
    simulation = simulate(network)
    x = np.array([1.5, 2.0])
    settled = simulation.settle(1e-12, inputs={"x": x})
    np.testing.assert_allclose(simulation.get("y.r"), np.linalg.solve(np.eye(2) - w, x), rtol=1e-9)
    assert 20 < settled.steps < 1000 and settled.converged and settled.residual <= 1e-12
    simulation.reset()
    with pytest.raises(Exception, match="still changing by .* after 3 steps"):
        simulation.settle(1e-12, at_most=3, inputs={"x": x})


def test_a_modulator_scales_what_a_spike_does_at_the_step_of_the_spike():
    network = Network("rewarded", dt=1 * ms)
    network.add(
        Population("reward", 1, Signal()),
        Population("a", 1, SpikeTrain(times=[2, 5] * ms, ids=[0, 0])),
        Population("b", 1, LIF()),
        Projection("ab", "a", "b", Pulse(), AllToAll(), 0 * mV),
    )
    with pytest.raises(DescriptionError):  # a weight in volts cannot take a plain number
        simulate(
            Network("wrong", dt=1 * ms).add(
                *network.populations.values(),
                Projection("ab", "a", "b", Pulse(), AllToAll(), 0 * mV, rules=FeatureReward()),
            )
        )
    network = Network("rewarded", dt=1 * ms)
    network.add(
        Population("reward", 1, Signal()),
        Population("a", 1, SpikeTrain(times=[2, 5] * ms, ids=[0, 0])),
        Population("c", 2, FeatureRelay()),
        Projection("ac", "a", "c", Pulse(port="g"), AllToAll(), 1.0, rules=FeatureReward()),
        Recorder("ac", "w"),
    )
    simulation = simulate(network)
    rewards = np.arange(10.0)[:, None]
    simulation.run(10 * ms, {"reward": rewards})
    w = simulation.recordings()["ac.w"].values[:, 0]
    np.testing.assert_array_equal(w, [1, 1, 1, 3, 3, 3, 8, 8, 8, 8])


def test_eligibility_and_dopamine_against_the_explicit_sum():
    network = Network("eligible", dt=1 * ms)
    network.add(
        Population("dopamine", 1, Signal()),
        Population("a", 1, SpikeTrain(times=[3] * ms, ids=[0])),
        Population("c", 1, FeatureRelay()),
        Projection("ac", "a", "c", Pulse(port="g"), AllToAll(), 1.0, rules=FeatureEligible()),
    )
    simulation = simulate(network)
    dopamine = np.zeros((40, 1))
    dopamine[20:25] = 2.0
    simulation.run(40 * ms, {"dopamine": dopamine})
    w, c = 1.0, 0.0
    for k in range(40):
        w, c = w + 1e-3 * c * dopamine[k, 0], c - 1e-3 * c / 0.1
        c += k == 3
    assert simulation.get("ac.w") == pytest.approx([w], rel=1e-12)


def test_offset_of_a_threshold_delays_the_next_spike_and_decays():
    network = Network("adaptive")
    network.add(
        Population("n", 1, LIF(E_L=-40 * mV), rules=FeatureThreshold()), Recorder("n"), Recorder("n", "v")
    )
    plain = Network("plain").add(Population("n", 1, LIF(E_L=-40 * mV)), Recorder("n"))
    adaptive, fixed = simulate(network), simulate(plain)
    adaptive.run(100 * ms)
    fixed.run(100 * ms)
    steps, reference = adaptive.recordings()["n.spikes"].steps, fixed.recordings()["n.spikes"].steps
    assert steps[0] == reference[0]
    assert len(steps) < len(reference)
    v = adaptive.recordings()["n.v"].values[:, 0]
    elapsed = steps[1] - steps[0]
    threshold = -50e-3 + 2e-3 * (1 - 1e-4 / 50e-3) ** elapsed
    # The state recorded one step after is the reset one; the last value before it lies just below the threshold.
    assert v[steps[1]] <= threshold < v[steps[1]] + 2e-4


def test_missing_modulator_and_wrong_matrix_are_refused_in_one_line():
    network = Network("missing").add(Population("a", 1, SpikeTrain()), Population("c", 1, FeatureRelay()))
    network.add(Projection("ac", "a", "c", Pulse(port="g"), AllToAll(), 1.0, rules=FeatureReward()))
    with pytest.raises(
        SignalMissing, match="needs the modulator 'reward'.*Population\\('reward', 1, Signal\\(\\)\\)"
    ):
        simulate(network)
    sparse = Network("sparse", dt=1 * second).add(
        Population("x", 2, Signal()), Population("y", 2, GradedUnit())
    )
    sparse.add(Projection("W", "x", "y", Graded(), Edges((0,), (1,)), 1.0, rules=FeatureMatrix()))
    with pytest.raises(DescriptionError, match="needs an all-to-all projection"):
        simulate(sparse)
    for text in ("W.real", "W @ open('x')", "[1]", "W.T.T.shape", "inv(W)"):
        with pytest.raises(DescriptionError):
            check_matrix_expression(text, "here")
    assert scalar_form("eta * (y @ x.T - solve(A, tril(y)))") == "eta * (y * x - y / A)"
