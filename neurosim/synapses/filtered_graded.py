"""Graded synapse that follows its source with a delay."""

from brian2 import ms

from neurosim.model.parameters import option, parameter
from neurosim.model.synapse import SynapseModel


class FilteredGraded(SynapseModel):
    """Adds weight times the low-pass filtered output of the source to an input of the target at every step.

    dx/dt = (output - x)/tau, port = sum over sources of w x.
    x filtered output (1), w has the unit of the port, the output is a number.
    """

    port = option("I", "input of the target")
    tau = parameter(10 * ms, "time constant", low=0 * ms)
    equations = "dx/dt = (output_pre - x)/tau : 1"
    graded = "w * x"
