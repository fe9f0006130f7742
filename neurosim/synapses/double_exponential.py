"""Synapses whose effect rises with one time constant and falls with another."""

from brian2 import ms, mV

from neurosim.model.parameters import option, parameter
from neurosim.model.synapse import SynapseModel


class DoubleExponentialCurrent(SynapseModel):
    """Sends the target a current that rises and falls with two time constants after each presynaptic spike.

    da/dt = -a/tau_decay, db/dt = -b/tau_rise, a += w and b += w at a spike, port = (a - b)/peak.
    a, b falling and rising part (unit of the port), peak largest value of exp(-t/tau_decay) - exp(-t/tau_rise), so that
    w (unit of the port) is the current at the peak; tau_rise < tau_decay (where they are equal, use AlphaCurrent).
    Source: Roth & van Rossum 2009, in Computational Modeling Methods for Neuroscientists, MIT Press, ch. 6.
    """

    port = option("I", "input of the target")
    tau_rise = parameter(1 * ms, "time constant of the rise", low=0 * ms)
    tau_decay = parameter(5 * ms, "time constant of the decay", low=0 * ms)
    equations = """
    da/dt = -a/tau_decay : {unit}
    db/dt = -b/tau_rise : {unit}
    ratio = tau_rise/tau_decay : 1
    peak = ratio**(ratio/(1 - ratio)) - ratio**(1/(1 - ratio)) : 1
    """
    on_pre = "a += w; b += w"
    current = "(a - b)/peak"


class DoubleExponentialConductance(SynapseModel):
    """Opens a conductance that rises and falls with two time constants after each presynaptic spike.

    da/dt = -a/tau_decay, db/dt = -b/tau_rise, a += w and b += w at a spike, g = (a - b)/peak, port = g (E - v).
    g conductance (unit of the port over V), a, b its falling and rising part, peak largest value of
    exp(-t/tau_decay) - exp(-t/tau_rise), so that w (unit of g) is the conductance at the peak; tau_rise < tau_decay
    (where they are equal, use AlphaConductance); v membrane potential (V).
    Source: Roth & van Rossum 2009, in Computational Modeling Methods for Neuroscientists, MIT Press, ch. 6.
    """

    port = option("I", "input of the target")
    tau_rise = parameter(1 * ms, "time constant of the rise", low=0 * ms)
    tau_decay = parameter(5 * ms, "time constant of the decay", low=0 * ms)
    E = parameter(0 * mV, "reversal potential")
    equations = """
    da/dt = -a/tau_decay : {unit}/volt
    db/dt = -b/tau_rise : {unit}/volt
    ratio = tau_rise/tau_decay : 1
    peak = ratio**(ratio/(1 - ratio)) - ratio**(1/(1 - ratio)) : 1
    g = (a - b)/peak : {unit}/volt
    """
    on_pre = "a += w; b += w"
    current = "g*(E - v_post)"
