"""The gated recurrent unit as a policy: the usual baseline for learning to control an arm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.errors import DescriptionError
from neurosim.learning.bptt.model import Parameters
from neurosim.rng import generator


@dataclass(frozen=True)
class GRU:
    """Gated recurrent units with a logistic read-out.

    z = s(W_z x + U_z h + b_z), r = s(W_r x + U_r h + b_r), n = tanh(W_n x + b_n + r * U_n h), h <- z h + (1 - z) n,
    u = s(W_o h + b_o);  s logistic, x senses, h memory, u outputs in (0, 1).
    W is drawn with variance 1/inputs, U orthogonal, W_o with standard deviation 0.1; biases are 0 but b_o.
    Arguments: inputs, units, outputs, numbers of each; output_bias, b_o at the start: a negative one starts with nearly
    silent outputs. Raises DescriptionError when a number is below 1.
    Source: Cho et al. 2014, EMNLP, arXiv 1406.1078 (r after the product: the variant of common libraries).
    """

    inputs: int
    units: int
    outputs: int
    output_bias: float = -2.0

    def __post_init__(self) -> None:
        for name in ("inputs", "units", "outputs"):
            if getattr(self, name) < 1:
                raise DescriptionError(f"GRU.{name} = {getattr(self, name)}: must be at least 1")

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Return weights from a seed: 'in.w', 'rec.w', 'in.b' (gates z, r, n side by side), 'out.w', 'out.b'."""
        draw, n = generator(seed, "GRU"), self.units
        orthogonal = [np.linalg.qr(draw.normal(size=(n, n)))[0] for _ in range(3)]
        return {
            "in.w": draw.normal(size=(self.inputs, 3 * n)) / np.sqrt(self.inputs),
            "rec.w": np.concatenate(orthogonal, axis=1),
            "in.b": np.zeros(3 * n),
            "out.w": 0.1 * draw.normal(size=(n, self.outputs)),
            "out.b": np.full(self.outputs, self.output_bias),
        }

    def start(self, batch: int) -> Array:
        """Return the memory at the start (batch, units)."""
        return jnp.zeros((batch, self.units))

    def step(self, weights: Parameters, memory: Array, senses: Array) -> tuple[Array, Array]:
        """Return (memory, outputs (batch, outputs)) after senses (batch, inputs)."""
        x, h = senses @ weights["in.w"] + weights["in.b"], memory @ weights["rec.w"]
        (xz, xr, xn), (hz, hr, hn) = jnp.split(x, 3, axis=-1), jnp.split(h, 3, axis=-1)
        z = jax.nn.sigmoid(xz + hz)
        memory = z * memory + (1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn)
        return memory, jax.nn.sigmoid(memory @ weights["out.w"] + weights["out.b"])

    def controller(self, weights: Parameters) -> Callable[[Array, Any, Any], tuple[Array, Array]]:
        """Return a controller for `neurosim.tasks.rollout` that senses all of the observation and the target."""

        def control(memory: Array, observation: Any, cue: Any) -> tuple[Array, Array]:
            return self.step(weights, memory, jnp.concatenate([*observation, cue.target], axis=-1))

        return control
