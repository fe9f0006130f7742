"""Trials of a task for the arm, compiled once per task and batch."""

import functools

import jax

from neurosim.bodies.arm import TwoLink
from neurosim.tasks import jax_key

ARM = TwoLink()
# Short runs take longer to optimise than to run.
quick_jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


@functools.cache
def _compiled(task, batch):
    return quick_jit(lambda key: task.trials(ARM, key, batch))


def drawn(task, batch=8, seed=0, purpose="test"):
    """Return trials of a task as numpy arrays."""
    return jax.device_get(_compiled(task, batch)(jax_key(seed, task.name, purpose)))
