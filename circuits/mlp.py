"""A multilayer perceptron as an ordinary network: the controller with which circuits are compared."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurosim.circuits.celegans_swimmer import BODY_SIGNALS
from neurosim.errors import DescriptionError
from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.parts import External, NamedParameter, Population, Projection, Tied
from neurosim.model.recorder import Recorder
from neurosim.model.units import second
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded


@dataclass(frozen=True)
class MLPController:
    """A multilayer perceptron from a swimmer's observation to its torques: x <- tanh(W x + b), layer after layer.

    Arguments:
        n_joints: of the body, which has 4 n_joints + 3 observations and n_joints controls.
        hidden: sizes of the hidden layers.
        dt (s): control step.
    """

    n_joints: int = 5
    hidden: tuple[int, ...] = (64, 64)
    dt: float = 0.03

    def __post_init__(self) -> None:
        if self.n_joints < 1 or any(size < 1 for size in self.hidden):
            raise DescriptionError(
                f"MLP: n_joints = {self.n_joints}, hidden = {self.hidden}: every size is at least 1"
            )

    @property
    def layers(self) -> tuple[int, ...]:
        """Sizes from the observation to the controls."""
        return (4 * self.n_joints + 3, *self.hidden, self.n_joints)

    @property
    def sizes(self) -> dict[str, int]:
        """Number of weights and biases by layer, in the order of the parameter vector."""
        found: dict[str, int] = {}
        for layer, (n, m) in enumerate(pairwise(self.layers), 1):
            found |= {f"weights{layer}": n * m, f"biases{layer}": m}
        return found

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases: the sum of (fan in + 1) * fan out."""
        return sum(self.sizes.values())

    def initial(self, seed: int = 0) -> np.ndarray:
        """Return parameters (n_parameters,), biases included, uniform within +-1/sqrt(fan in) of their layer."""
        rng = generator(seed, "mlp initial parameters")
        return np.concatenate(
            [rng.uniform(-1, 1, (n + 1) * m) / np.sqrt(n) for n, m in pairwise(self.layers)]
        )

    def weights(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Return a parameter vector (n_parameters,) split by layer; weights are in the order (source, target)."""
        if np.shape(vector) != (self.n_parameters,):
            raise DescriptionError(
                f"MLP: a parameter vector of shape {np.shape(vector)}: give ({self.n_parameters},)"
            )
        edges = np.cumsum(list(self.sizes.values()))[:-1]
        return dict(zip(self.sizes, np.split(np.asarray(vector, dtype=float), edges), strict=True))

    def network(self, vector: np.ndarray | None = None, record: tuple[str, ...] = ()) -> Network:
        """Return the perceptron as a network of graded neurons with an External 'body' in the loop.

        The input is 'observation', the output is 'torque'; the body also writes 'reward', 'com', 'heading',
        'forward_speed' and 'angle'.

        Arguments:
            vector: parameters, shape (n_parameters,), those of `initial` if omitted.
            record: populations whose output is recorded at every step.
        """
        network = Network("mlp_swimmer", self.dt * second)
        for name, value in self.weights(self.initial() if vector is None else vector).items():
            network.add(NamedParameter(name, value))
        names = ["observation", *(f"hidden{k}" for k in range(1, len(self.hidden) + 1)), "torque"]
        network.add(
            Population(names[0], self.layers[0], Signal()), Population("one", 1, GradedUnit(bias=1.0))
        )
        for layer, ((source, target), (n, m)) in enumerate(
            zip(pairwise(names), pairwise(self.layers), strict=True), 1
        ):
            network.add(
                Population(target, m, GradedUnit(transfer="tanh")),
                _tied(f"layer{layer}", source, target, f"weights{layer}", n * m),
                _tied(f"bias{layer}", "one", target, f"biases{layer}", m),
            )
        signals = {"angle": self.n_joints, **BODY_SIGNALS}
        network.add(*(Population(name, size, Signal()) for name, size in signals.items()))
        writes = {name: name for name in ("observation", *signals)}
        network.add(External("body", ("torque.output",), writes))
        return network.add(*(Recorder(name, "output") for name in record))


def _tied(name: str, source: str, target: str, parameter: str, edges: int) -> Projection:
    return Projection(name, source, target, Graded(), AllToAll(), Tied(parameter, tuple(range(edges))))
