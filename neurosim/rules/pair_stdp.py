"""Pair-based spike-timing-dependent plasticity, additive."""

from brian2 import ms

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, post, pre


class PairSTDP(SynapticRule):
    """Additive pair STDP, all pairs, hard bounds.

    dx/dt = -x/tau_pre, dy/dt = -y/tau_post; at a presynaptic spike w -= a_minus*w_max*y, x += 1;
    at a postsynaptic spike w += a_plus*w_max*x, y += 1; 0 <= w <= w_max.
    x, y traces of pre- and postsynaptic spikes (1), w weight (unit of w_max).
    Source: Song, Miller, Abbott 2000, Nat. Neurosci. 3:919, doi:10.1038/78829.
    Checked: the change is the sum over all pairs of spikes (1e-12); independent Poisson trains give the drift of the
    window's integral (5 %); the weights of 1000 Poisson inputs of one neuron separate into weak and strong ones, and
    four times their rate raises its output by a factor of less than 2.
    """

    tau_pre = parameter(20 * ms, "window of potentiation", low=0 * ms)
    tau_post = parameter(20 * ms, "window of depression", low=0 * ms)
    a_plus = parameter(0.01, "potentiation per pair, over w_max")
    a_minus = parameter(0.0105, "depression per pair, over w_max")
    w_max = parameter(1.0, "largest weight", of_weight=True)
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau_pre")
    y = post.trace("dy/dt = -y/tau_post")
    on_pre = "w -= a_minus * w_max * y; x += 1"
    on_post = "w += a_plus * w_max * x; y += 1"
    then = Bounds(0, "w_max")
