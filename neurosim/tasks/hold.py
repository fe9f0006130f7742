"""Holding a position against a load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import jax
from jax import Array

from neurosim.errors import DescriptionError
from neurosim.rng.jax_keys import sub_key
from neurosim.tasks.task import Limb, Task, Trials, plain_trial, random_posture, require_steps


@dataclass(frozen=True)
class Hold(Task):
    """Stay at a random posture under a constant, unannounced force on the hand.

    The posture is uniform over the joint ranges; each component of the force is uniform on [-max_force, max_force].

    Arguments:
        steps: length of a trial.
        max_force (N): largest component of the force.

    Raises DescriptionError when steps is below 1 or max_force is negative or not finite.
    Source: code of Rinaldo et al. 2024, arXiv:2401.14057.
    """

    steps: int = 50
    max_force: float = 10.0
    name: ClassVar[str] = "hold"

    def __post_init__(self) -> None:
        require_steps(self, self.steps)
        if not (math.isfinite(self.max_force) and self.max_force >= 0):
            raise DescriptionError(f"Hold.max_force = {self.max_force} N: must be finite and at least 0")

    def trial(self, limb: Limb, key: Array, number: Array) -> Trials:
        """Return one trial; arguments as of `Task.trial`."""
        q = random_posture(limb, sub_key(key, "start"))
        draw = jax.random.uniform(sub_key(key, "load"), (2,), q.dtype, minval=-1, maxval=1)
        return plain_trial(limb, q, limb.hand(q), self.steps, self.max_force * draw)
