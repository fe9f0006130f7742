"""The muscle of the MuJoCo simulator, with unit speed in metres per second."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import jax.numpy as jnp
from jax import Array

from neurosim.bodies.arm.activation import Activation
from neurosim.bodies.arm.checks import require_above, require_from
from neurosim.bodies.arm.muscles.muscle import Muscle
from neurosim.errors import DescriptionError


@dataclass(frozen=True, kw_only=True)
class MuJoCoStyle(Muscle):
    """The muscle of MuJoCo's documentation: parabolas for force-length and force-velocity, cubic passive force.

    F/max_force = a f_l(x) f_v(v) + f_pe(x); f_l = bump(x; shortest_x, 1, longest_x) + 0.15 bump(x; shortest_x,
    (shortest_x + 0.95)/2, 0.95); f_v = (1 + v)^2 in shortening, then c + 1 - (c - v)^2/c up to v = c = stretched - 1;
    f_pe = passive_max/4 z^3 up to z = 1, passive_max/4 (3z - 2) beyond, z = (x - 1)/((longest_x - 1)/2), 0 if x < 1.
    MuJoCo's compiled code differs from its documentation: no second bump, and passive force quadratic up to z = 1.

    Arguments:
        activation: its dynamics.
        shortest_x, longest_x (1): normalised fibre lengths between which there is active force.
        stretched (1): force in fast lengthening over the isometric force.
        passive_max (1): passive force at longest_x over max_force.
        max_speed (m/s): speed at which v = 1, the same for all muscles as in MotorNet; MuJoCo scales it by the optimum
            length.

    Raises DescriptionError for parameters that do not define a curve.
    Source: MuJoCo documentation, script FLV.m of the chapter on modeling (mujoco.readthedocs.io).
    """

    activation: Activation = field(default_factory=lambda: Activation(rise=0.010, fall=0.040, floor=0.0))
    shortest_x: float = 0.5
    longest_x: float = 1.6
    stretched: float = 1.2
    passive_max: float = 1.3
    max_speed: float = 1.5
    name: ClassVar[str] = "mujoco"

    def __post_init__(self) -> None:
        require_above(self, 0, "shortest_x", "max_speed")
        require_above(self, 1, "longest_x", "stretched")
        require_from(self, 0, "passive_max")
        if self.shortest_x >= 0.95:
            raise DescriptionError(f"MuJoCoStyle.shortest_x = {self.shortest_x}: must be below 0.95")

    def active(self, a: Array, x: Array, v: Array) -> Array:
        """Return the active force over max_force; arguments as of `Muscle.active`."""
        return a * self.force_length(x) * self.force_velocity(v)

    def force_length(self, x: Array) -> Array:
        """Return f_l (1), the isometric force of full activation over max_force."""
        low = self.shortest_x
        return bump(x, low, 1.0, self.longest_x) + 0.15 * bump(x, low, (low + 0.95) / 2, 0.95)

    def force_velocity(self, v: Array) -> Array:
        """Return f_v (1), the force at velocity v over the isometric force."""
        c = self.stretched - 1
        shortening, lengthening = jnp.where(v <= 0, v, 0), jnp.where(v <= 0, 0, v)
        slow = jnp.maximum(1 + shortening, 0) ** 2
        return jnp.where(v <= 0, slow, self.stretched - jnp.maximum(c - lengthening, 0) ** 2 / c)

    def passive(self, x: Array) -> Array:
        """Return the passive force over max_force; argument as of `Muscle.passive`."""
        z = jnp.maximum(x - 1, 0) / ((self.longest_x - 1) / 2)
        return self.passive_max / 4 * jnp.where(z <= 1, z**3, 3 * z - 2)

    def unit_speed(self, optimum: Array) -> Array:
        """Return max_speed for every muscle (m/s)."""
        return jnp.full_like(optimum, self.max_speed)


def bump(x: Array, low: float, middle: float, high: float) -> Array:
    """Return a smooth bump (1): 0 outside (low, high), 1 at the middle, four parabolas with knots half-way."""
    side = jnp.where(x < middle, (x - low) / (middle - low), (high - x) / (high - middle))
    z = jnp.clip(side, 0, 1)
    return jnp.where(z < 0.5, 2 * z**2, 1 - 2 * (1 - z) ** 2)
