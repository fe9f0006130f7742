"""The plain force generator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import jax.numpy as jnp
from jax import Array

from neurosim.bodies.arm.activation import Activation
from neurosim.bodies.arm.muscles.muscle import Muscle


@dataclass(frozen=True, kw_only=True)
class ReLU(Muscle):
    """F = a max_force, whatever the length and the velocity of the fibres.

    Arguments:
        activation: its dynamics.
    """

    activation: Activation = field(default_factory=lambda: Activation(floor=0.0))
    name: ClassVar[str] = "relu"

    def active(self, a: Array, x: Array, v: Array) -> Array:
        """Return the activation."""
        return a

    def passive(self, x: Array) -> Array:
        """Return 0."""
        return jnp.zeros_like(x)

    def unit_speed(self, optimum: Array) -> Array:
        """Return 10 optimum lengths per second, in m/s."""
        return 10 * optimum
