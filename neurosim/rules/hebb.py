"""Plain Hebbian learning."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class Hebb(SynapticRule):
    """Plain Hebbian growth: neurons that are active together become ever more strongly connected.

    dw/dt = eta * x * y;  x, y pre- and postsynaptic activity (1), w weight (1), eta learning rate (1/s).
    Source: Hebb 1949, The Organization of Behavior, Wiley; as an equation in Gerstner, Kistler, Naud, Paninski 2014,
    Neuronal Dynamics, section 19.2.
    Checked: log |w| grows at eta times the largest eigenvalue of <x x'> (2 %), in the direction of its eigenvector
    (|cos| > 0.99).
    """

    eta = parameter(1e-3 / second, "learning rate", low=0 / second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    dw = "eta * x * y"
