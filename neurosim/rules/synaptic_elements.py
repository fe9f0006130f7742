"""Synaptic elements that grow and shrink with a neuron's calcium."""

from brian2 import Hz, second

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own

_GAUSSIAN = "2*exp(-((2*C - eta - epsilon)/(epsilon - eta))**2 * log(2)) - 1"


class SynapticElements(NeuronRule):
    """Synaptic elements whose number follows the calcium of the neuron along a Gaussian growth curve.

    dC/dt = -C/tau_Ca, C += beta_Ca at each spike;  for each kind of element z, down to z = 0,
    dz/dt = nu (2 exp(-((C - xi)/zeta)**2) - 1), xi = (eta + epsilon)/2, zeta = (epsilon - eta)/(2 sqrt(log(2))):
    growth is nu at C = xi, 0 at C = eta and C = epsilon, and negative outside.
    The kinds are axonal (nu_axonal), dendritic for excitation: excitatory (nu_excitatory), and for inhibition:
    inhibitory (nu_inhibitory). C calcium (1), on average beta_Ca tau_Ca f at a constant rate f; beta_Ca rise of calcium
    per spike (1), tau_Ca time constant of calcium (s); eta, epsilon calcium below and above which elements are lost
    (1), epsilon the set-point; nu rates of growth (1/s). With eta > 0 a neuron whose calcium is below eta loses its
    elements for good.
    Source: Butz, van Ooyen 2013, PLoS Comput. Biol. 9:e1003259, doi:10.1371/journal.pcbi.1003259.
    Checked: the growth curve is 0 at C = eta and C = epsilon and largest half-way (1e-13).
    """

    family = "structural"
    tau_Ca = parameter(10 * second, "time constant of calcium", low=0 * second)
    beta_Ca = parameter(0.001, "rise of calcium per spike", low=0.0)
    eta = parameter(0.0, "calcium below which elements are lost")
    epsilon = parameter(0.05, "calcium above which elements are lost")
    nu_axonal = parameter(0.1 * Hz, "growth rate of axonal elements", low=0 * Hz)
    nu_excitatory = parameter(0.1 * Hz, "growth rate of excitatory dendritic elements", low=0 * Hz)
    nu_inhibitory = parameter(0.1 * Hz, "growth rate of inhibitory dendritic elements", low=0 * Hz)
    C = own.trace("dC/dt = -C/tau_Ca")
    axonal = own.trace(f"daxonal/dt = nu_axonal * clip({_GAUSSIAN}, -int(axonal > 0), 1)")
    excitatory = own.trace(f"dexcitatory/dt = nu_excitatory * clip({_GAUSSIAN}, -int(excitatory > 0), 1)")
    inhibitory = own.trace(f"dinhibitory/dt = nu_inhibitory * clip({_GAUSSIAN}, -int(inhibitory > 0), 1)")
    on_spike = "C += beta_Ca"

    @property
    def prefix(self) -> str:
        """One name for all growth curves, so that structural rules find the elements whatever the curve."""
        return "synaptic_elements"
