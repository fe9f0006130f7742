"""Pair STDP: the sum over all pairs of given spikes, the drift between independent trains, and its bounds."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import AllToAll, Network, OneToOne, Population, Probability, Projection, simulate
from neurosim.neurons import Poisson
from neurosim.rules import CoincidentSTDP, PairSTDP
from neurosim.synapses import Pulse
from neurosim.testing import Imposed, imposed_population
from tests.references import BOTH, EACH
from tests.rules.spike_pairs import after_trains

DT = 0.1 * ms
STEPS = 500
spikes = st.lists(st.integers(1, STEPS - 30), min_size=1, max_size=12, unique=True)


def learned(pre, post, rule, *, engine="fused", connect=None, delay=0, weight=0.5) -> float:
    """Return the weight after one presynaptic and one postsynaptic train (steps) have met."""
    network = Network("pair", DT).add(
        *imposed_population("a", 1, np.array(pre) * DT, np.zeros(len(pre)), DT),
        *imposed_population("b", 1, np.array(post) * DT, np.zeros(len(post)), DT),
        Projection("p", "a", "b", Pulse(), connect or AllToAll(), weight * mV, delay=delay * DT, rules=rule),
    )
    simulation = simulate(network, engine)
    simulation.run(STEPS * DT)
    return float(simulation.get("p.w")[0] / mV)


def by_events(pre, post, rule, weight: float) -> float:
    """Return the same by the list of spikes alone, bounds included; at one step the presynaptic spike comes first."""
    top = float(rule.w_max / mV)
    x = y = last = 0.0
    for step, kind in sorted([(s, "a pre") for s in pre] + [(s, "b post") for s in post]):
        passed = (step - last) * float(DT)
        x *= np.exp(-passed / float(rule.tau_pre))
        y *= np.exp(-passed / float(rule.tau_post))
        change = -rule.a_minus * y if kind == "a pre" else rule.a_plus * x
        weight = min(max(weight + top * change, 0.0), top)
        x, y, last = (x + 1, y, step) if kind == "a pre" else (x, y + 1, step)
    return weight


def over_pairs(pre, post, rule) -> float:
    """Return the change over w_max: the window summed over all pairs, a coincidence counted as potentiation."""
    apart = (np.array(post)[:, None] - np.array(pre)[None, :]) * float(DT)
    potentiation = rule.a_plus * np.exp(-apart[apart >= 0] / float(rule.tau_pre)).sum()
    depression = rule.a_minus * np.exp(apart[apart < 0] / float(rule.tau_post)).sum()
    return potentiation - depression


@pytest.mark.slow
@settings(max_examples=30)
@given(spikes, spikes, st.integers(0, 25), st.sampled_from([AllToAll(), Probability(1.0)]))
def test_change_is_the_sum_over_all_pairs(pre, post, delay, connect):
    rule = PairSTDP(a_plus=2e-3, a_minus=3e-3, tau_pre=15 * ms, tau_post=30 * ms, w_max=1 * mV)
    after = learned(pre, post, rule, connect=connect, delay=delay)
    arrivals = [step + delay for step in pre]
    assert after - 0.5 == pytest.approx(over_pairs(arrivals, post, rule), abs=1e-12)


@settings(max_examples=30)
@given(spikes, spikes, st.sampled_from([0.0, 1.0, 4.0]))
def test_bounds_hold_at_every_event(pre, post, weight):
    rule = PairSTDP(a_plus=0.7, a_minus=0.9, w_max=4 * mV)
    assert learned(pre, post, rule, weight=weight) == pytest.approx(
        by_events(pre, post, rule, weight), abs=1e-12
    )


@pytest.mark.parametrize("engine", BOTH)
def test_single_pairs_follow_the_window(engine):
    rule = PairSTDP(w_max=1 * mV)
    for apart, change in ((10, 0.01 * np.exp(-1 / 20)), (-10, -0.0105 * np.exp(-1 / 20)), (0, 0.01)):
        assert learned([100], [100 + apart], rule, engine=engine) - 0.5 == pytest.approx(change, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_drift_between_independent_trains(seed):
    # <dw/dt> = w_max (a_plus tau_pre - a_minus tau_post) r_pre r_post for Poisson trains, away from the bounds.
    n, rate, seconds = 50, 20.0, 20
    rule = PairSTDP(a_plus=4e-6, a_minus=1e-6, tau_pre=10 * ms, tau_post=20 * ms, w_max=1 * mV)
    network = Network("drift", DT).add(
        Population("a", n, Poisson(rate=rate * Hz)),
        Population("b_train", n, Poisson(rate=rate * Hz)),
        Population("b", n, Imposed()),
        Projection("kick", "b_train", "b", Pulse(port="kick"), OneToOne(), 1.0),
        Projection("p", "a", "b", Pulse(), AllToAll(), 0.5 * mV, rules=rule),
    )
    simulation = simulate(network, seed=seed)
    simulation.run(seconds * second)
    drift = (np.mean(simulation.get("p.w") / mV) - 0.5) / seconds
    assert drift == pytest.approx((4e-6 * 0.010 - 1e-6 * 0.020) * rate**2, rel=0.05)


# Spikes of one step --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", EACH)
def test_what_a_pair_of_one_step_does_is_a_choice(engine):
    choices = {"neither": (0, 0), "potentiate": (1, 0), "depress": (0, 1), "both": (1, 1)}
    rules = {
        name: CoincidentSTDP(potentiate=plus, depress=minus, a_plus=0.1, a_minus=0.2)
        for name, (plus, minus) in choices.items()
    }
    rules["order"] = PairSTDP(a_plus=0.1, a_minus=0.2)
    # One pair in a step, then one in which the presynaptic spike comes 5 ms earlier, then one of the other order.
    trains = [[10], [10], [10]], [[10], [15], [5]]
    found = after_trains(*trains, rules, 1 * ms, 20, 0.5, engine)
    later, earlier = 0.1 * np.exp(-5 / 20), -0.2 * np.exp(-5 / 20)
    for name, (plus, minus) in (*choices.items(), ("order", (1, 0))):
        expected = 0.5 + np.array([0.1 * plus - 0.2 * minus, later, earlier])
        assert found[name] == pytest.approx(expected, rel=1e-12)
