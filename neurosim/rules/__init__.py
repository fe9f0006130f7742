"""Plasticity rules: one small file each, equations as data."""

from neurosim.model.registries import rules as registry
from neurosim.rules.gain_adaptation import GainAdaptation
from neurosim.rules.oja import Oja
from neurosim.rules.pair_stdp import PairSTDP
from neurosim.rules.synaptic_scaling import SynapticScaling

__all__ = ["GainAdaptation", "Oja", "PairSTDP", "SynapticScaling", "registry"]
