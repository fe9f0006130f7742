"""The closed loop: a controller drives a body through a batch of trials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

import jax
import jax.numpy as jnp
from jax import Array

from neurosim.tasks.task import Trials

Carry = TypeVar("Carry")


class Body(Protocol):
    """What the loop requires of a body, such as `neurosim.bodies.arm.Effector`; states are pytrees, batch first."""

    def init(self, batch: int, q: Array, dq: Array, key: Array | None) -> Any:
        """Return the initial state."""

    def step(self, state: Any, excitation: Array, load: Array, key: Array | None) -> Any:
        """Return the next state."""

    def observe(self, state: Any) -> Any:
        """Return what the controller senses."""

    def hand(self, state: Any) -> Array:
        """Return the position of the hand (m) [batch, 2]."""

    def hand_velocity(self, state: Any) -> Array:
        """Return the velocity of the hand (m/s) [batch, 2]."""


class Cue(NamedTuple):
    """What the controller is told at a step: target (m) [batch, 2], 0 while hidden; visible, go (0 or 1) [batch]."""

    target: Array
    visible: Array
    go: Array


class Episode(NamedTuple):
    """What happened in a batch of trials, batch axis first.

    Index t of `excitation` is what the controller sent at step t; that of `state` and `hand` is the result.

    Fields:
        state: of the body, after each step.
        excitation (1): shape (batch, steps, muscles).
        hand (m): position after each step, shape (batch, steps, 2).
        carry: the last memory of the controller.
        watched: what `watch` returned for its memory after each step, (batch, steps, ...).
    """

    state: Any
    excitation: Array
    hand: Array
    carry: Any
    watched: Any = None


def rollout(
    body: Body,
    controller: Callable[[Carry, Any, Cue], tuple[Carry, Array]],
    trials: Trials,
    carry: Carry,
    key: Array | None = None,
    watch: Callable[[Carry], Any] = lambda carry: None,
) -> Episode:
    """Return the episode of a controller on a batch of trials, as one compiled loop; use it inside `jax.jit`.

    At each step the controller gets (carry, observation, cue) and returns (carry, excitation [batch, muscle]); the
    force on the hand is load + field @ hand velocity, constant over the step.

    Arguments:
        body: what the controller drives.
        controller: called at each step.
        trials: a batch of trials.
        carry: the first memory of the controller, None if it has none.
        key: for the noise of the body.
        watch: from a memory to what to record of it, a pytree, batch first.

    Raises what the body raises.
    """
    batch, steps = trials.go.shape
    key_of = (lambda t: None) if key is None else (lambda t: jax.random.fold_in(key, t))

    def step(memory: tuple[Any, Carry], at: tuple[Array, ...]) -> tuple[tuple[Any, Carry], tuple[Any, ...]]:
        (state, carry), (t, visible, go, load) = memory, at
        cue = Cue(trials.target * visible[:, None], visible, go)
        carry, excitation = controller(carry, body.observe(state), cue)
        force = load + jnp.einsum("bij,bj->bi", trials.field, body.hand_velocity(state))
        state = body.step(state, excitation, force, key_of(t + 1))
        return (state, carry), (state, excitation, watch(carry))

    start = (body.init(batch, trials.q, trials.dq, key_of(0)), carry)
    over_time = (jnp.arange(steps), trials.visible.T, trials.go.T, jnp.moveaxis(trials.load, 1, 0))
    # To compute a step again in the backward pass costs less than to store all its intermediate results.
    again = jax.checkpoint(step, prevent_cse=False)
    (_, carry), recorded = jax.lax.scan(again, start, over_time)
    state, excitation, watched = jax.tree.map(lambda x: jnp.moveaxis(x, 0, 1), recorded)
    return Episode(state, excitation, body.hand(state), carry, watched)
