"""Synapses whose effect rises and falls as an alpha function."""

from brian2 import ms, mV

from neurosim.model.parameters import option, parameter
from neurosim.model.synapse import SynapseModel


class AlphaCurrent(SynapseModel):
    """Sends the target a current that rises and falls as an alpha function after each presynaptic spike.

    dx/dt = (e y - x)/tau, dy/dt = -y/tau, y += w at a spike, port = x; x = w (t/tau) exp(1 - t/tau), w at the peak.
    x current (unit of the port), y what drives it, w has the unit of the port.
    Source: Rall 1967, J. Neurophysiol. 30:1138, doi:10.1152/jn.1967.30.5.1138.
    """

    port = option("I", "input of the target")
    tau = parameter(5 * ms, "time to the peak", low=0 * ms)
    equations = """
    dx/dt = (e*y - x)/tau : {unit}
    dy/dt = -y/tau : {unit}
    """
    on_pre = "y += w"
    current = "x"


class AlphaConductance(SynapseModel):
    """Opens a conductance that rises and falls as an alpha function after each presynaptic spike.

    dg/dt = (e y - g)/tau, dy/dt = -y/tau, y += w at a spike, port = g (E - v); g = w (t/tau) exp(1 - t/tau).
    g conductance (unit of the port over V), y what drives it, w has the unit of g; v membrane potential (V).
    Source: Rall 1967, J. Neurophysiol. 30:1138, doi:10.1152/jn.1967.30.5.1138.
    """

    port = option("I", "input of the target")
    tau = parameter(5 * ms, "time to the peak", low=0 * ms)
    E = parameter(0 * mV, "reversal potential")
    equations = """
    dg/dt = (e*y - g)/tau : {unit}/volt
    dy/dt = -y/tau : {unit}/volt
    """
    on_pre = "y += w"
    current = "g*(E - v_post)"
