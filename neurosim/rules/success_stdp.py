"""Spike-timing-dependent plasticity modulated by success, the reward above its running mean."""

from brian2 import ms, second

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, modulator, post, pre, synapse


class SuccessSTDP(SynapticRule):
    """Success-modulated STDP: eligibility is converted into weight by the reward minus its running mean.

    dx/dt = -x/tau_pre, dy/dt = -y/tau_post, dc/dt = -c/tau_c; at a presynaptic spike c -= a_minus*y, x += 1;
    at a postsynaptic spike c += a_plus*x, y += 1; dw/dt = eta*w_max*(R - R_mean)*c, dR_mean/dt = (R - R_mean)/tau_R,
    0 <= w <= w_max.
    x, y traces of pre- and postsynaptic spikes (1), c eligibility (1), R reward (1), R_mean its running mean (1), w
    weight (unit of w_max), eta rate (1/s). Without the mean the weight would follow the covariance of reward and
    eligibility plus the product of their means, an unsupervised drift.
    Source: Frémaux, Sprekeler, Gerstner 2010, J. Neurosci. 30:13326, doi:10.1523/JNEUROSCI.6249-09.2010.
    Checked: reward that is independent of the spikes leaves the weights unchanged (3 standard errors, 10 seeds), but
    moves them without the mean.
    """

    tau_pre = parameter(20 * ms, "window of potentiation", low=0 * ms)
    tau_post = parameter(20 * ms, "window of depression", low=0 * ms)
    tau_c = parameter(0.5 * second, "time constant of the eligibility", low=0 * second)
    tau_R = parameter(10 * second, "time constant of the mean reward", low=0 * second)
    a_plus = parameter(0.02, "eligibility per pair of potentiation")
    a_minus = parameter(0.01, "eligibility per pair of depression")
    eta = parameter(1 / second, "learning rate at a success of 1", low=0 / second)
    w_max = parameter(1.0, "largest weight", of_weight=True)
    R = modulator("reward", "reward")
    clock = "spike"
    method = "rk4"
    x = pre.trace("dx/dt = -x/tau_pre")
    y = post.trace("dy/dt = -y/tau_post")
    R_mean = post.trace("dR_mean/dt = (R - R_mean)/tau_R")
    c = synapse.variable("dc/dt = -c/tau_c")
    on_pre = "c -= a_minus * y; x += 1"
    on_post = "c += a_plus * x; y += 1"
    dw = "eta * w_max * (R - R_mean) * c"
    then = Bounds(0, "w_max")
