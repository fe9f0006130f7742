"""Synapse models: what a projection does to its target."""

from neurosim.model.registries import synapses as registry
from neurosim.synapses.models import Graded, GradedPower, Pulse, ScaledPulse

__all__ = ["Graded", "GradedPower", "Pulse", "ScaledPulse", "registry"]
