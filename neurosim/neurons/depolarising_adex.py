"""Adaptive exponential integrate-and-fire neuron with a depolarising afterpotential and an adaptive threshold."""

from brian2 import ms, mV, nA, nS, pA, pF

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class DepolarisingAdEx(NeuronModel):
    """AdEx with a depolarising current after each spike and a threshold that each spike raises.

    C dv/dt = -g_L*(u - E_L) + g_L*Delta_T*exp((u - V_T)/Delta_T) - w_ad + z + I + I_e + I_i, u = min(v, v_peak);
    tau_w dw_ad/dt = a*(u - E_L) - w_ad; dz/dt = -z/tau_z; dV_T/dt = (V_rest - V_T)/tau_T; dI_e/dt = -I_e/tau_e;
    dI_i/dt = -I_i/tau_i; a spike when v > v_peak, then v = v_reset, w_ad += b, z = I_sp, V_T = V_max.
    v membrane potential (V), u the same up to the peak (V), w_ad adaptation current (A), z current of the
    afterpotential (A), V_T threshold (V), I graded input (A), I_e, I_i synaptic currents (A).
    Source: Clopath, Büsing, Vasilaki, Gerstner 2010, Nat. Neurosci. 13:344, doi:10.1038/nn.2479. The defaults have
    not been compared with it.
    """

    C = parameter(281 * pF, "capacitance", low=0 * pF)
    g_L = parameter(30 * nS, "leak conductance", low=0 * nS)
    E_L = parameter(-70.6 * mV, "resting potential")
    Delta_T = parameter(2 * mV, "slope of the exponential", low=0 * mV)
    V_rest = parameter(-50.4 * mV, "threshold of the exponential at rest")
    V_max = parameter(30.4 * mV, "threshold of the exponential after a spike")
    tau_T = parameter(50 * ms, "time constant of the threshold", low=0 * ms)
    I_sp = parameter(400 * pA, "current of the afterpotential after a spike")
    tau_z = parameter(40 * ms, "time constant of the afterpotential", low=0 * ms)
    a = parameter(4 * nS, "adaptation below the threshold")
    b = parameter(0.0805 * nA, "adaptation per spike")
    tau_w = parameter(144 * ms, "time constant of the adaptation", low=0 * ms)
    tau_e = parameter(5 * ms, "time constant of excitation", low=0 * ms)
    tau_i = parameter(10 * ms, "time constant of inhibition", low=0 * ms)
    v_reset = parameter(-70.6 * mV, "potential after a spike")
    v_peak = parameter(20 * mV, "potential at which a spike ends")
    equations = """
    dv/dt = (-g_L*(u - E_L) + g_L*Delta_T*exp((u - V_T)/Delta_T) - w_ad + z + I + I_e + I_i)/C : volt
    dw_ad/dt = (a*(u - E_L) - w_ad)/tau_w : amp
    u = clip(v, v, v_peak) : volt
    dz/dt = -z/tau_z : amp
    dV_T/dt = (V_rest - V_T)/tau_T : volt
    dI_e/dt = -I_e/tau_e : amp
    dI_i/dt = -I_i/tau_i : amp
    I : amp (input)
    """
    threshold = "v > v_peak"
    reset = "v = v_reset; w_ad += b; z = I_sp; V_T = V_max"
    method = "euler"
    initial = {"v": "E_L", "V_T": "V_rest"}
