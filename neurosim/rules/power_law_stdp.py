"""Pair-based spike-timing-dependent plasticity with a power law of the weight."""

from brian2 import ms

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, post, pre


class PowerLawSTDP(SynapticRule):
    """Pair STDP whose changes shrink towards the bounds by a power mu: additive at mu = 0, multiplicative at mu = 1.

    dx/dt = -x/tau_pre, dy/dt = -y/tau_post; at a presynaptic spike w -= eta*alpha*w_max*(w/w_max)**mu*y, x += 1;
    at a postsynaptic spike w += eta*w_max*(1 - w/w_max)**mu*x, y += 1; 0 <= w <= w_max.
    x, y traces of pre- and postsynaptic spikes (1), w weight (unit of w_max), eta learning rate (1), alpha ratio of
    depression to potentiation (1), mu exponent (1).
    Source: Gütig, Aharonov, Rotter, Sompolinsky 2003, J. Neurosci. 23:3697, doi:10.1523/JNEUROSCI.23-09-03697.2003.
    Checked: with mu = 1 independent trains leave the mean weight at the zero of the drift (5 %), with mu = 0 weights
    spread evenly.
    """

    tau_pre = parameter(20 * ms, "window of potentiation", low=0 * ms)
    tau_post = parameter(20 * ms, "window of depression", low=0 * ms)
    eta = parameter(0.005, "learning rate", low=0.0)
    alpha = parameter(1.05, "ratio of depression to potentiation", low=0.0)
    mu = parameter(0.4, "exponent of the weight", low=0.0)
    w_max = parameter(1.0, "largest weight", of_weight=True)
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau_pre")
    y = post.trace("dy/dt = -y/tau_post")
    on_pre = "w -= eta * alpha * w_max * (w/w_max)**mu * y; x += 1"
    on_post = "w += eta * w_max * (1 - w/w_max)**mu * x; y += 1"
    then = Bounds(0, "w_max")
