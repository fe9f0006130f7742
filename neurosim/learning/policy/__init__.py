"""Policy gradient: roll-outs with noise in the compiled loop, replayed without the body, and a clipped objective.

`Arena(..., explore=Exploration("torque", 0.1, ("angle",)))` collects roll-outs; a `PolicyGradient` learns from them.
"""

from neurosim.extras import optional
from neurosim.learning.exploration import Exploration
from neurosim.learning.rollout import Rollout, advantages

with optional():
    from neurosim.learning.policy.gradient import PolicyGradient, Progressed
    from neurosim.learning.policy.readout import with_value
    from neurosim.learning.policy.terms import clipped, log_ratio, value_error

__all__ = [
    "Exploration",
    "PolicyGradient",
    "Progressed",
    "Rollout",
    "advantages",
    "clipped",
    "log_ratio",
    "value_error",
    "with_value",
]
