"""A network that settles, and is taught by a nudge of its output: layers joined in both directions, or in a loop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import DescriptionError
from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import option, parameter
from neurosim.model.parts import NamedParameter, Population, Projection, Tied
from neurosim.model.synapse import SynapseModel
from neurosim.model.units import ms
from neurosim.neurons import GradedUnit, SigmoidRate, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded

Array = NDArray[np.float64]
TAU = 1.0 * ms
SLOPE, MIDDLE = 4.0, 0.5  # the activity is 1/(1 + exp(-(4 u - 2)))
STEP = 0.5  # share of the way to f(u) that a step takes


class GradedExponential(SynapseModel):
    """Adds weight times the exponential of the source's output to an input of the target at every step.

    port = sum over sources of w * exp(output);  w has the unit of the port, the output is a number.
    """

    port = option("I", "input of the target")
    graded = "w * exp(output_pre)"


class SoftmaxShare(NeuronModel):
    """Stateless neuron with its share of a pool of exponentials: a softmax, which also has complex values.

    p = exp(I)/pool;  I summed input (1), pool sum of exp(I) over all neurons of the layer, by `GradedExponential` (1).
    """

    equations = """
    p = exp(I)/pool : 1
    I : 1 (input)
    pool : 1 (input)
    """
    output = "p"


class Nudging(NeuronModel):
    """Stateless neuron that passes a difference on, times the size of a nudge.

    y = beta * I;  I summed input (1), beta size of the nudge (1).
    """

    beta = parameter(0.0, "size of the nudge")
    equations = """
    y = beta * I : 1
    I : 1 (input)
    """
    output = "y"


@dataclass(frozen=True)
class EquilibriumCircuit:
    """Layers of sigmoid neurons that settle, with a softmax read-out whose error nudges the last of them.

    tau da/dt = -a + s(u), s(u) = 1/(1 + exp(-(4 u - 2))), u = sum of W a + b, for the last layer + beta R^T (p - y);
    p = softmax(R a + c) read-out, y target (1); beta above 0 raises the cross-entropy. Populations: 'x' input, 'layer1'
    to the last, 'out'; 'target'. Projections: 'ahead1' from the input, 'ahead2' ... to 'out'; 'back1' ... from each
    layer to the one before it, or, in a loop, 'loop' from 'out' to 'layer1'. One step takes half of the way to s(u).

    Arguments:
        sizes: of input, hidden layers and output, at least three.
        loop: whether there is a loop in the place of connections back.

    Raises DescriptionError for too few layers.
    Source: Laborieux, Zenke 2024, ICLR, arXiv 2309.02214.
    """

    sizes: tuple[int, ...] = (784, 256, 256, 10)
    loop: bool = False

    def __post_init__(self) -> None:
        if len(self.sizes) < 3 or min(self.sizes) < 1:
            raise DescriptionError(
                f"equilibrium circuit: sizes = {self.sizes}: give input, hidden layers and output, each at least 1"
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """The populations that settle."""
        return (*(f"layer{k}" for k in range(1, len(self.sizes) - 1)), "out")

    @cached_property
    def ends(self) -> dict[str, tuple[str, str]]:
        """(source, target) of the projections that learn, by name."""
        found = {f"ahead{k}": pair for k, pair in enumerate(pairwise(("x", *self.layers)), 1)}
        if self.loop:
            return {**found, "loop": ("out", "layer1")}
        return found | {f"back{k}": (b, a) for k, (a, b) in enumerate(pairwise(self.layers), 1)}

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Projections ahead and back that join the same two layers."""
        return () if self.loop else tuple((f"ahead{k + 1}", f"back{k}") for k in range(1, len(self.layers)))

    @property
    def recurrent(self) -> tuple[str, ...]:
        """Projections between layers that settle."""
        return tuple(name for name, (source, _) in self.ends.items() if source != "x")

    @cached_property
    def size(self) -> dict[str, int]:
        """Number of neurons of the input and of each layer, by name."""
        return dict(zip(("x", *self.layers), self.sizes, strict=True))

    @property
    def states(self) -> int:
        """Number of neurons that settle."""
        return sum(self.sizes[1:])

    @property
    def plastic(self) -> tuple[str, ...]:
        """The names of all parameters that learn."""
        biases = (f"{name}.bias" for name in self.layers)
        return (*(f"{name}.w" for name in self.ends), *biases, "R", "z.bias")

    def initial(self, seed: int, angle: float) -> dict[str, Array]:
        """Return weights by parameter, (sources * targets,), drawn from N(0, 1/sources).

        Arguments:
            seed: of the draws.
            angle (degrees): alpha, between weights ahead and back: back = sin(alpha) random + cos(alpha) ahead^T.
        """
        found: dict[str, Array] = {}
        for name, (source, target) in self.ends.items():
            shape = self.size[source], self.size[target]
            found[name] = generator(seed, f"equilibrium {name}").normal(0, shape[0] ** -0.5, shape)
        sine, cosine = np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))
        for ahead, back in self.pairs:
            found[back] = sine * found[back] + cosine * found[ahead].T
        weights = {f"{name}.w": value.ravel() for name, value in found.items()}
        outputs = self.sizes[-1]
        return weights | {"R": generator(seed, "equilibrium R").normal(0, outputs**-0.5, outputs**2)}

    def network(self, seed: int = 0, angle: float = 0.0) -> Network:
        """Return the circuit with the weights of `initial`."""
        weights, outputs = self.initial(seed, angle), self.sizes[-1]
        step = -float(np.log(1 - STEP))
        across = np.arange(outputs**2)
        network = Network("equilibrium", step * TAU).add(
            NamedParameter("R", weights["R"]),
            Population("x", self.sizes[0], Signal()),
            Population("target", outputs, Signal()),
        )
        for name, size in list(self.size.items())[1:]:
            bias = np.full(size, -MIDDLE)
            network.add(Population(name, size, SigmoidRate(tau=TAU, slope=SLOPE, bias=bias)))
        network.add(
            Population("z", outputs, GradedUnit(transfer="identity", bias=np.zeros(outputs))),
            Population("p", outputs, SoftmaxShare()),
            Population("error", outputs, Nudging()),
        )
        for name, (source, target) in self.ends.items():
            w = weights[f"{name}.w"].reshape(self.size[source], -1).T
            network.add(Projection(name, source, target, Graded(), AllToAll(), w))
        transposed = across.reshape(outputs, outputs).T.ravel()
        return network.add(
            Projection("read", "out", "z", Graded(), AllToAll(), Tied("R", tuple(across))),
            Projection("own", "z", "p", Graded(), OneToOne(), 1.0),
            Projection("pool", "z", "p", GradedExponential(port="pool"), AllToAll(), 1.0),
            Projection("found", "p", "error", Graded(), OneToOne(), 1.0),
            Projection("wanted", "target", "error", Graded(), OneToOne(), -1.0),
            Projection("nudge", "error", "out", Graded(), AllToAll(), Tied("R", tuple(transposed))),
        )
