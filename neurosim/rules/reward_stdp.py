"""Spike-timing-dependent plasticity modulated by dopamine."""

from brian2 import ms, second

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, modulator, post, pre, synapse


class RewardSTDP(SynapticRule):
    """Dopamine-modulated STDP: pairs of spikes leave an eligibility, which later dopamine converts into weight.

    dx/dt = -x/tau_pre, dy/dt = -y/tau_post, dc/dt = -c/tau_c; at a presynaptic spike c -= a_minus*y, x += 1;
    at a postsynaptic spike c += a_plus*x, y += 1; dw/dt = eta*w_max*c*d, 0 <= w <= w_max.
    x, y traces of pre- and postsynaptic spikes (1), c eligibility (1), d dopamine (1), w weight (unit of w_max), eta
    rate (1/s). d is the output of a population of one neuron, such as LeakyRate(tau=200*ms, transfer="identity"), to
    whose r every reward adds a pulse.
    Source: Izhikevich 2007, Cereb. Cortex 17:2443, doi:10.1093/cercor/bhl152. The defaults have not been compared with
    it.
    Checked: one pair and one reward d0 after a delay change the weight by c0*d0*exp(-delay/tau_c)/(1/tau_c + 1/tau_d)
    (1e-4).
    """

    tau_pre = parameter(20 * ms, "window of potentiation", low=0 * ms)
    tau_post = parameter(20 * ms, "window of depression", low=0 * ms)
    tau_c = parameter(1 * second, "time constant of the eligibility", low=0 * second)
    a_plus = parameter(0.025, "eligibility per pair of potentiation")
    a_minus = parameter(0.0375, "eligibility per pair of depression")
    eta = parameter(1 / second, "learning rate at a dopamine of 1", low=0 / second)
    w_max = parameter(1.0, "largest weight", of_weight=True)
    d = modulator("dopamine", "dopamine")
    clock = "spike"
    method = "rk4"
    x = pre.trace("dx/dt = -x/tau_pre")
    y = post.trace("dy/dt = -y/tau_post")
    c = synapse.variable("dc/dt = -c/tau_c")
    on_pre = "c -= a_minus * y; x += 1"
    on_post = "c += a_plus * x; y += 1"
    dw = "eta * w_max * c * d"
    then = Bounds(0, "w_max")
