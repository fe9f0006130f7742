"""The basic synapses: a pulse at each spike, and a graded signal at each step."""

from neurosim.model.parameters import option, parameter
from neurosim.model.synapse import SynapseModel


class Pulse(SynapseModel):
    """Adds the weight to a variable of the target at each presynaptic spike.

    port += w;  w has the unit of the port.
    """

    port = option("g_e", "variable of the target")
    on_pre = "{port}_post += w"


class ScaledPulse(SynapseModel):
    """Adds a dimensionless weight times a quantum to a variable of the target at each presynaptic spike.

    port += w * quantum;  w weight (1), quantum size of a unit weight (V), so that rules for abstract weights apply.
    """

    port = option("g_e", "variable of the target")
    quantum = parameter(1e-3, "size of a weight of 1, in the unit of the port", of_weight=True)
    on_pre = "{port}_post += w * quantum"


class Graded(SynapseModel):
    """Adds weight times the output of the source to an input of the target at every step.

    port = sum over sources of w * output;  w has the unit of the port over that of the output.
    """

    port = option("I", "input of the target")
    graded = "w * output_pre"


class GradedPower(SynapseModel):
    """Adds weight times a power of the source's output, where that is positive, to an input of the target.

    port = sum over sources of w * max(output, 0)^exponent;  w has the unit of the port, the output is a number.
    """

    port = option("I", "input of the target")
    exponent = parameter(2.0, "exponent", low=0.0)
    graded = "w * clip(output_pre, 0, inf)**exponent"
