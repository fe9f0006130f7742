"""The covariance of activities, kept per synapse for other rules to read."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre, synapse


class ActivityCovariance(SynapticRule):
    """Running covariance of pre- and postsynaptic activity: a signal for structural rules in place of a gradient.

    dc/dt = ((x - mx) * (y - my) - c)/tau, dmx/dt = (x - mx)/tau, dmy/dt = (y - my)/tau;  x, y pre- and postsynaptic
    activity (1), mx, my their running means (1), c covariance (1), tau time constant (s). It changes no weight.
    Source: exponentially weighted moments; the project's own signal for networks without a loss.
    Checked: means and covariance follow their equations (1e-12).
    """

    family = "structural"
    tau = parameter(1 * second, "time constant of means and covariance", low=0 * second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    mx = pre.trace("dmx/dt = (x - mx)/tau")
    my = post.trace("dmy/dt = (y - my)/tau")
    c = synapse.variable("dc/dt = ((x - mx)*(y - my) - c)/tau")
