"""Leaky integrate-and-fire neuron with exponential currents, driven by Poisson spikes of its own."""

from brian2 import Hz, ms, mV, pA, pF, second

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class DrivenLIF(NeuronModel):
    """Leaky integrate-and-fire neuron with exponential synaptic currents and a Poisson input of its own.

    dv/dt = (E_L - v)/tau_m + (i_syn + I_e + I)/C_m, constant while refractory;
    di_syn/dt = -i_syn/tau_syn + j_ext*n/dt, n = poisson(rate_ext*dt); a spike when v > v_threshold, then v = v_reset
    for tau_ref.
    v membrane potential (V), i_syn synaptic current (A), I graded input (A), n the number of external spikes in a step
    of length dt, over which they are spread evenly: each brings the charge j_ext*tau_syn. It is one random number per
    neuron and step, however many inputs it stands for.
    Source: Potjans & Diesmann 2014, Cereb. Cortex 24:785, doi:10.1093/cercor/bhs358; the defaults are theirs.
    """

    tau_m = parameter(10 * ms, "membrane time constant", low=0 * ms)
    C_m = parameter(250 * pF, "membrane capacitance", low=0 * pF)
    tau_syn = parameter(0.5 * ms, "time constant of synaptic currents", low=0 * ms)
    E_L = parameter(-65 * mV, "resting potential")
    v_threshold = parameter(-50 * mV, "threshold")
    v_reset = parameter(-65 * mV, "potential after a spike")
    tau_ref = parameter(2 * ms, "refractory period", low=0 * second)
    I_e = parameter(0 * pA, "constant current")
    rate_ext = parameter(0 * Hz, "rate of all external spikes of a neuron", low=0 * Hz)
    j_ext = parameter(87.8 * pA, "current of an external spike")
    equations = """
    dv/dt = (E_L - v)/tau_m + (i_syn + I_e + I)/C_m : volt (unless refractory)
    di_syn/dt = -i_syn/tau_syn + j_ext*poisson(rate_ext*dt)/dt : amp
    I : amp (input)
    """
    threshold = "v > v_threshold"
    reset = "v = v_reset"
    refractory = "tau_ref"
    method = "exact"
    initial = {"v": "E_L"}
