"""The covariance rule with a threshold on the postsynaptic side only."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class CovariancePost(SynapticRule):
    """Covariance rule with a postsynaptic threshold: silent inputs change nothing.

    dw/dt = eta * x * (y - y_mean);  dy_mean/dt = (y - y_mean)/tau.
    x, y pre- and postsynaptic activity (1), y_mean running mean of y (1), w weight (1), eta learning rate (1/s), tau
    time constant of the mean (s). The mean must follow faster than the weights grow: eta * tau * <x>**2 < 1.
    Source: Dayan & Abbott 2001, Theoretical Neuroscience, MIT Press, eq. 8.8.
    Checked: it finds the axis of variance whereas Hebb finds the mean (|cos| > 0.95).
    """

    eta = parameter(1e-3 / second, "learning rate", low=0 / second)
    tau = parameter(1000 * second, "time constant of the running mean", low=0 * second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    y_mean = post.trace("dy_mean/dt = (y - y_mean)/tau")
    dw = "eta * x * (y - y_mean)"
