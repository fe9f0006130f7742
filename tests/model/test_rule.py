"""What a rule may speak of: its own neuron, or the two ends of a synapse."""

import pytest
from brian2 import second

from neurosim import NeuronRule, SynapticRule, own, parameter, post, pre, synapse
from neurosim.errors import DescriptionError

ETA = parameter(1 / second, "rate")


@pytest.mark.parametrize(
    ("base", "facts", "message"),
    [
        (NeuronRule, {"x": pre.activity}, "Misplaced.x is of 'pre': make it by own"),
        (
            NeuronRule,
            {"x": synapse.variable("dx/dt = -x*eta")},
            "Misplaced.x is of 'synapse': make it by own",
        ),
        (SynapticRule, {"x": own.activity}, "Misplaced.x is of 'own': make it by pre or post or synapse"),
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
