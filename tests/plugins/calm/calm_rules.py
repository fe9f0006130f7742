"""A rule of another package."""

from brian2 import second

from neurosim import Bounds, SynapticRule, parameter, post, pre


class CalmHebb(SynapticRule):
    """Hebbian growth that calms down: the weight follows the product of the activities, slowly.

    dw/dt = (gain*x*y - w)/tau, 0 <= w <= w_max;  x, y pre- and postsynaptic activity (1), w weight (1), gain (1),
    tau time constant (s).
    Source: none, an example.
    """

    tau = parameter(1 * second, "time constant", low=0 * second)
    gain = parameter(0.5, "weight at activities of 1", low=0.0)
    w_max = parameter(1.0, "largest weight", of_weight=True)
    clock = "continuous"
    x, y = pre.activity, post.activity
    dw = "(gain*x*y - w)/tau"
    then = Bounds(0, "w_max")
