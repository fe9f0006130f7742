"""Synaptic elements with a linear growth curve."""

from neurosim.model.rule import own
from neurosim.rules.synaptic_elements import SynapticElements


class LinearElements(SynapticElements):
    """Synaptic elements whose number follows the calcium of the neuron along a straight line.

    dC/dt = -C/tau_Ca, C += beta_Ca at each spike;  for each kind of element z, down to z = 0,
    dz/dt = nu (1 - C/epsilon): growth is nu at C = 0 and 0 at C = epsilon.
    The kinds are axonal (nu_axonal), dendritic for excitation: excitatory (nu_excitatory), and for inhibition:
    inhibitory (nu_inhibitory). C calcium (1), beta_Ca rise of calcium per spike (1), tau_Ca time constant of calcium
    (s);
    epsilon set-point of calcium (1); nu rates of growth (1/s). eta is not used.
    Source: Butz, van Ooyen 2013, PLoS Comput. Biol. 9:e1003259, doi:10.1371/journal.pcbi.1003259.
    Checked: the growth curve is 0 at C = epsilon (1e-13).
    """

    axonal = own.trace("daxonal/dt = nu_axonal * (1 - C/epsilon) * int(axonal > 0 or C < epsilon)")
    excitatory = own.trace(
        "dexcitatory/dt = nu_excitatory * (1 - C/epsilon) * int(excitatory > 0 or C < epsilon)"
    )
    inhibitory = own.trace(
        "dinhibitory/dt = nu_inhibitory * (1 - C/epsilon) * int(inhibitory > 0 or C < epsilon)"
    )
