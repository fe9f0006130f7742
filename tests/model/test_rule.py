"""What a rule may speak of: its own neuron, or the two ends of a synapse."""

import numpy as np
import pytest
from brian2 import second

from neurosim import NeuronRule, StructuralRule, SynapticRule, own, parameter, post, pre, synapse
from neurosim.errors import DescriptionError
from neurosim.model.registries import rules
from neurosim.model.structural import updated

ETA = parameter(1 / second, "rate")


@pytest.mark.parametrize(
    ("base", "facts", "message"),
    [
        (NeuronRule, {"x": pre.activity}, "Misplaced.x is of 'pre': make it with own"),
        (
            NeuronRule,
            {"x": synapse.variable("dx/dt = -x*eta")},
            "Misplaced.x is of 'synapse': make it with own",
        ),
        (SynapticRule, {"x": own.activity}, "Misplaced.x is of 'own': make it with pre or post or synapse"),
        (SynapticRule, {"x": own.trace("dx/dt = -x*eta")}, "Misplaced.x is of 'own'"),
        (SynapticRule, {"x": pre.trace("dy/dt = -y*eta")}, "its equation is written for 'y'"),
        (SynapticRule, {"clock": "spikes"}, "clock = 'spikes': did you mean 'spike'"),
    ],
)
def test_misplaced_facts_are_refused_when_the_class_is_made(base, facts, message):
    with pytest.raises(DescriptionError, match=message):
        type("Misplaced", (base,), {"eta": ETA, **facts}, abstract=True)


@pytest.mark.parametrize(
    "equation", ["x = -x", "dx = -x", "dx/dt = tnh(x)", "dx/dt = x.T", "dx/dt = ", "dx/dt = 2**2**2**2**2"]
)
def test_a_trace_needs_an_equation(equation):
    with pytest.raises(DescriptionError, match="^trace "):
        post.trace(equation)


def test_facts_are_inherited_and_citations_read():
    class First(SynapticRule, abstract=True):
        """A rule.

        Source: Hebb 1949,
        The Organization of Behavior.
        """

        eta = ETA
        x = pre.activity
        dw = "eta * x"

    class Second(First, abstract=True):
        y = post.activity
        dw = "eta * x * y"

    assert set(Second.signals) == {"x", "y"} and set(First.signals) == {"x"}
    assert First.citation() == "Hebb 1949, The Organization of Behavior."
    assert First().prefix == "first" and Second(eta=2 / second).eta == 2 / second


@pytest.mark.parametrize(
    ("base", "facts", "message"),
    [
        (
            SynapticRule,
            {"on_prespike": "w += eta"},
            "Facts.on_prespike is not a fact of a rule: did you mean 'on_pre'?",
        ),
        (
            SynapticRule,
            {"On_post": "w += eta"},
            "Facts.On_post is not a fact of a rule: did you mean 'on_post'?",
        ),
        (SynapticRule, {"then": (0, 1)}, r"Facts.then = \(0, 1\): give bounds, as Bounds\(0, 'w_max'\)"),
        (SynapticRule, {"dw": 2.0}, "Facts.dw = 2.0 is not text"),
        (
            NeuronRule,
            {"g": own.gain("I"), "dG": "eta * g"},
            "Facts.dG is not a fact of a rule: did you mean 'dg'?",
        ),
        (StructuralRule, {}, r"Facts has no step: write step\(self, mask, w, signal, t, rng\)"),
    ],
)
def test_what_would_change_nothing_is_refused_when_the_class_is_made(base, facts, message):
    with pytest.raises(DescriptionError, match=message):
        type("Facts", (base,), {"eta": ETA, **facts})
    assert rules.held("Facts") is None


def test_a_text_of_ones_own_begins_with_an_underscore():
    class Annotated(SynapticRule, abstract=True):
        _note = "mine"
        on_pre = "w += 1"

    assert type("Annotated2", (Annotated,), {"_other": "mine too"})()._note == "mine"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"default": "10 ms"}, "parameter 'rate' is '10 ms', which is not a number, quantity"),
        ({"default": 5.0, "low": 6}, "parameter 'rate' = 5 .* lies below its bound 6"),
        ({"default": float("nan")}, "parameter 'rate' holds a value that is not finite"),
    ],
)
def test_a_default_is_checked_when_it_is_declared(facts, message):
    with pytest.raises(DescriptionError, match=message):
        parameter(doc="rate", **facts)


@pytest.mark.parametrize(
    ("returned", "message"),
    [(None, "returned NoneType: return"), (np.zeros(3, bool), "returned ndarray: return")],
)
def test_a_structural_rule_returns_two_arrays(returned, message):
    rule = type("Returns", (StructuralRule,), {"step": lambda *_: returned}, abstract=True)()
    with pytest.raises(DescriptionError, match=rf"Returns.step {message} \(drop, grow\)"):
        updated(rule, np.ones(3, bool), np.ones(3), {}, 1, np.random.default_rng(0))
