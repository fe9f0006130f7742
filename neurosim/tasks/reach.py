"""Reaching between random postures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jax import Array

from neurosim.rng.jax_keys import sub_key
from neurosim.tasks.task import Limb, Task, Trials, plain_trial, random_posture, require_steps


@dataclass(frozen=True)
class RandomReach(Task):
    """Reach from a random posture, at rest, to the hand position of another one, shown from the first step on.

    Both postures are uniform over the joint ranges, independent of each other; there is no load.

    Arguments:
        steps: length of a trial.

    Raises DescriptionError when steps is below 1.
    Source: code of Rinaldo et al. 2024, arXiv:2401.14057.
    """

    steps: int = 50
    name: ClassVar[str] = "random_reach"

    def __post_init__(self) -> None:
        require_steps(self, self.steps)

    def trial(self, limb: Limb, key: Array, number: Array) -> Trials:
        """Return one trial; arguments as of `Task.trial`."""
        target = limb.hand(random_posture(limb, sub_key(key, "target")))
        return plain_trial(limb, random_posture(limb, sub_key(key, "start")), target, self.steps)
