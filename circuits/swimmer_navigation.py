"""The swimmer circuit with neurons that turn it towards targets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.errors import DescriptionError
from neurosim.model.connectivity import Edges
from neurosim.model.network import Network
from neurosim.model.parts import External, Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded


@dataclass(frozen=True)
class NavigatingCircuit:
    """A swimmer circuit whose commands come from neurons that see where a target lies.

    With the target at x to the right of the nose and y ahead or behind (m), right = 1 where x > aside, left = 1 where
    x < -aside, and speed = 1 where |y| > along, else 0. `TargetSwimmer` is its body.

    Arguments:
        circuit: with commands.
        aside (m): how far a target lies to the side before the circuit turns.
        along (m): how far it lies ahead or behind for full speed.

    Raises DescriptionError for a circuit without commands.
    Source: Bhattasali, Zador, Engel 2022, NeurIPS, arXiv 2201.05242.
    """

    circuit: SwimmerCircuit = field(default_factory=lambda: SwimmerCircuit(5, commands=True))
    aside: float = 0.1
    along: float = 0.12

    def __post_init__(self) -> None:
        if not self.circuit.commands:
            raise DescriptionError(
                "NavigatingCircuit.circuit: it has no commands: SwimmerCircuit(commands=True)"
            )

    @property
    def dt(self) -> float:
        """The control step (s)."""
        return self.circuit.dt

    @property
    def n_parameters(self) -> int:
        """Number of weights."""
        return self.circuit.n_parameters

    def initial(self, seed: int = 0) -> np.ndarray:
        """Return the initial weights (n_parameters,), as of the circuit."""
        return self.circuit.initial(seed)

    def weights(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Return a parameter vector (n_parameters,) split by kind."""
        return self.circuit.weights(vector)

    def network(self, vector: np.ndarray | None = None, record: tuple[str, ...] = ()) -> Network:
        """Return the network; arguments as of `SwimmerCircuit.network`.

        The body also writes 'to_target' (m, two values) and 'reached', the number of targets.
        """
        plain = self.circuit.network(vector)
        network = Network("navigating_swimmer", plain.dt)
        replaced = {"turn", "speed"}
        for part in plain.parts():
            if isinstance(part, External):
                seen = {name: name for name in ("to_target", "reached")}
                part = External(part.name, part.reads, {**part.writes, **seen})
            if not (isinstance(part, Population) and part.name in replaced):
                network.add(part)
            elif isinstance(part, Population) and part.name == "turn":
                self._add_pilot(network)
        return network.add(*(Recorder(name, "output") for name in record))

    def _add_pilot(self, network: Network) -> None:
        step = {"transfer": "step"}
        network.add(
            Population("to_target", 2, Signal()),
            Population("reached", 1, Signal()),
            Population("turn", 2, GradedUnit(bias=-self.aside, **step)),
            Population("far", 2, GradedUnit(bias=-self.along, **step)),
            Population("speed", 1, GradedUnit()),
            # The right of the head is where x of its frame is negative.
            Projection("bearing", "to_target", "turn", Graded(), Edges((0, 0), (0, 1)), [-1.0, 1.0]),
            Projection("range", "to_target", "far", Graded(), Edges((1, 1), (0, 1)), [-1.0, 1.0]),
            Projection("pace_of_target", "far", "speed", Graded(), Edges((0, 1), (0, 0)), 1.0),
        )
