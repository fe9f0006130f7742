"""Coupling of phases."""

from neurosim.model.parameters import option
from neurosim.model.synapse import SynapseModel


class PhaseCoupling(SynapseModel):
    """Pulls the phase of the target towards that of the source, by the sine of the difference.

    port = sum over sources of w * sin(theta_pre - theta_post);  w strength (1/s), theta phases (1).
    Source: Acebrón, Bonilla, Pérez Vicente, Ritort, Spigler 2005, Rev. Mod. Phys. 77:137,
    doi:10.1103/RevModPhys.77.137.
    """

    port = option("I", "input of the target")
    graded = "w * sin(theta_pre - theta_post)"
