"""Any task with a go cue to wait for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from neurosim.errors import DescriptionError
from neurosim.rng.jax_keys import sub_key
from neurosim.tasks.reach import RandomReach
from neurosim.tasks.task import Limb, Task, Trials, require_fraction


@dataclass(frozen=True)
class GoCue(Task):
    """A task whose hand has to stay at the start until a cue at a random step; in catch trials the cue never comes.

    Arguments:
        task: the task with a cue.
        earliest, latest: range of the step of the cue, uniform, both included.
        catch: fraction of trials without a cue.
        instructed: whether the target is shown from the first step on or only with the cue.

    Raises DescriptionError unless 0 <= earliest <= latest, catch is in [0, 1], and the cue comes before a trial ends.
    """

    task: Task = field(default_factory=lambda: RandomReach(steps=100))
    earliest: int = 10
    latest: int = 50
    catch: float = 0.0
    instructed: bool = True
    name: ClassVar[str] = "go_cue"

    def __post_init__(self) -> None:
        require_fraction(self, "catch")
        if not 0 <= self.earliest <= self.latest:
            raise DescriptionError(
                f"GoCue: earliest = {self.earliest}, latest = {self.latest}; 0 <= earliest <= latest must hold"
            )

    def check(self, limb: Limb) -> None:
        """Raise DescriptionError when the limb cannot do the task."""
        self.task.check(limb)

    def trial(self, limb: Limb, key: Array, number: Array) -> Trials:
        """Return one trial; arguments as of `Task.trial`. Starts, targets and loads are those of the task alone."""
        inner = self.task.trial(limb, key, number)
        steps = inner.go.shape[0]
        if self.latest >= steps:
            raise DescriptionError(f"GoCue.latest = {self.latest}: a trial ends after step {steps - 1}")
        cue = jax.random.randint(sub_key(key, "go cue"), (), self.earliest, self.latest + 1)
        cue = jnp.where(jax.random.uniform(sub_key(key, "no go cue")) < self.catch, steps, cue)
        told = (jnp.arange(steps) >= cue).astype(inner.go.dtype)
        return inner._replace(
            go=inner.go * told, visible=inner.visible if self.instructed else inner.visible * told
        )
