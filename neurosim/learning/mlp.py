"""A multilayer perceptron as one flat parameter vector: the policy that circuits are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import SupportsIndex

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import DescriptionError
from neurosim.rng import generator

Vector = NDArray[np.float64]


@njit(nogil=True, cache=True)
def mlp_forward(
    theta: Vector, sizes: NDArray[np.int64], observation: Vector, out: Vector, scratch: Vector
) -> None:
    """Write the network's output to `out`: x <- tanh(x W + b), layer after layer, from x = observation.

    Callable from compiled code, allocates nothing and checks no length (`MLP.forward` does).
    Arguments: theta [n_parameters], W [fan in, fan out] by rows, then b, layer after layer;
    sizes [layers + 1], of the input, the hidden layers and the output; observation [sizes[0]];
    out [sizes[-1]] and scratch [n_scratch], overwritten.
    """
    half, position, x = scratch.size // 2, 0, observation
    for layer in range(sizes.size - 1):
        n, m = sizes[layer], sizes[layer + 1]
        y = out
        if layer < sizes.size - 2:
            begin = (layer % 2) * half
            y = scratch[begin : begin + m]
        y[:m] = theta[position + n * m : position + n * m + m]
        # Inputs outside, outputs inside: sums over inputs keep their order and the inner loop vectorises.
        for i in range(n):
            for j in range(m):
                y[j] += x[i] * theta[position + j]
            position += m
        position += m
        for j in range(m):
            y[j] = np.tanh(y[j])
        x = y


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron with tanh hidden layers and tanh outputs.

    Arguments: sizes, of the input, the hidden layers and the output: (23, 64, 64, 5).
    Raises DescriptionError when there are fewer than two, or one is below 1.
    """

    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or any(size < 1 for size in self.sizes):
            raise DescriptionError(f"MLP.sizes = {self.sizes}: give at least two sizes, each 1 or more")

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases: the sum of (fan in + 1) * fan out."""
        return sum((n + 1) * m for n, m in pairwise(self.sizes))

    @property
    def n_scratch(self) -> int:
        """Length of the scratch vector that `mlp_forward` needs: two of the widest hidden layer."""
        return 2 * max(self.sizes[1:-1], default=0)

    def initial(self, seed: SupportsIndex) -> Vector:
        """Return parameters [n_parameters], uniform on +-1/sqrt(fan in) of their layer, biases included."""
        draw = generator(seed, "mlp initial parameters")
        return np.concatenate(
            [draw.uniform(-1, 1, (n + 1) * m) / np.sqrt(n) for n, m in pairwise(self.sizes)]
        )

    def forward(self, theta: ArrayLike, observation: ArrayLike) -> Vector:
        """Return the output [sizes[-1]] in [-1, 1].

        Arguments: theta [n_parameters]; observation [sizes[0]]. Raises DescriptionError on a wrong shape.
        """
        parameters, x = (
            np.ascontiguousarray(theta, dtype=float),
            np.ascontiguousarray(observation, dtype=float),
        )
        for name, value, size in (
            ("theta", parameters, self.n_parameters),
            ("observation", x, self.sizes[0]),
        ):
            if value.shape != (size,):
                raise DescriptionError(f"MLP.forward: {name} has shape {value.shape}, must have ({size},)")
        out = np.empty(self.sizes[-1])
        mlp_forward(parameters, np.array(self.sizes), x, out, np.empty(self.n_scratch))
        return out
