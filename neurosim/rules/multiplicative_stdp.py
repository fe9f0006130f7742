"""Pair-based spike-timing-dependent plasticity with depression proportional to the weight."""

from brian2 import ms

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, post, pre


class MultiplicativeSTDP(SynapticRule):
    """Multiplicative pair STDP: potentiation of fixed size, depression proportional to the weight.

    dx/dt = -x/tau_pre, dy/dt = -y/tau_post; at a presynaptic spike w -= a_minus*w*y, x += 1;
    at a postsynaptic spike w += a_plus*x, y += 1; w >= 0.
    x, y traces of pre- and postsynaptic spikes (1), w weight (unit of a_plus), a_plus potentiation per pair (unit of
    the weight), a_minus depression per pair as a fraction of w (1). Independent trains of equal windows leave w at
    a_plus/a_minus.
    Source: van Rossum, Bi, Turrigiano 2000, J. Neurosci. 20:8812, doi:10.1523/JNEUROSCI.20-23-08812.2000.
    Checked: independent Poisson trains leave the weights in a single peak whose mean is the zero of the drift (10 %).
    """

    tau_pre = parameter(20 * ms, "window of potentiation", low=0 * ms)
    tau_post = parameter(20 * ms, "window of depression", low=0 * ms)
    a_plus = parameter(1e-3, "potentiation per pair", of_weight=True)
    a_minus = parameter(0.003, "depression per pair as a fraction of the weight", low=0.0, high=1.0)
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau_pre")
    y = post.trace("dy/dt = -y/tau_post")
    on_pre = "w -= a_minus * w * y; x += 1"
    on_post = "w += a_plus * x; y += 1"
    then = Bounds(0, "inf")
