"""The rule of Bienenstock, Cooper and Munro, with a sliding threshold."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class BCM(SynapticRule):
    """BCM rule in the form of Intrator and Cooper: potentiation above a threshold that follows the squared activity.

    dw/dt = eta * x * y * (y - theta);  dtheta/dt = (y**2 - theta)/tau_theta, theta = 0.1 at the start.
    x, y pre- and postsynaptic activity (1), theta sliding threshold (1), w weight (1), eta learning rate (1/s),
    tau_theta time constant of the threshold (s).
    Source: Bienenstock, Cooper, Munro 1982, J. Neurosci. 2:32, doi:10.1523/JNEUROSCI.02-01-00032.1982; this form:
    Intrator & Cooper 1992, Neural Networks 5:3, doi:10.1016/S0893-6080(05)80003-6.
    Checked: for four orthogonal patterns each neuron that responds at all comes to respond to one of them, with 4
    within 0.5, and to the others with less than 0.1.
    """

    eta = parameter(4e-3 / second, "learning rate", low=0 / second)
    tau_theta = parameter(100 * second, "time constant of the threshold", low=0 * second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    theta = post.trace("dtheta/dt = (y**2 - theta)/tau_theta", initial=0.1)
    dw = "eta * x * y * (y - theta)"
