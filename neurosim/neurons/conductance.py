"""Neurons with voltage-gated channels: Hodgkin-Huxley, Traub-Miles and Morris-Lecar."""

from brian2 import cm, ms, msiemens, mV, nS, pF, second, uF

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter

_AREA = cm**2


class HodgkinHuxley(NeuronModel):
    """Neuron with the sodium and potassium channels of the squid's axon, at a resting potential of -65 mV.

    C dv/dt = -g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K) - g_L*(v - E_L) + I; dx/dt = alpha_x*(1 - x) - beta_x*x for
    x = m, h, n; a spike when v > v_spike, not again for tau_ref.
    v membrane potential (V), m, h, n gates (1), alpha_x, beta_x their rates (1/s), I graded input (A/m^2).
    Source: Hodgkin & Huxley 1952, J. Physiol. 117:500, doi:10.1113/jphysiol.1952.sp004764.
    """

    C = parameter(1 * uF / _AREA, "capacitance per area", low=0 * uF / _AREA)
    g_Na = parameter(120 * msiemens / _AREA, "conductance of sodium", low=0 * msiemens / _AREA)
    g_K = parameter(36 * msiemens / _AREA, "conductance of potassium", low=0 * msiemens / _AREA)
    g_L = parameter(0.3 * msiemens / _AREA, "conductance of the leak", low=0 * msiemens / _AREA)
    E_Na = parameter(50 * mV, "reversal potential of sodium")
    E_K = parameter(-77 * mV, "reversal potential of potassium")
    E_L = parameter(-54.387 * mV, "reversal potential of the leak")
    v_spike = parameter(0 * mV, "potential at which a spike is counted")
    tau_ref = parameter(3 * ms, "time in which a spike is counted once", low=0 * second)
    equations = """
    dv/dt = (-g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K) - g_L*(v - E_L) + I)/C : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms : Hz
    beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : Hz
    alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : Hz
    beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : Hz
    alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : Hz
    beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : Hz
    I : amp/metre**2 (input)
    """
    threshold = "v > v_spike"
    refractory = "tau_ref"
    method = "exponential_euler"
    initial = {"v": -65 * mV, "m": 0.0529, "h": 0.5961, "n": 0.3177}


class TraubMiles(NeuronModel):
    """Neuron of the hippocampus with sodium and potassium channels and conductances of synapses.

    C dv/dt = g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) - g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K) + I;
    dx/dt = alpha_x*(1 - x) - beta_x*x for x = m, h, n; dg_e/dt = -g_e/tau_e; dg_i/dt = -g_i/tau_i;
    a spike when v > v_spike, not again for tau_ref.
    v membrane potential (V), m, h, n gates (1), alpha_x, beta_x their rates (1/s), g_e, g_i conductances of synapses
    (S), I graded input (A). The defaults are those of the benchmark COBAHH.
    Source: Brette et al. 2007, J. Comput. Neurosci. 23:349, doi:10.1007/s10827-007-0038-6, after Traub & Miles 1991,
    Neuronal Networks of the Hippocampus, Cambridge University Press.
    """

    C = parameter(200 * pF, "capacitance", low=0 * pF)
    g_L = parameter(10 * nS, "conductance of the leak", low=0 * nS)
    E_L = parameter(-60 * mV, "reversal potential of the leak")
    g_Na = parameter(20_000 * nS, "conductance of sodium", low=0 * nS)
    E_Na = parameter(50 * mV, "reversal potential of sodium")
    g_K = parameter(6000 * nS, "conductance of potassium", low=0 * nS)
    E_K = parameter(-90 * mV, "reversal potential of potassium")
    V_T = parameter(-63 * mV, "potential by which the rates are shifted")
    E_e = parameter(0 * mV, "reversal potential of excitation")
    E_i = parameter(-80 * mV, "reversal potential of inhibition")
    tau_e = parameter(5 * ms, "time constant of excitation", low=0 * ms)
    tau_i = parameter(10 * ms, "time constant of inhibition", low=0 * ms)
    v_spike = parameter(-20 * mV, "potential at which a spike is counted")
    tau_ref = parameter(3 * ms, "time in which a spike is counted once", low=0 * second)
    equations = """
    dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v)
             - g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K) + I)/C : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    dg_e/dt = -g_e/tau_e : siemens
    dg_i/dt = -g_i/tau_i : siemens
    alpha_m = 0.32*4/exprel((13*mV - v + V_T)/(4*mV))/ms : Hz
    beta_m = 0.28*5/exprel((v - V_T - 40*mV)/(5*mV))/ms : Hz
    alpha_h = 0.128*exp((17*mV - v + V_T)/(18*mV))/ms : Hz
    beta_h = 4/(1 + exp((40*mV - v + V_T)/(5*mV)))/ms : Hz
    alpha_n = 0.032*5/exprel((15*mV - v + V_T)/(5*mV))/ms : Hz
    beta_n = 0.5*exp((10*mV - v + V_T)/(40*mV))/ms : Hz
    I : amp (input)
    """
    threshold = "v > v_spike"
    refractory = "tau_ref"
    method = "exponential_euler"
    initial = {"v": "E_L", "h": 1.0}


