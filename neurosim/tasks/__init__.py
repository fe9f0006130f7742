"""Reaching and holding: batches of trials for a limb, and the closed loop of controller and body.

A task draws trials (`task.trials(limb, jax_key(seed, "reach", "training"), 64)`); wrappers add a force field or a go
cue to any task; `rollout` runs a controller on the trials.
"""

from neurosim.extras import optional
from neurosim.registry import Registry

with optional():
    from neurosim.rng.jax_keys import jax_key
    from neurosim.tasks.centre_out import CentreOut
    from neurosim.tasks.force_field import ForceField, curl
    from neurosim.tasks.go_cue import GoCue
    from neurosim.tasks.hold import Hold
    from neurosim.tasks.reach import RandomReach
    from neurosim.tasks.rollout import Cue, Episode, rollout
    from neurosim.tasks.task import Limb, Task, Trials

TASKS: Registry[type[Task]] = Registry("task", "neurosim.tasks")
"""The tasks: `TASKS.get("hold")(max_force=5.0)`."""

for _task in (CentreOut, ForceField, GoCue, Hold, RandomReach):
    TASKS.add(_task.name, _task)

__all__ = [
    "TASKS",
    "CentreOut",
    "Cue",
    "Episode",
    "ForceField",
    "GoCue",
    "Hold",
    "Limb",
    "RandomReach",
    "Task",
    "Trials",
    "curl",
    "jax_key",
    "rollout",
]
