"""The arm as a controller sees it: excitations and loads in, sensations out, as pure functions."""

from __future__ import annotations

import dataclasses
import operator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from neurosim.bodies.arm.checks import require_above, require_from
from neurosim.bodies.arm.integrators import INTEGRATORS
from neurosim.bodies.arm.plant import Plant, PlantState
from neurosim.bodies.arm.senses import Sensation, Senses
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.registry import suggest


class EffectorState(NamedTuple):
    """The mechanical state of a batch of arms, and the samples that are still on their way to the controller."""

    plant: PlantState
    history: Sensation


@dataclass(frozen=True)
class Effector:
    """A batch of arms advanced in steps of dt; `init`, `step` and `observe` can be jitted, mapped and differentiated.

    Arguments:
        plant: the mechanics.
        senses: proprioception and vision.
        dt (s): time step.
        integrator: 'euler' or 'rk4'.
        excitation_noise (1): standard deviation of the Gaussian noise added to each excitation.

    Raises DescriptionError for values out of range or delays that are not whole steps, UnknownNameError for an
    integrator that does not exist.
    """

    plant: Plant = field(default_factory=Plant)
    senses: Senses = field(default_factory=Senses)
    dt: float = 0.01
    integrator: str = "euler"
    excitation_noise: float = 0.0

    def __post_init__(self) -> None:
        require_above(self, 0, "dt")
        require_from(self, 0, "excitation_noise")
        self.senses.delays(self.dt)
        if self.integrator not in INTEGRATORS:
            raise UnknownNameError(
                f"Effector.integrator: unknown integrator '{self.integrator}': "
                f"{suggest(self.integrator, INTEGRATORS)}"
            )

    def init(self, batch: int, q: ArrayLike, dq: ArrayLike = 0.0, key: Array | None = None) -> EffectorState:
        """Return the state of `batch` relaxed arms, with activations at their floor.

        Arguments:
            batch: number of arms.
            q (rad): joint angles, shape (2,) or (batch, 2).
            dq (rad/s): joint velocities, of the same shapes, or 0.
            key: for the noise of the first sample; required if the senses are noisy.

        Raises DescriptionError for a wrong shape, or for angles outside the joint limits where these are known.
        """
        if operator.index(batch) < 1:
            raise DescriptionError(f"Effector.init: batch = {batch}; ask for at least 1 arm")
        q, dq = self._pair("init: q", q, batch), self._pair("init: dq", dq, batch)
        self._require_posture(q)
        a = jnp.full((batch, self.plant.n_muscles), self.plant.muscle.activation.floor, q.dtype)
        state = PlantState(q, dq, a, self.plant.contract(q, dq, a))
        return EffectorState(state, self.senses.started(self._sample(state, key), self.dt))

    def step(
        self, state: EffectorState, excitation: ArrayLike, load: ArrayLike = 0.0, key: Array | None = None
    ) -> EffectorState:
        """Return the state one dt later.

        Arguments:
            state: the present one.
            excitation (1): shape (batch, muscles), clipped to [floor, 1].
            load (N): force on the hand, shape (2,) or (batch, 2), or 0.
            key: a new one at each step; required if there is noise.

        Raises DescriptionError for a wrong shape or a missing key. A value that is not finite makes its arm NaN.
        """
        batch, dtype = state.plant.q.shape[0], state.plant.q.dtype
        u = jnp.asarray(excitation, dtype)
        if u.shape != (batch, self.plant.n_muscles):
            raise DescriptionError(
                f"Effector.step: excitation has shape {u.shape}, must have ({batch}, {self.plant.n_muscles})"
            )
        motor_key, sensor_key = (None, None) if key is None else jax.random.split(key)
        if self.excitation_noise:
            u += self.excitation_noise * jax.random.normal(self._needed(motor_key), u.shape, dtype)
        force = self._pair("step: load", load, batch).astype(dtype)
        bounded = self.plant.muscle.activation.bounded(u)
        plant = INTEGRATORS[self.integrator](self.plant, state.plant, bounded, force, self.dt)
        return EffectorState(plant, self.senses.pushed(state.history, self._sample(plant, sensor_key)))

    def observe(self, state: EffectorState) -> Sensation:
        """Return what the controller feels and sees now, each channel after its delay."""
        return self.senses.felt(state.history)

    def hand(self, state: EffectorState) -> Array:
        """Return the true position of the hand (m) [..., 2], also of states stacked over time."""
        return self.plant.skeleton.hand(state.plant.q)

    def hand_velocity(self, state: EffectorState) -> Array:
        """Return the true velocity of the hand (m/s) [..., 2], also of states stacked over time."""
        return self.plant.skeleton.hand_velocity(state.plant.q, state.plant.dq)

    def description(self) -> dict[str, Any]:
        """Return every constant as nested plain values, to be stored with results."""
        facts = dataclasses.asdict(self)
        facts["plant"]["muscle"]["name"] = self.plant.muscle.name
        return facts

    def _sample(self, plant: PlantState, key: Array | None) -> Sensation:
        fibres, (_, length, velocity) = self.plant.fibres, plant.muscle
        optimum = jnp.asarray(fibres.optimum, length.dtype)
        hand = self.plant.skeleton.hand(plant.q)
        sample = Sensation(length / optimum, velocity / (fibres.max_speed * optimum), hand)
        return self.senses.noised(sample, self._needed(key)) if self.senses.noisy else sample

    def _needed(self, key: Array | None) -> Array:
        if key is None:
            raise DescriptionError("Effector: there is noise but no key to draw it from; pass key=")
        return key

    def _pair(self, what: str, value: ArrayLike, batch: int) -> Array:
        array = jnp.asarray(value, float)
        if array.shape not in ((), (2,), (batch, 2)):
            raise DescriptionError(
                f"Effector.{what} has shape {array.shape}, must have (2,) or ({batch}, 2), batch first"
            )
        return jnp.broadcast_to(array, (batch, 2))

    def _require_posture(self, q: Array) -> None:
        if isinstance(q, jax.core.Tracer):
            return
        low, high = self.plant.skeleton.lower, self.plant.skeleton.upper
        inside = np.all(
            (np.asarray(q) >= np.array(low) - 1e-6) & (np.asarray(q) <= np.array(high) + 1e-6), -1
        )
        if not inside.all():
            which = int(np.argmin(inside))
            raise DescriptionError(
                f"Effector.init: arm {which} has joint angles {q[which].tolist()} rad, outside the limits "
                f"{low} to {high} rad"
            )
