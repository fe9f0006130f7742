"""What a task is: a distribution of trials for a limb with joints and a hand."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple, Protocol, SupportsIndex

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from neurosim.errors import DescriptionError


class Limb(Protocol):
    """What a task must know about a limb, such as `neurosim.bodies.arm.TwoLink`."""

    @property
    def lower(self) -> tuple[float, float]:
        """Return the lower joint limits (rad)."""

    @property
    def upper(self) -> tuple[float, float]:
        """Return the upper joint limits (rad)."""

    def hand(self, q: Array) -> Array:
        """Return the position of the hand (m) [..., 2] at joint angles q (rad) [..., 2]."""

    def angles(self, hand: Array) -> Array:
        """Return joint angles (rad) [..., 2] that put the hand (m) [..., 2] there, NaN if it is out of reach."""


class Trials(NamedTuple):
    """A batch of trials, batch axis first; step t is the transition of the body from state t to state t + 1.

    Fields:
        q (rad): initial joint angles, shape (batch, 2).
        dq (rad/s): initial joint velocities, shape (batch, 2).
        start, target (m): positions of the hand, shape (batch, 2).
        visible: whether the target is shown (0 or 1), shape (batch, steps).
        go: whether to be at the target rather than at the start (0 or 1), shape (batch, steps).
        load (N): force on the hand, shape (batch, steps, 2).
        field (N s/m): matrix of the force per hand velocity, shape (batch, 2, 2).
    """

    q: Array
    dq: Array
    start: Array
    target: Array
    visible: Array
    go: Array
    load: Array
    field: Array

    @property
    def aim(self) -> Array:
        """Where the hand should be after each step (m) [batch, steps, 2]: at the start, after the go at the target."""
        return jnp.where(self.go[..., None] > 0, self.target[..., None, :], self.start[..., None, :])


class Task(ABC):
    """A distribution of trials; concrete tasks are frozen dataclasses, and one may wrap another to extend it."""

    name: ClassVar[str]

    @abstractmethod
    def trial(self, limb: Limb, key: Array, number: Array) -> Trials:
        """Return one trial, without the batch axis.

        Arguments:
            limb: what the trial is for.
            key: of this trial.
            number: of the trial in its batch.
        """

    def check(self, limb: Limb) -> None:  # noqa: B027  (most tasks suit every limb)
        """Raise DescriptionError when the limb cannot do the task."""

    def trials(self, limb: Limb, key: Array, batch: SupportsIndex) -> Trials:
        """Return a batch of trials: the same key gives the same trials, and trial i does not depend on the batch size.

        Arguments:
            limb: what the trials are for.
            key: from `jax_key` (folded with the number of the training step).
            batch: number of trials.

        Raises DescriptionError when the limb cannot do the task or batch is below 1.
        """
        n = operator.index(batch)
        if n < 1:
            raise DescriptionError(f"{type(self).__name__}.trials: batch = {n}; ask for at least 1 trial")
        self.check(limb)
        return jax.vmap(lambda i: self.trial(limb, jax.random.fold_in(key, i), i))(jnp.arange(n))


def plain_trial(limb: Limb, q: Array, target: Array, steps: int, load: ArrayLike = 0.0) -> Trials:
    """Return one trial that starts at rest, with the target shown and aimed at from the first step on.

    Arguments:
        limb: what the trial is for.
        q (rad): initial joint angles, shape (2,).
        target (m): shape (2,).
        steps: length of the trial.
        load (N): constant force on the hand, shape (2,), or 0.
    """
    return Trials(
        q=q,
        dq=jnp.zeros_like(q),
        start=limb.hand(q),
        target=target,
        visible=jnp.ones(steps, q.dtype),
        go=jnp.ones(steps, q.dtype),
        load=jnp.broadcast_to(jnp.asarray(load, q.dtype), (steps, 2)),
        field=jnp.zeros((2, 2), q.dtype),
    )


def random_posture(limb: Limb, key: Array) -> Array:
    """Return joint angles (rad) [2], independent and uniform over the joint ranges (so not uniform in space)."""
    return jax.random.uniform(key, (2,), minval=jnp.array(limb.lower), maxval=jnp.array(limb.upper))


def require_steps(task: object, steps: int) -> None:
    """Raise DescriptionError unless a task lasts at least one step."""
    if operator.index(steps) < 1:
        raise DescriptionError(f"{type(task).__name__}.steps = {steps}: a trial lasts at least 1 step")


def require_fraction(task: object, field: str) -> None:
    """Raise DescriptionError unless a field of a task lies in [0, 1]."""
    if not 0 <= (value := getattr(task, field)) <= 1:
        raise DescriptionError(f"{type(task).__name__}.{field} = {value}: must be between 0 and 1")
