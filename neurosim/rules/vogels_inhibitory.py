"""Inhibitory spike-timing-dependent plasticity that balances excitation."""

from brian2 import Hz, ms

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, post, pre


class VogelsInhibitory(SynapticRule):
    """Inhibitory STDP: inhibition of a neuron grows until it fires at a target rate.

    dx/dt = -x/tau, dy/dt = -y/tau; at a presynaptic spike w += eta*(y - 2*rho_0*tau), x += 1;
    at a postsynaptic spike w += eta*x, y += 1; w >= 0.
    x, y traces of pre- and postsynaptic spikes (1), w size of the inhibitory weight (unit of eta), tau time constant
    (s), rho_0 target rate (Hz), eta learning rate per spike (unit of the weight).
    Source: Vogels, Sprekeler, Zenke, Clopath, Gerstner 2011, Science 334:1569, doi:10.1126/science.1211095.
    Checked: Poisson trains give the drift 2*eta*tau*r_pre*(r_post - rho_0) (5 %); a neuron driven to above 30 Hz
    reaches rho_0 (15 %).
    """

    tau = parameter(20 * ms, "time constant of the traces", low=0 * ms)
    rho_0 = parameter(5 * Hz, "target rate", low=0 * Hz)
    eta = parameter(0.01, "learning rate per spike", of_weight=True)
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau")
    y = post.trace("dy/dt = -y/tau")
    on_pre = "w += eta * (y - 2 * rho_0 * tau); x += 1"
    on_post = "w += eta * x; y += 1"
    then = Bounds(0, "inf")
