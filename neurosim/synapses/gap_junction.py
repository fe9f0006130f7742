"""Gap junctions: connections that pull two cells towards each other without spikes."""

from neurosim.model.parameters import option
from neurosim.model.synapse import SynapseModel


class GapJunction(SynapseModel):
    """Sends the target the difference between a variable of the source and its own, at every step.

    port = sum over sources of w * (x_pre - x_post);  x the variable, w conductance (unit of the port over that of x).
    One edge is one direction: a gap junction without rectification is two edges of the same weight.
    """

    port = option("I", "input of the target")
    variable = option("v", "state of both ends")
    graded = "w * ({variable}_pre - {variable}_post)"
