"""Leaky integrate-and-fire neuron with exponential synaptic conductances."""

from brian2 import ms, mV, second

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class ConductanceLIF(NeuronModel):
    """Leaky integrate-and-fire neuron with exponential excitatory and inhibitory synaptic conductances.

    dv/dt = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v) + I)/tau_m, constant while refractory; dg_e/dt = -g_e/tau_e;
    dg_i/dt = -g_i/tau_i; a spike when v > v_threshold, then v = v_reset for tau_ref.
    v membrane potential (V), g_e, g_i synaptic conductances over that of the leak (1), I graded input (V).
    Source: Vogels & Abbott 2005, J. Neurosci. 25:10786, doi:10.1523/JNEUROSCI.3508-05.2005.
    """

    tau_m = parameter(20 * ms, "membrane time constant", low=0 * ms)
    tau_e = parameter(5 * ms, "time constant of excitation", low=0 * ms)
    tau_i = parameter(10 * ms, "time constant of inhibition", low=0 * ms)
    E_L = parameter(-60 * mV, "resting potential")
    E_e = parameter(0 * mV, "reversal potential of excitation")
    E_i = parameter(-80 * mV, "reversal potential of inhibition")
    v_threshold = parameter(-50 * mV, "threshold")
    v_reset = parameter(-60 * mV, "potential after a spike")
    tau_ref = parameter(5 * ms, "refractory period", low=0 * second)
    equations = """
    dv/dt = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v) + I)/tau_m : volt (unless refractory)
    dg_e/dt = -g_e/tau_e : 1
    dg_i/dt = -g_i/tau_i : 1
    I : volt (input)
    """
    threshold = "v > v_threshold"
    reset = "v = v_reset"
    refractory = "tau_ref"
    method = "exponential_euler"
    initial = {"v": "v_reset"}
