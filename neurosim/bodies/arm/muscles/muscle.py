"""The base of muscle models: normalised active and passive force of fibres on a rigid tendon."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jax import Array

from neurosim.bodies.arm.activation import Activation
from neurosim.bodies.arm.fibres import Contraction, Fibres


@dataclass(frozen=True, kw_only=True)
class Muscle(ABC):
    """Fibres in series with a tendon that does not stretch.

    l = max(L - tendon, shortest), x = l/optimum, v = V/unit_speed, F = max_force (active(a, x, v) + passive(x)), from
    activation a and the length L and velocity V of muscle and tendon together. A model defines `active` and `passive`.

    Arguments:
        activation: its dynamics.
    """

    activation: Activation
    name: ClassVar[str]
    shortest: ClassVar[float] = 0.001
    """The least fibre length (m)."""

    @abstractmethod
    def active(self, a: Array, x: Array, v: Array) -> Array:
        """Return the active force over max_force, of activation a, fibre length x and fibre velocity v (1)."""

    @abstractmethod
    def passive(self, x: Array) -> Array:
        """Return the passive force over max_force, of fibre length x over the optimum (1)."""

    @abstractmethod
    def unit_speed(self, optimum: Array) -> Array:
        """Return the fibre velocity (m/s) [muscle] that is v = 1 for `active`."""

    def contract(self, fibres: Fibres, a: Array, length: Array, velocity: Array) -> Contraction:
        """Return force, fibre length and fibre velocity [..., muscle].

        Arguments:
            fibres: the sizes.
            a (1): activation within its bounds, shape (..., muscles).
            length (m): of muscle and tendon together, shape (..., muscles).
            velocity (m/s): of muscle and tendon together, shape (..., muscles).
        """
        optimum = jnp.asarray(fibres.optimum, length.dtype)
        fibre = jnp.maximum(length - jnp.asarray(fibres.tendon, length.dtype), self.shortest)
        x, v = fibre / optimum, velocity / self.unit_speed(optimum)
        normalised = self.active(a, x, v) + self.passive(x)
        return Contraction(jnp.asarray(fibres.max_force, length.dtype) * normalised, fibre, velocity)
