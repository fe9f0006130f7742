"""Rules compose: gates, bounds, weight dependence, a homeostatic rule beside a Hebbian one, in a defined order."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from neurosim import (
    AllToAll,
    Network,
    Population,
    Projection,
    SynapticRule,
    modulator,
    parameter,
    pre,
    simulate,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import GradedUnit, Signal, SpikeTrain
from neurosim.rules import (
    MultiplicativeSTDP,
    Oja,
    OjaSubspace,
    PairSTDP,
    SynapticScaling,
    WeightNormalisation,
)
from neurosim.synapses import Graded, ScaledPulse
from neurosim.testing import imposed_population
from tests.references import EACH

ENGINES = ["fused", "brian2"]


class GatedSTDP(PairSTDP):
    """As PairSTDP, while attention lets it."""

    attention = modulator("attention", "what multiplies every change")
    gate = "attention"


class GatedMultiplicativeSTDP(MultiplicativeSTDP):
    """As MultiplicativeSTDP, while attention lets it."""

    attention = modulator("attention", "what multiplies every change")
    gate = "attention"


class GatedOja(Oja):
    """As Oja, while attention lets it."""

    attention = modulator("attention", "what multiplies every change")
    gate = "attention"


class GatedSubspace(OjaSubspace):
    """As OjaSubspace, while attention lets it."""

    attention = modulator("attention", "what multiplies every change")
    gate = "attention"


def paired(engine, *rules, attention=1.0, lag=5):
    """Return the change of a weight of 0.5 by one pair of spikes, the postsynaptic one `lag` ms later."""
    network = Network("pair", 0.1 * ms).add(
        Population("attention", 1, Signal(), {"value": attention}),
        Population("a", 1, SpikeTrain(times=[50] * ms, ids=[0])),
        *imposed_population("b", 1, [50 + lag] * ms, np.zeros(1)),
        Projection("p", "a", "b", ScaledPulse(quantum=0 * mV), AllToAll(), 0.5, rules=rules),
    )
    simulation = simulate(network, engine)
    simulation.run(100 * ms)
    return float(simulation.get("p.w")[0]) - 0.5


@pytest.mark.parametrize("engine", EACH)
def test_a_gate_multiplies_every_change_at_spikes_and_leaves_traces_alone(engine):
    up = 0.01 * np.exp(-5 / 20)
    assert paired(engine, GatedSTDP(), attention=0.5) == pytest.approx(0.5 * up, rel=1e-9)
    assert paired(engine, GatedSTDP(), attention=0.0) == 0
    # Gate and weight dependence together: depression is a fraction of the weight.
    down = -0.003 * 0.5 * np.exp(-5 / 20)
    assert paired(engine, GatedMultiplicativeSTDP(), attention=2.0, lag=-5) == pytest.approx(
        2 * down, rel=1e-9
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_bounds_hold_after_a_gated_change(engine):
    assert paired(engine, GatedSTDP(), attention=1e3) == 0.5  # up to w_max = 1


def rated(*rules, attention=1.0, engine="fused", steps=1):
    """Return the weights from three inputs of 1, 2 and 0 onto a linear unit after some steps of 1 ms."""
    network = Network("rates", 1 * ms).add(
        Population("attention", 1, Signal(), {"value": attention}),
        Population("a", 3, Signal(), {"value": [1.0, 2.0, 0.0]}),
        Population("b", 1, GradedUnit(transfer="identity")),
        Projection("p", "a", "b", Graded(), AllToAll(), np.array([[0.2, 0.1, 0.4]]), rules=rules),
    )
    simulation = simulate(network, engine)
    simulation.run(steps * ms)
    return simulation.matrix("p")[0]


W, X = np.array([0.2, 0.1, 0.4]), np.array([1.0, 2.0, 0.0])
Y = W @ X


@pytest.mark.slow
def test_a_gate_multiplies_a_course_and_a_matrix():
    step = 1e-3 * 0.01 * Y * (X - Y * W)
    for rule in (GatedOja(), GatedSubspace()):
        np.testing.assert_allclose(rated(rule, attention=3.0) - W, 3 * step, rtol=1e-9)
        np.testing.assert_array_equal(rated(rule, attention=0.0), W)


@pytest.mark.parametrize("engine", EACH)
def test_a_homeostatic_rule_beside_a_gated_hebbian_one_adds_its_own_change(engine):
    # Differential equations add up, whatever the order; the gate is that of one rule alone.
    oja, scaling = 1e-3 * 0.01 * Y * (X - Y * W), 1e-3 * 0.1 * W * (1 - Y)
    for rules in ((GatedOja(), SynapticScaling()), (SynapticScaling(), GatedOja())):
        found = rated(*rules, attention=2.0, engine=engine) - W
        np.testing.assert_allclose(found, 2 * oja + scaling, rtol=1e-9)


def test_what_follows_all_changes_sees_the_changes_of_the_step():
    learned = W + 2e-3 * 0.01 * Y * (X - Y * W)
    for rules in ((GatedOja(), WeightNormalisation()), (WeightNormalisation(), GatedOja())):
        np.testing.assert_allclose(rated(*rules, attention=2.0), learned / learned.sum(), rtol=1e-9)


class Doubled(SynapticRule):
    """w += w at a presynaptic spike;  w weight (1). Source: none."""

    clock = "spike"
    on_pre = "w += w"


class Raised(SynapticRule):
    """w += step at a presynaptic spike;  w weight (1), step (1). Source: none."""

    step = parameter(0.1, "step")
    clock = "spike"
    on_pre = "w += step"


@pytest.mark.parametrize("engine", EACH)
def test_changes_at_one_spike_follow_in_the_order_of_the_rules(engine):
    assert paired(engine, Doubled(), Raised()) == pytest.approx(2 * 0.5 + 0.1 - 0.5)
    assert paired(engine, Raised(), Doubled()) == pytest.approx(2 * (0.5 + 0.1) - 0.5)


class Misgated(Doubled):
    """w += w. Source: none."""

    gate = "atention"


class GatedSetter(SynapticRule):
    """w = x at a presynaptic spike. Source: none."""

    tau = parameter(1 * second, "time constant")
    x = pre.trace("dx/dt = -x/tau")
    gate = "x"
    clock = "spike"
    on_pre = "w = x"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Misgated(), r"Misgated on projection 'p': gate 'atention' is no symbol of it: known: w"),
        (
            GatedSetter(),
            r"GatedSetter on projection 'p': a gate multiplies changes, but 'w = .*' sets the weight: write 'w \+=",
        ),
    ],
)
def test_a_gate_that_cannot_be_is_refused_in_one_line(rule, message):
    with pytest.raises(DescriptionError, match=f"^{message}"):
        paired("fused", rule)
