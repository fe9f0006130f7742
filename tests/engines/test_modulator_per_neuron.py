"""A modulator of as many units as a rule's neurons: each neuron reads its own."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from neurosim import (
    AllToAll,
    Network,
    NeuronRule,
    Population,
    Probability,
    Projection,
    SynapticRule,
    modulator,
    own,
    parameter,
    post,
    pre,
    simulate,
    synapse,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.synapses import Graded, ScaledPulse
from neurosim.testing import imposed_population
from tests.references import BOTH, EACH

DT, STEPS = 1e-3, 20


class PerNeuronError(SynapticRule):
    """dw/dt = eta*L*c, dc/dt = (L - c)/tau, dm/dt = (L - m)/tau; w += L before, w += m at a postsynaptic spike."""

    eta = parameter(20 / second, "rate")
    tau = parameter(5 * ms, "time constant")
    L = modulator("error", "error of each neuron")
    c = synapse.variable("dc/dt = (L - c)/tau")
    m = post.trace("dm/dt = (L - m)/tau")
    clock = "spike"
    on_pre = "w += L"
    on_post = "w += m"
    dw = "eta * L * c"


class PerNeuronGain(NeuronRule):
    """dg/dt = eta*L."""

    eta = parameter(20 / second, "rate")
    L = modulator("error", "error of each neuron")
    g = own.gain("I")
    dg = "eta * L"


class PerNeuronRate(SynapticRule):
    """dw/dt = eta*L*x."""

    eta = parameter(20 / second, "rate")
    L = modulator("error", "error of each neuron")
    x = pre.activity
    dw = "eta * L * x"


FEEDBACK = np.array([[1.0, 0.5], [-1.0, 0.0], [0.25, 2.0]])
GIVEN = np.random.default_rng(0).normal(size=(STEPS, 2))
ERROR = GIVEN @ FEEDBACK.T


def projected():
    """Return the parts that project two errors to three units, one for each neuron."""
    return (
        Population("wrong", 2, Signal()),
        Population("error", 3, GradedUnit(transfer="identity")),
        Projection("feedback", "wrong", "error", Graded(), AllToAll(), FEEDBACK),
    )


@pytest.mark.parametrize(
    ("engine", "connect"),
    [("fused", AllToAll()), ("fused", Probability(0.7)), ("brian2", Probability(0.7)), ("jax", AllToAll())],
)
def test_each_synapse_reads_the_signal_of_its_neuron(engine, connect):
    network = Network("errors", DT * second).add(
        *imposed_population("a", 4, np.full(4, 5) * ms, np.arange(4), 1 * ms),
        *imposed_population("b", 3, np.full(3, 9) * ms, np.arange(3), 1 * ms),
        Projection("p", "a", "b", ScaledPulse(quantum=0 * mV), connect, 0.0, rules=PerNeuronError()),
        *projected(),
    )
    simulation = simulate(network, engine, seed=1)
    simulation.run(STEPS * ms, {"wrong": GIVEN})
    w, c, m = np.zeros(3), np.zeros(3), np.zeros(3)
    for step, error in enumerate(ERROR):
        w, c = w + DT * 20 * error * c, c + DT * (error - c) / 5e-3
        m = error + (m - error) * np.exp(-1 / 5)
        w += error * (step == 5) + m * (step == 9)
    np.testing.assert_allclose(simulation.get("p.w"), w[simulation.edges("p")[1]], rtol=1e-12)


@pytest.mark.parametrize("engine", EACH)
def test_each_neuron_of_a_population_reads_its_own_signal(engine):
    network = Network("gains", DT * second).add(
        *projected(), Population("b", 3, LeakyRate(), rules=PerNeuronGain())
    )
    simulation = simulate(network, engine)
    simulation.run(STEPS * ms, {"wrong": GIVEN})
    known = 1 + DT * 20 * ERROR.sum(axis=0)
    np.testing.assert_allclose(simulation.get("b.per_neuron_gain_g"), known, rtol=1e-12)


@pytest.mark.parametrize("engine", BOTH)
def test_learning_reads_the_signal_of_its_own_step_though_that_is_worked_out_after_its_sum(engine):
    # The plastic projection is summed before the errors are; its learning must not be joined to that sum.
    network = Network("order", DT * second).add(
        Population("x", 2, Signal()),
        Population("b", 3, LeakyRate()),
        Projection("p", "x", "b", Graded(), AllToAll(), 0.0, rules=PerNeuronRate()),
        *projected(),
    )
    simulation = simulate(network, engine)
    simulation.run(STEPS * ms, {"wrong": GIVEN, "x": np.ones(2)})
    known = np.repeat(DT * 20 * ERROR.sum(axis=0)[:, None], 2, axis=1)
    np.testing.assert_allclose(simulation.matrix("p"), known, rtol=1e-12)


class PerNeuronMisread(SynapticRule):
    """A presynaptic trace that follows what belongs to postsynaptic neurons."""

    tau = parameter(5 * ms, "time constant")
    L = modulator("error", "error of each neuron")
    x = pre.trace("dx/dt = (L - x)/tau")
    clock = "spike"
    on_pre = "w += x"


class PerNeuronMiswritten(SynapticRule):
    """A presynaptic trace that is changed by what belongs to postsynaptic neurons."""

    tau = parameter(5 * ms, "time constant")
    L = modulator("error", "error of each neuron")
    x = pre.trace("dx/dt = -x/tau")
    clock = "spike"
    on_pre = "x += L"


@pytest.mark.parametrize(
    ("rule", "size", "message"),
    [
        (PerNeuronError(), 2, r"PerNeuronError on projection 'p': its modulator 'error' has 2 units: give it 1, or 3"),
        (PerNeuronMisread(), 3, r"projection 'p': dper_neuron_misread_x/dt reads 'output__of__error'"),
        (PerNeuronMiswritten(), 3, r"projection 'p': 'per_neuron_miswritten_x' is kept per presynaptic neuron, but"),
    ],
)  # fmt: skip
def test_a_signal_of_another_size_or_at_the_wrong_end_is_refused(rule, size, message):
    network = Network("refused", DT * second).add(
        *imposed_population("a", 4, [5] * ms, np.zeros(1), 1 * ms),
        *imposed_population("b", 3, [9] * ms, np.zeros(1), 1 * ms),
        Projection("p", "a", "b", ScaledPulse(quantum=0 * mV), AllToAll(), 0.0, rules=rule),
        Population("error", size, Signal()),
    )
    with pytest.raises(DescriptionError, match=message) as caught:
        simulate(network)
    assert "\n" not in str(caught.value)