class MorrisLecar(NeuronModel):
    """Neuron with an instantaneous calcium and a slow potassium channel, after the muscle of the barnacle.

    C dv/dt = -g_Ca*m*(v - E_Ca) - g_K*n*(v - E_K) - g_L*(v - E_L) + I, m = (1 + tanh((v - V_1)/V_2))/2;
    dn/dt = phi*cosh((v - V_3)/(2*V_4))*((1 + tanh((v - V_3)/V_4))/2 - n); a spike when v > v_spike, not again for
    tau_ref.
    v membrane potential (V), n open potassium channels (1), m open calcium channels (1), I graded input (A/m^2).
    Source: Morris & Lecar 1981, Biophys. J. 35:193, doi:10.1016/S0006-3495(81)84782-0.
    """

    C = parameter(20 * uF / _AREA, "capacitance per area", low=0 * uF / _AREA)
    g_Ca = parameter(4.4 * msiemens / _AREA, "conductance of calcium", low=0 * msiemens / _AREA)
    g_K = parameter(8 * msiemens / _AREA, "conductance of potassium", low=0 * msiemens / _AREA)
    g_L = parameter(2 * msiemens / _AREA, "conductance of the leak", low=0 * msiemens / _AREA)
    E_Ca = parameter(120 * mV, "reversal potential of calcium")
    E_K = parameter(-84 * mV, "reversal potential of potassium")
    E_L = parameter(-60 * mV, "reversal potential of the leak")
    V_1 = parameter(-1.2 * mV, "potential at which half of the calcium channels are open")
    V_2 = parameter(18 * mV, "slope of the calcium channels")
    V_3 = parameter(2 * mV, "potential at which half of the potassium channels are open")
    V_4 = parameter(30 * mV, "slope of the potassium channels")
    phi = parameter(0.04 / ms, "rate of the potassium channels", low=0 / second)
    v_spike = parameter(0 * mV, "potential at which a spike is counted")
    tau_ref = parameter(20 * ms, "time in which a spike is counted once", low=0 * second)
    equations = """
    dv/dt = (-g_Ca*m*(v - E_Ca) - g_K*n*(v - E_K) - g_L*(v - E_L) + I)/C : volt
    dn/dt = phi*cosh((v - V_3)/(2*V_4))*((1 + tanh((v - V_3)/V_4))/2 - n) : 1
    m = (1 + tanh((v - V_1)/V_2))/2 : 1
    I : amp/metre**2 (input)
    """
    threshold = "v > v_spike"
    refractory = "tau_ref"
    method = "rk4"
    initial = {"v": "E_L"}
