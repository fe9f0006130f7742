"""Thelen's muscle on a rigid tendon."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import jax.numpy as jnp
from jax import Array

from neurosim.bodies.arm.activation import Activation
from neurosim.bodies.arm.checks import require_above
from neurosim.bodies.arm.muscles.muscle import Muscle

_A_F = 0.25  # shape of the force-velocity curve
_LENGTHENING = 1.4  # greatest force in lengthening over the isometric force
_SPREAD = 0.45  # of the force-length curve
_STIFFNESS, _STRAIN = 5.0, 0.6  # passive: exponent, and strain at max_force


@dataclass(frozen=True, kw_only=True)
class Thelen(Muscle):
    """Thelen's muscle: Gaussian force-length curve, exponential passive force.

    f_l = exp(-(x-1)^2/0.45), f_pe = max((exp(5 (x - slack)/0.6) - 1)/(e^5 - 1), 0), F/max_force = a f_l f_v + f_pe;
    v <= 0: f_v = A (3a + 1 + 4v)/(A (3a + 1) - 4v); v > 0: f_v = (e (3a + 1) + h f_m v)/(e (3a + 1) + h v), with
    A = 0.25, f_m = 1.4, e = A (f_m - 1), h = 8 (A + 1); v in units of 10 optimum lengths per second.

    Arguments:
        activation: its dynamics.
        slack (1): normalised fibre length at which passive force begins.

    Raises DescriptionError when slack is not positive.
    Source: Thelen 2003, J. Biomech. Eng. 125:70, doi:10.1115/1.1531112.
    """

    activation: Activation = field(default_factory=Activation)
    slack: float = 1.0
    name: ClassVar[str] = "thelen"

    def __post_init__(self) -> None:
        require_above(self, 0, "slack")

    def active(self, a: Array, x: Array, v: Array) -> Array:
        """Return the active force over max_force; arguments as of `Muscle.active`."""
        return a * jnp.exp(-((x - 1) ** 2) / _SPREAD) * self.force_velocity(a, v)

    def force_velocity(self, a: Array, v: Array) -> Array:
        """Return f_v (1), the force at velocity v over the isometric force, at activation a."""
        # Each branch gets a velocity of its own sign, so that neither divides by zero where it is not used.
        shortening, lengthening = jnp.where(v <= 0, v, 0), jnp.where(v <= 0, 0, v)
        k, h = 3 * a + 1, 8 * (_A_F + 1)
        slow = _A_F * (k + 4 * shortening) / (k * _A_F - 4 * shortening)
        e = _A_F * (_LENGTHENING - 1) * k
        fast = (e + h * _LENGTHENING * lengthening) / (e + h * lengthening)
        return jnp.maximum(jnp.where(v <= 0, slow, fast), 0)

    def passive(self, x: Array) -> Array:
        """Return the passive force over max_force; argument as of `Muscle.passive`."""
        stretch = jnp.expm1(_STIFFNESS / _STRAIN * jnp.maximum(x - self.slack, 0))
        return stretch / math.expm1(_STIFFNESS)

    def unit_speed(self, optimum: Array) -> Array:
        """Return 10 optimum lengths per second, in m/s."""
        return 10 * optimum
