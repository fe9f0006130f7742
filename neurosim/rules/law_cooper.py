"""The rule of Bienenstock, Cooper and Munro in the form of Law and Cooper."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class LawCooper(SynapticRule):
    """BCM rule in the form of Law and Cooper: as BCM, with a learning rate that falls as the threshold rises.

    dw/dt = eta * x * y * (y - theta)/theta;  dtheta/dt = (y**2 - theta)/tau_theta, theta = 0.1 at the start.
    x, y pre- and postsynaptic activity (1), theta sliding threshold (1), w weight (1), eta learning rate (1/s),
    tau_theta time constant of the threshold (s).
    Source: Law & Cooper 1994, PNAS 91:7797, doi:10.1073/pnas.91.16.7797.
    Checked: as BCM, for four orthogonal patterns: 4 within 0.5 to one pattern, less than 0.1 to the others.
    """

    eta = parameter(4e-3 / second, "learning rate", low=0 / second)
    tau_theta = parameter(100 * second, "time constant of the threshold", low=0 * second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    theta = post.trace("dtheta/dt = (y**2 - theta)/tau_theta", initial=0.1)
    dw = "eta * x * y * (y - theta)/theta"
