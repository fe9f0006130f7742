"""Graded synapse with dynamics."""

from brian2 import ms, mV

from neurosim.model.parameters import option, parameter
from neurosim.model.synapse import SynapseModel


class GradedGate(SynapseModel):
    """Conductance whose gate follows the potential of a source without spikes.

    ds/dt = (s_inf - s)/tau, s_inf = 1/(1 + exp((half - output)/slope)),
    port = sum over sources of w s (E - v).
    s open fraction (1), output graded output of the source (V), v membrane potential of the target (V), w conductance
    (unit of the port over V).
    Source: Prinz, Bucher & Marder 2004, Nat. Neurosci. 7:1345, doi:10.1038/nn1352 (with a constant tau).
    """

    port = option("I", "input of the target")
    tau = parameter(10 * ms, "time constant of the gate", low=0 * ms)
    half = parameter(-35 * mV, "output at which the gate is half open")
    slope = parameter(5 * mV, "change of the output that opens the gate", low=0 * mV)
    E = parameter(0 * mV, "reversal potential")
    equations = """
    ds/dt = (s_inf - s)/tau : 1
    s_inf = 1/(1 + exp((half - output_pre)/slope)) : 1
    """
    graded = "w * s * (E - v_post)"
