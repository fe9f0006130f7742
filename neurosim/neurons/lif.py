"""Leaky integrate-and-fire neuron with exponential synaptic currents."""

from brian2 import ms, mV, second

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class LIF(NeuronModel):
    """Leaky integrate-and-fire neuron with exponential excitatory and inhibitory synaptic currents.

    dv/dt = (g_e + g_i + I - (v - E_L))/tau_m, constant while refractory; dg_e/dt = -g_e/tau_e; dg_i/dt = -g_i/tau_i;
    a spike when v > v_threshold, then v = v_reset for tau_ref.
    v membrane potential (V), g_e, g_i synaptic currents times the membrane resistance (V), I graded input (V).
    Source: Vogels & Abbott 2005, J. Neurosci. 25:10786, doi:10.1523/JNEUROSCI.3508-05.2005.
    """

    tau_m = parameter(20 * ms, "membrane time constant", low=0 * ms)
    tau_e = parameter(5 * ms, "time constant of excitation", low=0 * ms)
    tau_i = parameter(10 * ms, "time constant of inhibition", low=0 * ms)
    E_L = parameter(-49 * mV, "resting potential")
    v_threshold = parameter(-50 * mV, "threshold")
    v_reset = parameter(-60 * mV, "potential after a spike")
    tau_ref = parameter(5 * ms, "refractory period", low=0 * second)
    equations = """
    dv/dt = (g_e + g_i + I - (v - E_L))/tau_m : volt (unless refractory)
    dg_e/dt = -g_e/tau_e : volt
    dg_i/dt = -g_i/tau_i : volt
    I : volt (input)
    """
    threshold = "v > v_threshold"
    reset = "v = v_reset"
    refractory = "tau_ref"
    method = "exact"
    initial = {"v": "v_reset"}
