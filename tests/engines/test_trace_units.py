"""Variables of rules that have a unit and a value at the start, and parameters without default."""

import numpy as np
import pytest
from brian2 import ms, mV, second, volt

from neurosim import (
    AllToAll,
    Network,
    NeuronRule,
    Population,
    Projection,
    SynapticRule,
    own,
    parameter,
    post,
    simulate,
    synapse,
)
from neurosim.errors import DescriptionError
from neurosim.model.parameters import parameter_table
from neurosim.neurons import LIF
from neurosim.synapses import ScaledPulse
from neurosim.testing import imposed_population
from tests.references import EACH


class UnitsFiltered(SynapticRule):
    """dlow/dt = (v - low)/tau, dslow/dt = (low - slow)/tau; slow starts at rest, and w += gain*low when b spikes."""

    tau = parameter(7 * ms, "time constant")
    gain = parameter(2 / volt, "gain")
    rest = parameter(-70 * mV, "where slow starts")
    v = post.v
    low = post.trace("dlow/dt = (v - low)/tau", initial=-60 * mV)
    slow = synapse.variable("dslow/dt = (low - slow)/tau", initial="rest")
    clock = "spike"
    on_post = "w += gain * low"


class UnitsAdapted(NeuronRule):
    """dx/dt = -x/tau, x -= step at a spike; the offset follows x."""

    tau = parameter(7 * ms, "time constant")
    x = own.trace("dx/dt = -x/tau", initial=3 * mV)
    b = own.offset("v_threshold")
    db = "(x - b)/tau"
    on_spike = "x += 1*x"


def filtered(rule):
    return Network("filtered", 1 * ms).add(
        *imposed_population("a", 1, [3] * ms, np.zeros(1), 1 * ms),
        *imposed_population("b", 2, [6, 9] * ms, np.arange(2), 1 * ms),
        Projection("p", "a", "b", ScaledPulse(quantum=0 * mV), AllToAll(), 0.0, rules=rule),
    )


@pytest.mark.parametrize("engine", EACH)
def test_a_trace_follows_the_potential_in_volts(engine):
    simulation = simulate(filtered(UnitsFiltered()), engine)
    potentials = []
    for _ in range(12):
        potentials.append(np.array(simulation.get("b.v")))
        simulation.run(1 * ms)
    low, slow, w = np.full(2, -0.060), np.full(2, -0.070), np.zeros(2)
    for step, v in enumerate(potentials):
        low, slow = v + (low - v) * np.exp(-1 / 7), slow + (low - slow) / 7
        w += 2 * low * (np.array([6, 9]) == step)
    assert simulation.get("p.units_filtered_low").dim is volt.dim
    np.testing.assert_allclose(np.asarray(simulation.get("p.units_filtered_low")), low, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(simulation.get("p.units_filtered_slow")), slow, rtol=1e-12)
    np.testing.assert_allclose(simulation.get("p.w"), w, rtol=1e-12)


@pytest.mark.parametrize("engine", EACH)
def test_a_variable_of_a_neuron_rule_has_a_unit(engine):
    network = Network("adapted", 1 * ms).add(Population("b", 1, LIF(E_L=-60 * mV), rules=UnitsAdapted()))
    simulation = simulate(network, engine)
    simulation.run(2 * ms)
    x = [0.003, 0.003 * (1 - 1 / 7)]
    np.testing.assert_allclose(
        np.asarray(simulation.get("b.units_adapted_x")), x[1] * (1 - 1 / 7), rtol=1e-12
    )
    np.testing.assert_allclose(
        np.asarray(simulation.get("b.units_adapted_b")), x[0] / 7 * (6 / 7) + x[1] / 7, rtol=1e-12
    )


class UnitsRequired(SynapticRule):
    """dw/dt = -w*scale/(scale*tau)."""

    scale = parameter(1 * volt, "scale of the potential", required=True)
    size = parameter(1.0, "size of a step", required=True, of_weight=True)
    tau = parameter(7 * ms, "time constant")
    dw = "-size*w*scale/(scale*tau)"


def test_a_required_parameter_must_be_given():
    with pytest.raises(
        DescriptionError,
        match=r"^UnitsRequired\.scale \(scale of the potential\) has no default: give a value in V$",
    ):
        UnitsRequired()
    with pytest.raises(DescriptionError, match=r"^UnitsRequired\.size \(.*\) has no default: .* the weight$"):
        UnitsRequired(scale=2 * volt)
    rule = UnitsRequired(scale=2 * volt, size=3.0)
    assert rule.scale == 2 * volt and rule.replace(tau=1 * ms).size == 3.0
    assert UnitsRequired.example().scale == 1 * volt
    assert parameter_table(UnitsRequired)[0][:3] == ("scale", "required", "V")


def test_units_that_do_not_fit_are_refused():
    class UnitsWrong(UnitsFiltered):
        low = post.trace("dlow/dt = (v - low)/tau")
        on_post = "w += low"

    class UnitsSecond(UnitsFiltered):
        low = post.trace("dlow/dt = (v - low)/tau", initial=3 * second)

    class UnitsMany(UnitsFiltered):
        low = post.trace("dlow/dt = (v - low)/tau", initial=[1, 2] * mV)

    for rule, message in (
        (UnitsWrong(), r"projection 'p', dunits_wrong_low/dt: '.*': .*: correct the units"),
        (UnitsSecond(), r"projection 'p', .*: correct the units"),
        (UnitsMany(), r"UnitsMany on projection 'p', low at the start is an array of shape \(2,\): give one"),
    ):
        with pytest.raises(DescriptionError, match=message) as caught:
            simulate(filtered(rule))
        assert "\n" not in str(caught.value)
    with pytest.raises(
        DescriptionError,
        match=r"^UnitsStart\.x: it starts at 'taw', which is not a parameter: did you mean 'tau'\?",
    ):
        type(
            "UnitsStart",
            (SynapticRule,),
            {"tau": parameter(1 * ms, "t"), "x": post.trace("dx/dt = -x/tau", initial="taw")},
        )
