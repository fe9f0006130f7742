"""What a rule is tried with: rules whose variables it reads, and updates that are frequent enough for a short run."""

from __future__ import annotations

from brian2 import ms

from neurosim.model.rule import Rule
from neurosim.model.structural import GRADIENT, StructuralRule
from neurosim.rules.activity_covariance import ActivityCovariance

INTERVAL = 10 * ms
STAND_IN = "activity_covariance_c"


def as_tried(rule: Rule) -> Rule:
    """Return the rule as it is tried: a structural rule every 10 ms, with a covariance in place of a gradient.

    A structural rule that starts with a fraction of its connections starts with half of them.
    """
    if not isinstance(rule, StructuralRule):
        return rule
    local = {name: STAND_IN for name, variable in rule.gradients.items() if variable == GRADIENT}
    sparse = {"density": 0.5} if 0 < rule.density < 1 else {}
    tried = rule.replace(interval=INTERVAL, **local, **sparse)
    assert isinstance(tried, StructuralRule)
    return tried


def beside(rule: Rule) -> tuple[Rule, ...]:
    """Return the rules that are put beside a rule."""
    if not isinstance(rule, StructuralRule):
        return ()
    local = (ActivityCovariance(),) if STAND_IN in rule.gradients.values() else ()
    return (*rule.beside, *local)
