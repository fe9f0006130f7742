"""The swimmer's circuit with adapting muscles, and lesions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.errors import DescriptionError
from neurosim.model.clamp import Clamp
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.rule import NeuronRule, SynapticRule
from neurosim.model.units import second


@dataclass(frozen=True)
class PlasticSwimmer:
    """The swimmer's circuit with rules at its muscles, and optionally the loss of a motor neuron.

    m = clip(I, 0, 1), I = w_i b + w_c b_other_side as in `SwimmerCircuit`, but each muscle has an ipsilateral weight of
    its own, in the projection 'ipsilateral' (2 n_joints weights, dorsal from head to tail, then ventral), which rules
    may change and a lesion may set; neuron rules act on the population 'muscle'.

    Arguments:
        circuit: the circuit without rules.
        neuron_rules: rules of the muscles.
        synaptic_rules: rules of the ipsilateral projection.
        lost: index of a motor neuron (dorsal from head to tail, then ventral) that falls silent, or None.
        lost_at (s): when it falls silent.

    Raises DescriptionError when the lost neuron does not exist.
    Source: circuit after Bhattasali, Zador, Engel 2022, NeurIPS, arXiv 2201.05242; rules and lesions are ours.
    """

    circuit: SwimmerCircuit = field(default_factory=SwimmerCircuit)
    neuron_rules: tuple[NeuronRule, ...] = ()
    synaptic_rules: tuple[SynapticRule, ...] = ()
    lost: int | None = None
    lost_at: float = 0.0

    def __post_init__(self) -> None:
        if self.lost is not None and not 0 <= self.lost < 2 * self.circuit.n_joints:
            raise DescriptionError(
                f"plastic swimmer: lost = {self.lost}: give one of the motor neurons "
                f"0 ... {2 * self.circuit.n_joints - 1}"
            )

    def network(self, record: tuple[str, ...] = ()) -> Network:
        """Return the circuit as a network, with the ports of `SwimmerCircuit.network`.

        Arguments:
            record: populations whose output is recorded at every step.
        """
        plain = self.circuit.network(record=record)
        network = Network("plastic_swimmer", plain.dt)
        network.add(*(self._plastic(part) for part in plain.parts()))
        if self.lost is not None:
            network.add(Clamp("b", "output", 0.0, (self.lost,), start=self.lost_at * second))
        return network

    def _plastic(self, part: Any) -> Any:
        if isinstance(part, Population) and part.name == "muscle":
            return replace(part, rules=self.neuron_rules)
        if isinstance(part, Projection) and part.name == "ipsilateral":
            weight = np.full(2 * self.circuit.n_joints, 1.0)
            return replace(part, weight=weight, rules=self.synaptic_rules, sign=1)
        return part
