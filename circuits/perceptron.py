"""Layers of graded neurons from an input to an output, to be trained: the smallest network that learns features."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.values import Normal
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded


@dataclass(frozen=True)
class Perceptron:
    """Layers x -> h1 -> h2 -> ... -> y: h_k = f(W_k h_(k-1) + b_k), y = W h + b.

    Populations are 'x', 'h1', 'h2', ..., 'y'; projections are named after their target, 'to_h1', ..., 'to_y'.

    Arguments:
        sizes: neurons of each layer, from the input to the output, at least two.
        transfer: f, as of `GradedUnit`.
        gain: standard deviation of the initial weights times sqrt(fan in), one for all layers or one for each.

    Raises DescriptionError when a size or the number of gains does not fit.
    """

    sizes: tuple[int, ...]
    transfer: str = "relu"
    gain: float | tuple[float, ...] = 2**0.5

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise DescriptionError(f"Perceptron.sizes = {self.sizes}: give at least two, each at least 1")
        if np.ndim(self.gain) and np.shape(self.gain) != (len(self.sizes) - 1,):
            raise DescriptionError(
                f"Perceptron.gain has shape {np.shape(self.gain)}: give one, or {len(self.sizes) - 1}"
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the populations, from the input to the output."""
        return ("x", *(f"h{k}" for k in range(1, len(self.sizes) - 1)), "y")

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the weights, from the input to the output, (sources, targets) when reshaped."""
        return tuple(f"to_{layer}.w" for layer in self.layers[1:])

    @property
    def biases(self) -> tuple[str, ...]:
        """Names of the biases, from the first layer to the output."""
        return tuple(f"{layer}.bias" for layer in self.layers[1:])

    def network(self, record: tuple[str, ...] = ("y",)) -> Network:
        """Return the layers as a network; record, populations whose output is recorded."""
        network = Network("perceptron").add(Population("x", self.sizes[0], Signal()))
        gains = np.broadcast_to(self.gain, len(self.sizes) - 1)
        for (source, layer), (n, m), gain in zip(
            pairwise(self.layers), pairwise(self.sizes), gains, strict=True
        ):
            transfer = "identity" if layer == "y" else self.transfer
            network.add(
                Population(layer, m, GradedUnit(transfer=transfer, bias=np.zeros(m))),
                Projection(
                    f"to_{layer}", source, layer, Graded(), AllToAll(), Normal(0, float(gain) / n**0.5)
                ),
            )
        return network.add(*(Recorder(name, "output") for name in record))
