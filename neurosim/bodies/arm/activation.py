"""From excitation to activation: the first-order dynamics of calcium in a muscle."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array

from neurosim.bodies.arm.checks import require_above, require_from
from neurosim.errors import DescriptionError


@dataclass(frozen=True)
class Activation:
    """Activation that follows the excitation faster up than down.

    da/dt = (u - a)/tau; tau = rise k if u > a, else fall/k, with k = 0.5 + 1.5 a; u and a within [floor, 1].
    With explicit Euler steps longer than rise/2 a rise from rest overshoots and is clipped at 1.

    Arguments:
        rise, fall (s): time constants.
        floor (1): the least activation.

    Raises DescriptionError for a time constant that is not positive or a floor outside [0, 1).
    Source: Thelen 2003, J. Biomech. Eng. 125:70, doi:10.1115/1.1531112, equations 1 and 2.
    """

    rise: float = 0.015
    fall: float = 0.050
    floor: float = 0.001

    def __post_init__(self) -> None:
        require_above(self, 0, "rise", "fall")
        require_from(self, 0, "floor")
        if self.floor >= 1:
            raise DescriptionError(f"Activation.floor = {self.floor}: must be below 1")

    def bounded(self, a: Array) -> Array:
        """Return an excitation or activation clipped to [floor, 1]."""
        return jnp.clip(a, self.floor, 1)

    def rate(self, u: Array, a: Array) -> Array:
        """Return da/dt (1/s) of activations a under excitations u, both bounded and of the same shape."""
        k = 0.5 + 1.5 * a
        return (u - a) / jnp.where(u > a, self.rise * k, self.fall / k)
