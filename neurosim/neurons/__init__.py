"""Neuron models: one small file each, equations as data."""

from neurosim.model.registries import neurons as registry
from neurosim.neurons.adaptive_lif import AdaptiveLIF
from neurosim.neurons.adex import AdEx
from neurosim.neurons.batch_normalised import BatchNormalised
from neurosim.neurons.conductance import HodgkinHuxley, MorrisLecar, TraubMiles
from neurosim.neurons.conductance_lif import ConductanceLIF
from neurosim.neurons.depolarising_adex import DepolarisingAdEx
from neurosim.neurons.driven_lif import DrivenLIF
from neurosim.neurons.graded import GradedUnit, Maximum, Signal, SquareWave
from neurosim.neurons.integrate_and_fire import ExponentialIF, Izhikevich, QuadraticIF
from neurosim.neurons.lif import LIF
from neurosim.neurons.masses import JansenRit, WilsonCowan
from neurosim.neurons.normalised import NormalisedUnit
from neurosim.neurons.oscillators import FitzHughNagumo, HindmarshRose, PhaseOscillator
from neurosim.neurons.rate import LeakyRate
from neurosim.neurons.relay import Relay
from neurosim.neurons.sigmoid import SigmoidRate
from neurosim.neurons.softmax import Softmax
from neurosim.neurons.sources import Poisson, SpikeTrain
from neurosim.neurons.timed_poisson import TimedPoisson
from neurosim.neurons.variable_poisson import VariablePoisson

__all__ = [
    "LIF",
    "AdEx",
    "AdaptiveLIF",
    "BatchNormalised",
    "ConductanceLIF",
    "DepolarisingAdEx",
    "DrivenLIF",
    "ExponentialIF",
    "FitzHughNagumo",
    "GradedUnit",
    "HindmarshRose",
    "HodgkinHuxley",
    "Izhikevich",
    "JansenRit",
    "LeakyRate",
    "Maximum",
    "MorrisLecar",
    "NormalisedUnit",
    "PhaseOscillator",
    "Poisson",
    "QuadraticIF",
    "Relay",
    "SigmoidRate",
    "Signal",
    "Softmax",
    "SpikeTrain",
    "SquareWave",
    "TimedPoisson",
    "TraubMiles",
    "VariablePoisson",
    "WilsonCowan",
    "registry",
]
