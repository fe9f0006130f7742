"""The covariance rule."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class Covariance(SynapticRule):
    """Covariance rule: Hebbian growth with the deviations of both activities from their running means.

    dw/dt = eta * (x - x_mean) * (y - y_mean);  dx_mean/dt = (x - x_mean)/tau, dy_mean/dt = (y - y_mean)/tau.
    x, y pre- and postsynaptic activity (1), x_mean, y_mean their running means (1), w weight (1), eta learning rate
    (1/s), tau time constant of the means (s).
    Source: Sejnowski 1977, J. Math. Biol. 4:303, doi:10.1007/BF00275079.
    Checked: for inputs whose mean is orthogonal to the axis of variance it finds the axis, whereas Hebb finds the mean
    (|cos| > 0.95 each).
    """

    eta = parameter(1e-3 / second, "learning rate", low=0 / second)
    tau = parameter(1000 * second, "time constant of the running means", low=0 * second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    x_mean = pre.trace("dx_mean/dt = (x - x_mean)/tau")
    y_mean = post.trace("dy_mean/dt = (y - y_mean)/tau")
    dw = "eta * (x - x_mean) * (y - y_mean)"
