"""Every rule that sets bounds keeps its weights within them, under random drive and whatever its parameters."""

import numpy as np
import pytest
from brian2 import mV
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from neurosim.compiler.equations.forms import Limit
from neurosim.engines import get_engine
from neurosim.errors import RunFailed
from neurosim.model.expressions import Statement
from neurosim.model.rule import SynapticRule
from neurosim.rules import registry
from neurosim.testing import RATE, SPIKING
from neurosim.testing.clauses.runs import extremes
from neurosim.testing.trial import Trial

FUSED = get_engine("fused")
OURS = [name for name in registry if registry.get(name).__module__.startswith("neurosim.rules.")]
BOUNDED = [name for name in OURS if issubclass(registry.get(name), SynapticRule) and registry.get(name).then]


@st.composite
def far_off(draw, rule):
    """Draw a rule whose parameters are from a tenth to 100 times its own, of either sign where no bound forbids that.

    What has the unit of the weight is positive, and a number or in mV.
    """
    unit, drawn = draw(st.sampled_from([1.0, 1 * mV])), {}
    for name, declared in rule.parameters.items():
        value = getattr(rule, name) or 0.01  # a term that is switched off by default
        most = 100.0 if declared.high is None else float(declared.high / value)
        either = declared.low is None and not declared.of_weight
        sign = draw(st.sampled_from([1, -1])) if either else 1
        drawn[name] = sign * draw(st.floats(0.1, most)) * value * (unit if declared.of_weight else 1)
    return rule.replace(**drawn)


def check(name, examples, **how):
    """Run a rule on the usual networks that have its signals, from weights at the bounds."""
    rule = registry.get(name).example()
    hosts = [host for host in (SPIKING, RATE) if not Trial(rule, host, [FUSED], 0).missing()]

    @settings(max_examples=examples, **how)
    @given(far_off(rule), st.sampled_from(hosts), st.integers(0, 2**32))
    def held(changed, host, seed):
        trial = Trial(changed, host, [FUSED], seed)
        low, high = trial.limits
        assert not np.isinf([low, high]).all()
        smallest, largest = extremes(trial, seed)
        assert low <= smallest <= largest <= high

    held()


# Rules that another one shares its terms with: they are tried with the slow tests.
KIN = {
    "ClopathSTDP",
    "CoincidentSTDP",
    "FoldiakLateral",
    "HomeostaticClopathSTDP",
    "MultiplicativeSTDP",
    "NearestSTDP",
    "NearestTripletSTDP",
    "PowerLawSTDP",
    "RewardSTDP",
    "SuccessSTDP",
    "TripletSTDP",
    "VogelsInhibitory",
}


@pytest.mark.parametrize("examples", [15, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in KIN else name for name in BOUNDED]
)
def test_weights_stay_within_the_bounds(name, examples):
    check(name, examples)


@pytest.mark.slow
@pytest.mark.parametrize("name", BOUNDED)
def test_without_bounds_every_rule_leaves_them(name, monkeypatch):
    # That the test above sees a bound that is not kept.
    nothing = property(lambda limit: Statement(limit.variable, "=", limit.variable))
    monkeypatch.setattr(Limit, "statement", nothing)
    with pytest.raises((AssertionError, RunFailed)):
        check(name, 15, phases=[Phase.generate], report_multiple_bugs=False)
