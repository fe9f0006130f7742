"""Numerical methods of rules: variables per synapse, weights and gains against closed forms, on every engine."""

import numpy as np
import pytest
from brian2 import ms, second

from neurosim import (
    AllToAll,
    Network,
    NeuronRule,
    OneToOne,
    Population,
    Projection,
    SynapticRule,
    own,
    parameter,
    simulate,
    synapse,
)
from neurosim.errors import DescriptionError
from neurosim.model.rule import RULE_METHODS
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rules import RewardSTDP
from neurosim.synapses import Graded
from neurosim.testing import imposed_population
from tests.rules.spike_pairs import PULSE

ENGINES = ("fused", "brian2", "jax")


class Relaxing(SynapticRule):
    """dc/dt = -c/tau, dw/dt = (c - w)/tau: w = (t/tau) exp(-t/tau)."""

    tau = parameter(10 * ms, "time constant", low=0 * ms)
    c = synapse.variable("dc/dt = -c/tau", initial=1.0)
    dw = "(c - w)/tau"


RULES = {
    method: type(f"Relaxing{method.title()}", (Relaxing,), {"method": method}) for method in RULE_METHODS
}
ORDERS = {"euler": 1, "heun": 2, "rk2": 2, "rk4": 4}


def error(rule, dt, engine="fused"):
    network = Network("relaxing", dt=dt).add(
        Population("a", 1, Signal()),
        Population("b", 1, LeakyRate()),
        Projection("p", "a", "b", Graded(), AllToAll(), 0.0, rules=rule),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(10 * ms)
    assert simulation.get(f"p.{rule.prefix}_c")[0] > 0
    return abs(float(simulation.get("p.w")[0]) - np.exp(-1))


@pytest.mark.parametrize(
    "method", [pytest.param(m, marks=pytest.mark.slow) if m in ("rk2", "rk4") else m for m in ORDERS]
)
def test_a_method_has_its_order(method):
    coarse, fine = (error(RULES[method](), dt) for dt in (1 * ms, 0.5 * ms))
    assert np.log2(coarse / fine) == pytest.approx(ORDERS[method], abs=0.15)


@pytest.mark.parametrize("engine", ["fused", "jax"])
def test_the_exact_method_has_no_error_even_where_time_constants_coincide(engine):
    assert error(RULES["exact"](), 5 * ms, engine) < 1e-15


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES[1:])
@pytest.mark.parametrize("method", ["rk4", "exponential_euler"])
def test_engines_agree(method, engine):
    rule = RULES[method]()
    assert error(rule, 1 * ms, engine) == pytest.approx(error(rule, 1 * ms), rel=1e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_eligibility_turns_into_weight_as_in_closed_form(engine):
    dt, apart, until = 1 * ms, 0.004, 0.101
    times = (np.array([0.1 - apart]), np.array([0.1]))
    pairs = [
        p for n, t in zip("ab", times, strict=True) for p in imposed_population(n, 1, t * second, [0], dt)
    ]
    network = Network("rewarded", dt).add(
        *pairs,
        Population("dopamine", 1, Signal()),
        Projection("p", "a", "b", PULSE, OneToOne(), 2.0, rules=RewardSTDP(w_max=4.0)),
    )
    simulation = simulate(network, engine=engine)
    simulation.run((until + 0.5) * second, {"dopamine": [0.5]})
    expected = 4.0 * 0.5 * 0.025 * np.exp(-apart / 0.020) * (1 - np.exp(-0.5))
    assert simulation.get("p.w") - 2 == pytest.approx([expected], rel=1e-10)


class SlowGain(NeuronRule):
    """dg/dt = -g/tau."""

    tau = parameter(10 * ms, "time constant", low=0 * ms)
    method = "exact"
    g = own.gain("output")
    dg = "-g/tau"


@pytest.mark.parametrize("engine", ENGINES)
def test_gains_have_methods_too(engine):
    network = Network("gain", dt=5 * ms).add(Population("p", 2, GradedUnit(), rules=SlowGain()))
    simulation = simulate(network, engine=engine)
    simulation.run(10 * ms)
    assert simulation.get("p.slow_gain_g") == pytest.approx(np.exp([-1, -1]), rel=1e-14)


def test_methods_that_do_not_go_together_or_do_nothing_are_rejected():
    rules = (RULES["rk4"](), RULES["euler"]())
    network = Network("both").add(
        Population("a", 1, Signal()),
        Population("b", 1, LeakyRate()),
        Projection("p", "a", "b", Graded(), AllToAll(), 0.0, rules=rules),
    )
    with pytest.raises(DescriptionError, match="changes 'w' by the method 'rk4', RelaxingEuler by 'euler'"):
        simulate(network)
    with pytest.raises(DescriptionError, match="OddMethod.method = 'rk5': did you mean"):
        type("OddMethod", (Relaxing,), {"method": "rk5"})
    with pytest.raises(DescriptionError, match="OddEvents.method has no effect"):
        type("OddEvents", (SynapticRule,), {"method": "rk4", "clock": "spike", "on_pre": "w += 1"})
