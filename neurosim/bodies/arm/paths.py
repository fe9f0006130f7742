"""How muscles run across the joints: lengths and moment arms as functions of the joint angles."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array

from neurosim.errors import DescriptionError

PerMuscle = tuple[float, ...]


@dataclass(frozen=True)
class Paths:
    """Lengths of muscle and tendon as quadratic functions of the joint angles.

    L = constant + sum over joints j of (slope_j + curvature_j p_j) p_j, with p = q - zero;
    moment arm r_j = dL/dq_j = slope_j + 2 curvature_j p_j. A positive moment arm is that of an extensor.

    Arguments:
        constant (m): shape (muscles,).
        slope (m/rad): shape (joints, muscles).
        curvature (m/rad^2): shape (joints, muscles).
        zero (rad): the posture from which angles are measured, shape (joints,).

    Raises DescriptionError when their sizes differ.
    Source: Nijhof & Kouwenhoven 2000, doi:10.1007/978-1-4612-2104-3_29.
    """

    constant: PerMuscle
    slope: tuple[PerMuscle, PerMuscle]
    curvature: tuple[PerMuscle, PerMuscle]
    zero: tuple[float, float]

    def __post_init__(self) -> None:
        sizes = {len(row) for row in (self.constant, *self.slope, *self.curvature)}
        if len(sizes) != 1 or not len(self.slope) == len(self.curvature) == len(self.zero):
            raise DescriptionError("Paths: constant, slope, curvature and zero differ in muscles or joints")

    def length(self, q: Array) -> Array:
        """Return L (m) [..., muscle] at the angles q (rad) [..., joint]."""
        p = self._turned(q)
        bend = jnp.asarray(self.slope, q.dtype) + jnp.asarray(self.curvature, q.dtype) * p
        return jnp.asarray(self.constant, q.dtype) + jnp.sum(bend * p, axis=-2)

    def moment_arms(self, q: Array) -> Array:
        """Return r = dL/dq (m) [..., joint, muscle] at the angles q (rad) [..., joint]."""
        bend = 2 * jnp.asarray(self.curvature, q.dtype) * self._turned(q)
        return jnp.asarray(self.slope, q.dtype) + bend

    def velocity(self, q: Array, dq: Array) -> Array:
        """Return dL/dt (m/s) [..., muscle], positive in lengthening."""
        return jnp.einsum("...jm,...j->...m", self.moment_arms(q), dq)

    def torque(self, q: Array, force: Array) -> Array:
        """Return the torque of muscle forces (N) [..., muscle] on the joints (N m) [..., joint]: -r F."""
        return -jnp.einsum("...jm,...m->...j", self.moment_arms(q), force)

    def _turned(self, q: Array) -> Array:
        return (q - jnp.asarray(self.zero, q.dtype))[..., None]
