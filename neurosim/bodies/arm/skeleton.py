"""The bones: two rigid links in the horizontal plane, with joint limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array

from neurosim.bodies.arm.checks import require_above, require_from
from neurosim.errors import DescriptionError

Pair = tuple[float, float]


@dataclass(frozen=True)
class TwoLink:
    """An upper arm and a forearm with hand, turning about the shoulder at the origin; no gravity.

    M(q) ddq = torque + J(q)' f - C(q, dq) - viscosity dq, with q = (shoulder angle from +x, elbow angle relative to
    the upper arm), both positive in flexion (counter-clockwise). Angles are in rad; arrays are [..., 2], with any
    leading axes.

    Arguments:
        mass (kg): of upper arm and forearm.
        length (m): of upper arm and forearm.
        centre (m): distance from the joint to the centre of mass, of upper arm and forearm.
        inertia (kg m^2): about the centre of mass, of upper arm and forearm.
        lower, upper (rad): limits of shoulder and elbow.
        viscosity (N m s/rad): of the joints.
        max_speed (rad/s): at which the speed of a joint is clipped.

    Raises DescriptionError for sizes that are not positive or limits that leave no room.
    Source: Nijhof & Kouwenhoven 2000, doi:10.1007/978-1-4612-2104-3_29 (constants as in MotorNet, Codol et al. 2024,
    doi:10.7554/eLife.88591).
    """

    mass: Pair = (1.82, 1.43)
    length: Pair = (0.309, 0.333)
    centre: Pair = (0.135, 0.165)
    inertia: Pair = (0.051, 0.057)
    lower: Pair = (0.0, 0.0)
    upper: Pair = (math.radians(135), math.radians(155))
    viscosity: float = 0.0
    max_speed: float = 1000.0

    def __post_init__(self) -> None:
        require_above(self, 0, "mass", "length", "inertia", "max_speed")
        require_from(self, 0, "centre", "viscosity")
        if not all(low < high for low, high in zip(self.lower, self.upper, strict=True)):
            raise DescriptionError(f"TwoLink: lower = {self.lower} rad is not below upper = {self.upper} rad")

    @property
    def _coupling(self) -> float:
        return self.mass[1] * self.length[0] * self.centre[1]

    def mass_matrix(self, q: Array) -> tuple[Array, Array, float]:
        """Return the entries (M11, M12 = M21, M22) of the mass matrix (kg m^2) at angles q [..., 2]."""
        (m1, m2), (l1, _), (g1, g2), (i1, i2) = self.mass, self.length, self.centre, self.inertia
        turn = self._coupling * jnp.cos(q[..., 1])
        alone = i2 + m2 * g2**2
        return m1 * g1**2 + i1 + m2 * l1**2 + alone + 2 * turn, alone + turn, alone

    def coriolis(self, q: Array, dq: Array) -> Array:
        """Return C (N m) [..., 2]: the torques of the Coriolis and centripetal forces."""
        turn = self._coupling * jnp.sin(q[..., 1])
        v1, v2 = dq[..., 0], dq[..., 1]
        return jnp.stack([-turn * (2 * v1 + v2) * v2, turn * v1**2], axis=-1)

    def jacobian(self, q: Array) -> Array:
        """Return J = d(hand)/dq (m/rad) [..., xy, joint]."""
        x, y = self._elbow(q)
        fore_x, fore_y = self._forearm(q)
        rows = [jnp.stack([-y - fore_y, -fore_y], axis=-1), jnp.stack([x + fore_x, fore_x], axis=-1)]
        return jnp.stack(rows, axis=-2)

    def acceleration(self, q: Array, dq: Array, torque: Array, force: Array) -> Array:
        """Return ddq (rad/s^2) [..., 2].

        Arguments:
            q (rad): joint angles, shape (..., 2).
            dq (rad/s): joint velocities, shape (..., 2).
            torque (N m): of the muscles on the joints, shape (..., 2).
            force (N): on the hand, shape (..., 2).
        """
        total = torque + jnp.einsum("...xj,...x->...j", self.jacobian(q), force)
        total = total - self.coriolis(q, dq) - self.viscosity * dq
        m11, m12, m22 = self.mass_matrix(q)
        t1, t2 = total[..., 0], total[..., 1]
        solved = jnp.stack([m22 * t1 - m12 * t2, m11 * t2 - m12 * t1], axis=-1)
        return solved / (m11 * m22 - m12**2)[..., None]

    def kinetic_energy(self, q: Array, dq: Array) -> Array:
        """Return 1/2 dq' M dq (J) [...]."""
        m11, m12, m22 = self.mass_matrix(q)
        v1, v2 = dq[..., 0], dq[..., 1]
        return 0.5 * (m11 * v1**2 + 2 * m12 * v1 * v2 + m22 * v2**2)

    def hand(self, q: Array) -> Array:
        """Return the position of the hand (m) [..., xy]."""
        return jnp.stack([a + b for a, b in zip(self._elbow(q), self._forearm(q), strict=True)], axis=-1)

    def hand_velocity(self, q: Array, dq: Array) -> Array:
        """Return J dq, the velocity of the hand (m/s) [..., xy]."""
        return jnp.einsum("...xj,...j->...x", self.jacobian(q), dq)

    def angles(self, hand: Array) -> Array:
        """Return the angles q [..., 2] (elbow flexed) that put the hand there, NaN where no allowed angles do.

        At the edge of what can be reached, 1e-6 is allowed for rounding.

        Arguments:
            hand (m): positions, shape (..., 2).
        """
        l1, l2 = self.length
        x, y = hand[..., 0], hand[..., 1]
        cosine = (x**2 + y**2 - l1**2 - l2**2) / (2 * l1 * l2)
        elbow = jnp.arccos(jnp.clip(cosine, -1, 1))
        shoulder = jnp.arctan2(y, x) - jnp.arctan2(l2 * jnp.sin(elbow), l1 + l2 * jnp.cos(elbow))
        shoulder = jnp.mod(shoulder + math.pi, 2 * math.pi) - math.pi
        q = jnp.stack([shoulder, elbow], axis=-1)
        allowed = jnp.all((q >= jnp.array(self.lower) - 1e-6) & (q <= jnp.array(self.upper) + 1e-6), axis=-1)
        return jnp.where((allowed & (jnp.abs(cosine) <= 1 + 1e-6))[..., None], q, jnp.nan)

    def limit(self, q: Array, dq: Array) -> tuple[Array, Array]:
        """Return (q, dq) with the joint limits imposed: a joint that passes its limit stops there, inelastically."""
        low, high = jnp.asarray(self.lower, q.dtype), jnp.asarray(self.upper, q.dtype)
        dq = jnp.clip(dq, -self.max_speed, self.max_speed)
        outward = ((dq < 0) & (q <= low)) | ((dq > 0) & (q >= high))
        return jnp.clip(q, low, high), jnp.where(outward, 0, dq)

    def _elbow(self, q: Array) -> tuple[Array, Array]:
        return self.length[0] * jnp.cos(q[..., 0]), self.length[0] * jnp.sin(q[..., 0])

    def _forearm(self, q: Array) -> tuple[Array, Array]:
        direction = q[..., 0] + q[..., 1]
        return self.length[1] * jnp.cos(direction), self.length[1] * jnp.sin(direction)
