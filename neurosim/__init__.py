"""neurosim: a biologically inspired learning simulator.

Write a learning rule once, as equations with units; run it on spiking and rate networks, on any engine, in any circuit,
in a body; and check it against the published number.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurosim.engines import simulate as simulate
    from neurosim.model.clamp import Clamp as Clamp
    from neurosim.model.clamp import Column as Column
    from neurosim.model.clamp import Replay as Replay
    from neurosim.model.computed import Computed as Computed
    from neurosim.model.connectivity import AllToAll as AllToAll
    from neurosim.model.connectivity import Connectivity as Connectivity
    from neurosim.model.connectivity import Edges as Edges
    from neurosim.model.connectivity import InDegree as InDegree
    from neurosim.model.connectivity import OneToOne as OneToOne
    from neurosim.model.connectivity import Probability as Probability
    from neurosim.model.convolution import Convolution as Convolution
    from neurosim.model.expressions import equation_function as equation_function
    from neurosim.model.network import Network as Network
    from neurosim.model.neuron import NeuronModel as NeuronModel
    from neurosim.model.operation import Operation as Operation
    from neurosim.model.operation import Stop as Stop
    from neurosim.model.pairs import OutDegree as OutDegree
    from neurosim.model.pairs import SymmetricProbability as SymmetricProbability
    from neurosim.model.pairs import TotalNumber as TotalNumber
    from neurosim.model.pairs import Where as Where
    from neurosim.model.parameters import option as option
    from neurosim.model.parameters import parameter as parameter
    from neurosim.model.parts import Driven as Driven
    from neurosim.model.parts import External as External
    from neurosim.model.parts import NamedParameter as NamedParameter
    from neurosim.model.parts import Population as Population
    from neurosim.model.parts import Projection as Projection
    from neurosim.model.parts import Tied as Tied
    from neurosim.model.recorder import Recorder as Recorder
    from neurosim.model.reductions import Rate as Rate
    from neurosim.model.reductions import Reduction as Reduction
    from neurosim.model.reductions import Windows as Windows
    from neurosim.model.rule import Bounds as Bounds
    from neurosim.model.rule import NeuronRule as NeuronRule
    from neurosim.model.rule import SynapticRule as SynapticRule
    from neurosim.model.rule import modulator as modulator
    from neurosim.model.rule import own as own
    from neurosim.model.rule import post as post
    from neurosim.model.rule import pre as pre
    from neurosim.model.rule import projection as projection
    from neurosim.model.rule import synapse as synapse
    from neurosim.model.statistics import Covariance as Covariance
    from neurosim.model.statistics import Intervals as Intervals
    from neurosim.model.statistics import Mean as Mean
    from neurosim.model.statistics import Statistic as Statistic
    from neurosim.model.statistics import Variance as Variance
    from neurosim.model.structural import StructuralRule as StructuralRule
    from neurosim.model.structural import gradient as gradient
    from neurosim.model.synapse import SynapseModel as SynapseModel
    from neurosim.model.timed import TimedSignal as TimedSignal
    from neurosim.model.values import Clipped as Clipped
    from neurosim.model.values import LogNormal as LogNormal
    from neurosim.model.values import Normal as Normal
    from neurosim.model.values import Redrawn as Redrawn
    from neurosim.model.values import Uniform as Uniform
    from neurosim.model.weight_matrices import Blocks as Blocks
    from neurosim.model.weight_matrices import ChainMotif as ChainMotif
    from neurosim.model.weight_matrices import Dale as Dale
    from neurosim.model.weight_matrices import LowRank as LowRank
    from neurosim.model.weight_matrices import TruncatedSVD as TruncatedSVD

# Where public names live. They are imported when first used, since Brian2's units alone take two seconds.
_HOMES = {
    "neurosim.engines": "simulate",
    "neurosim.model.clamp": "Clamp Column Replay",
    "neurosim.model.connectivity": "AllToAll Connectivity Edges InDegree OneToOne Probability",
    "neurosim.model.convolution": "Convolution",
    "neurosim.model.expressions": "equation_function",
    "neurosim.model.network": "Network",
    "neurosim.model.neuron": "NeuronModel",
    "neurosim.model.operation": "Operation Stop",
    "neurosim.model.parameters": "option parameter",
    "neurosim.model.parts": "Driven External NamedParameter Population Projection Tied",
    "neurosim.model.recorder": "Recorder",
    "neurosim.model.reductions": "Rate Reduction Windows",
    "neurosim.model.rule": "Bounds NeuronRule SynapticRule modulator own post pre projection synapse",
    "neurosim.model.serial": "from_json to_json digest",
    "neurosim.model.statistics": "Covariance Intervals Mean Statistic Variance",
    "neurosim.model.structural": "StructuralRule gradient",
    "neurosim.model.summary": "graph",
    "neurosim.model.synapse": "SynapseModel",
    "neurosim.model.timed": "TimedSignal",
    "neurosim.model.pairs": "OutDegree SymmetricProbability TotalNumber Where",
    "neurosim.model.computed": "Computed",
    "neurosim.model.values": "Clipped LogNormal Normal Redrawn Uniform",
    "neurosim.model.weight_matrices": "Blocks ChainMotif Dale LowRank TruncatedSVD",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'neurosim' has no attribute '{name}'")
    importlib.import_module("neurosim.brian")  # first, in whatever thread this is
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
