"""Oja's rule."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class Oja(SynapticRule):
    """Oja's rule: Hebbian growth that normalises itself.

    dw/dt = eta * y * (x - y*w);  x, y pre- and postsynaptic activity (1), w weight (1), eta learning rate (1/s).
    Source: Oja 1982, J. Math. Biol. 15:267, doi:10.1007/BF00275687.
    Checked: the weights reach the first principal direction of the inputs (|cos| > 0.98, annealed > 0.998), with length
    1 (5 %).
    """

    eta = parameter(0.01 / second, "learning rate", low=0 / second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    dw = "eta * y * (x - y*w)"
