"""Adaptive exponential integrate-and-fire neuron."""

from brian2 import ms, mV, nA, nS, pF

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class AdEx(NeuronModel):
    """Adaptive exponential integrate-and-fire neuron with exponential synaptic currents.

    C dv/dt = -g_L*(u - E_L) + g_L*Delta_T*exp((u - V_T)/Delta_T) - w_ad + I + I_e + I_i, u = min(v, v_peak);
    tau_w dw_ad/dt = a*(u - E_L) - w_ad; dI_e/dt = -I_e/tau_e; dI_i/dt = -I_i/tau_i;
    a spike when v > v_peak, then v = v_reset and w_ad += b.
    v membrane potential (V), u the same up to the peak, so that the stages of a step stay finite (V), w_ad adaptation
    current (A), I graded input (A), I_e, I_i synaptic currents (A).
    Source: Brette & Gerstner 2005, J. Neurophysiol. 94:3637, doi:10.1152/jn.00686.2005.
    """

    C = parameter(281 * pF, "capacitance", low=0 * pF)
    g_L = parameter(30 * nS, "leak conductance", low=0 * nS)
    E_L = parameter(-70.6 * mV, "resting potential")
    V_T = parameter(-50.4 * mV, "threshold of the exponential")
    Delta_T = parameter(2 * mV, "slope of the exponential", low=0 * mV)
    a = parameter(4 * nS, "adaptation below the threshold")
    b = parameter(0.0805 * nA, "adaptation per spike")
    tau_w = parameter(144 * ms, "time constant of the adaptation", low=0 * ms)
    tau_e = parameter(5 * ms, "time constant of excitation", low=0 * ms)
    tau_i = parameter(10 * ms, "time constant of inhibition", low=0 * ms)
    v_reset = parameter(-70.6 * mV, "potential after a spike")
    v_peak = parameter(0 * mV, "potential at which a spike ends")
    equations = """
    dv/dt = (-g_L*(u - E_L) + g_L*Delta_T*exp((u - V_T)/Delta_T) - w_ad + I + I_e + I_i)/C : volt
    dw_ad/dt = (a*(u - E_L) - w_ad)/tau_w : amp
    u = clip(v, v, v_peak) : volt
    dI_e/dt = -I_e/tau_e : amp
    dI_i/dt = -I_i/tau_i : amp
    I : amp (input)
    """
    threshold = "v > v_peak"
    reset = "v = v_reset; w_ad += b"
    method = "euler"
    initial = {"v": "E_L"}
