"""The tasks of the arm, and batches in which each trial is of one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from neurosim.bodies.arm import TwoLink
from neurosim.experiments.muscle_priors.config import Config
from neurosim.rng.jax_keys import sub_key
from neurosim.tasks import CentreOut, ForceField, GoCue, Hold, RandomReach, Task, Trials
from neurosim.tasks.force_field import curl

OLD: Final = ("hold", "centre-out", "centre-out, other posture", "cued centre-out")
NEW: Final = ("random reach", "reach in a curl field", "cued reach")
PRIORS: Final[Mapping[str, tuple[str, ...]]] = {"none": (), "single": ("centre-out",), "multi": OLD}
"""The tasks of each prior."""
OTHER: Final = (math.radians(75), math.radians(110))
CUE: Final = (5, 15)
"""First and last step of the cue."""


def tasks(config: Config) -> dict[str, Task]:
    """Return all tasks by name."""
    n = config.steps
    centre, reach = CentreOut(n), RandomReach(n)
    earliest, latest = CUE
    found: tuple[Task, ...] = (
        Hold(n),
        centre,
        CentreOut(n, posture=OTHER),
        GoCue(centre, earliest, latest, instructed=False),
        reach,
        ForceField(reach, curl(config.field)),
        GoCue(reach, earliest, latest, instructed=False),
    )
    return dict(zip((*OLD, *NEW), found, strict=True))


@partial(jax.tree_util.register_dataclass, data_fields=["chances"], meta_fields=["tasks", "limb", "size"])
@dataclass(frozen=True)
class Mixture:
    """Batches whose trials are each of one task, drawn by chance: which tasks they are changes no program.

    Arguments: chances, of each task (tasks,); tasks; limb, what the trials are for; size, trials of a batch.
    """

    chances: Array
    tasks: tuple[Task, ...]
    limb: TwoLink
    size: int

    @jax.jit
    def draw(self, key: Array, step: ArrayLike) -> Trials:
        """Return the batch of a step."""
        key = jax.random.fold_in(key, step)
        each = [task.trials(self.limb, key, self.size) for task in self.tasks]
        chosen = jax.random.choice(sub_key(key, "task"), len(each), (self.size,), p=self.chances)
        trials = jnp.arange(self.size)
        return jax.tree.map(lambda *of: jnp.stack(of)[chosen, trials], *each)


def mixture(config: Config, names: tuple[str, ...], size: int) -> Mixture:
    """Return batches in which the named tasks are equally frequent."""
    known, limb = tasks(config), TwoLink()
    for task in known.values():
        task.check(limb)
    chances = jnp.array([float(name in names) / len(names) for name in known])
    return Mixture(chances, tuple(known.values()), limb, size)
