"""The Hill muscle of Kistemaker and colleagues on a rigid tendon."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import jax.numpy as jnp
from jax import Array

from neurosim.bodies.arm.activation import Activation
from neurosim.bodies.arm.checks import require_above
from neurosim.bodies.arm.muscles.muscle import Muscle
from neurosim.errors import DescriptionError

_WIDTH = 0.66
_LONGEST = 1.66  # where the passive force equals max_force
_SLOPE = 0.001  # of force over velocity in fast lengthening


@dataclass(frozen=True, kw_only=True)
class Hill(Muscle):
    """Hill muscle: parabolic force-length curve, hyperbolic force-velocity curves that depend on activation.

    f_l = max(1 - (x-1)^2/0.66^2, 0.01), g = f_l a, f_pe = max(x - slack, 0)^2/(1.66 - slack)^2;
    shortening: f = (v a a_rel + g b_rel)/(b_rel - v); lengthening: f = 1.5 g + s v - (g/2)^2/(g/2 + k v), with
    s = 0.001 and k = 2 a (f_l + a_rel)/b_rel - s, so that the slope at v = 0 is twice that of shortening;
    a_rel = 0.41 (times f_l if x > 1), b_rel = 5.2 (times (1 - 0.9 (a - 0.3)/(0.005 - 0.3))^2 if a < 0.3).

    Arguments:
        activation: its dynamics.
        slack (1): normalised fibre length at which passive force begins.
        speed_unit (optimum lengths per second): speed at which v = 1: the model's 10 leaves the arm lightly damped, 1
            damps it about ten times more.

    Raises DescriptionError for slack outside (0, 1.66), a speed_unit that is not positive, or activation that can be 0.
    Source: Kistemaker, Wong & Gribble 2010, J. Neurophysiol. 104:2985, doi:10.1152/jn.00483.2010.
    """

    activation: Activation = field(default_factory=Activation)
    slack: float = 1.0
    speed_unit: float = 10.0
    name: ClassVar[str] = "hill"
    shortest: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        require_above(self, 0, "slack", "speed_unit")
        if self.slack >= _LONGEST:
            raise DescriptionError(f"Hill.slack = {self.slack}: must be below {_LONGEST}")
        if self.activation.floor <= 0:
            raise DescriptionError(
                "Hill.activation.floor = 0: must be above 0, since the curves divide by activation"
            )

    def force_length(self, x: Array) -> Array:
        """Return f_l (1), the isometric force of full activation over max_force."""
        return jnp.maximum(1 - ((x - 1) / _WIDTH) ** 2, 0.01)

    def active(self, a: Array, x: Array, v: Array) -> Array:
        """Return the active force over max_force; arguments as of `Muscle.active`, with a above 0."""
        f_l = self.force_length(x)
        a_rel, b_rel = self.curvature(a, x, f_l)
        g = f_l * a
        # Each branch gets a velocity of its own sign, so that neither divides by zero where it is not used.
        shortening, lengthening = jnp.where(v < 0, v, 0), jnp.where(v < 0, 0, v)
        concentric = (shortening * a * a_rel + g * b_rel) / (b_rel - shortening)
        # Negative only for resting fibres stretched far beyond the joint range: a pole, where the limit is k = 0.
        k = jnp.maximum(2 * a * (f_l + a_rel) / b_rel - _SLOPE, 0)
        eccentric = 1.5 * g + _SLOPE * lengthening - (g / 2) ** 2 / (g / 2 + k * lengthening)
        return jnp.maximum(jnp.where(v < 0, concentric, eccentric), 0)

    def curvature(self, a: Array, x: Array, f_l: Array) -> tuple[Array, Array]:
        """Return Hill's constants (a_rel, b_rel) (1) at activation a, fibre length x and its f_l."""
        a_rel = jnp.where(x > 1, 0.41 * f_l, 0.41)
        b_rel = jnp.where(a >= 0.3, 5.2, 5.2 * (1 - 0.9 * (a - 0.3) / (0.005 - 0.3)) ** 2)
        return a_rel, b_rel

    def passive(self, x: Array) -> Array:
        """Return the passive force over max_force; argument as of `Muscle.passive`."""
        return (jnp.maximum(x - self.slack, 0) / (_LONGEST - self.slack)) ** 2

    def unit_speed(self, optimum: Array) -> Array:
        """Return speed_unit in m/s."""
        return self.speed_unit * optimum
