"""Synapse models: what a projection does to its target."""

from neurosim.model.registries import synapses as registry
from neurosim.synapses.alpha import AlphaConductance, AlphaCurrent
from neurosim.synapses.double_exponential import DoubleExponentialConductance, DoubleExponentialCurrent
from neurosim.synapses.filtered_graded import FilteredGraded
from neurosim.synapses.gaba_b import GABAB
from neurosim.synapses.gap_junction import GapJunction
from neurosim.synapses.graded_gate import GradedGate
from neurosim.synapses.models import Graded, GradedPower, Pulse, ScaledPulse
from neurosim.synapses.nmda import NMDA
from neurosim.synapses.phase_coupling import PhaseCoupling

__all__ = [
    "GABAB",
    "NMDA",
    "AlphaConductance",
    "AlphaCurrent",
    "DoubleExponentialConductance",
    "DoubleExponentialCurrent",
    "FilteredGraded",
    "GapJunction",
    "Graded",
    "GradedGate",
    "GradedPower",
    "PhaseCoupling",
    "Pulse",
    "ScaledPulse",
    "registry",
]
