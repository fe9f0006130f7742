"""What a controller feels and sees of the arm: delayed and noisy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurosim.bodies.arm.checks import require_from
from neurosim.errors import DescriptionError


class Sensation(NamedTuple):
    """Fibre length over optimum, fibre velocity over max_speed (1) [..., muscle], position of the hand (m) [..., 2]."""

    length: Array
    velocity: Array
    hand: Array


@dataclass(frozen=True)
class Senses:
    """Proprioception and vision, each with its delay and its noise.

    Gaussian noise is added to a sample when it is taken, and it is felt or seen after the delay; until the first sample
    would arrive, that sample is felt and seen. A history has, per channel, samples [..., delay + 1, size], newest
    first.

    Arguments:
        proprioception_delay, vision_delay (s): whole numbers of time steps.
        length_noise, velocity_noise (1): standard deviations of sensed fibre lengths and velocities.
        hand_noise (m): standard deviation of the sensed position of the hand.

    Raises DescriptionError for values that are negative or not finite.
    """

    proprioception_delay: float = 0.0
    vision_delay: float = 0.0
    length_noise: float = 0.0
    velocity_noise: float = 0.0
    hand_noise: float = 0.0

    def __post_init__(self) -> None:
        require_from(self, 0, "proprioception_delay", "vision_delay")
        require_from(self, 0, "length_noise", "velocity_noise", "hand_noise")

    @property
    def noisy(self) -> bool:
        """Whether any channel has noise."""
        return any((self.length_noise, self.velocity_noise, self.hand_noise))

    def delays(self, dt: float) -> Sensation:
        """Return the delay of each channel in steps of dt (s); raises DescriptionError unless they are whole."""
        felt = self._steps("proprioception_delay", dt)
        return Sensation(felt, felt, self._steps("vision_delay", dt))  # type: ignore[arg-type]

    def started(self, sample: Sensation, dt: float) -> Sensation:
        """Return the history that consists of the first sample only."""
        return jax.tree.map(lambda x, n: jnp.repeat(x[..., None, :], n + 1, axis=-2), sample, self.delays(dt))

    def pushed(self, history: Sensation, sample: Sensation) -> Sensation:
        """Return the history one step later, with a new sample."""
        return jax.tree.map(
            lambda old, new: jnp.concatenate([new[..., None, :], old[..., :-1, :]], axis=-2), history, sample
        )

    def felt(self, history: Sensation) -> Sensation:
        """Return what arrives now: the oldest sample of every channel."""
        return jax.tree.map(lambda x: x[..., -1, :], history)

    def noised(self, sample: Sensation, key: Array) -> Sensation:
        """Return a sample with noise that is drawn from `key`."""
        sd = Sensation(self.length_noise, self.velocity_noise, self.hand_noise)  # type: ignore[arg-type]
        keys = Sensation(*jax.random.split(key, 3))
        return jax.tree.map(lambda x, s, k: x + s * jax.random.normal(k, x.shape, x.dtype), sample, sd, keys)

    def _steps(self, field: str, dt: float) -> int:
        delay = getattr(self, field)
        steps = round(delay / dt)
        if abs(delay - steps * dt) > 1e-9 * dt:
            raise DescriptionError(
                f"Senses.{field} = {delay} s: not a whole number of time steps of {dt} s; "
                f"{steps * dt:g} s is the nearest"
            )
        return steps
