"""Credit at a variable: the derivative of a loss by what a variable is in each trial and step, and its replacement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from neurosim.errors import UnknownNameError
from neurosim.learning.protocol.now import Now
from neurosim.registry import suggest


def credits(
    now: Now, names: Sequence[str], outcome: Mapping[str, Any], loss: Callable[[Any], Array]
) -> dict[str, Array]:
    """Return dL/dx (trials, steps, units) by name of the variable x.

    Arguments: names; outcome, of the batch, in which each is recorded; loss, L as a function of a batch.
    Raises UnknownNameError for a variable that is not `clampable`.
    """
    slots = _slots(now, names)
    zeros = {name: jnp.zeros_like(outcome[name]) for name in names}

    def shifted(shifts: Mapping[str, Array]) -> Array:
        held = {name: replace(slots[name], shift=shift) for name, shift in shifts.items()}
        return loss({**now.batch, "held": {**slots, **held}})

    return {name: lax.stop_gradient(slope) for name, slope in jax.grad(shifted)(zeros).items()}


def credited(now: Now, by: Mapping[str, str]) -> Any:
    """Return the batch in which the derivative by some variables is replaced by recordings.

    Arguments: by, names of recordings by variable. Raises UnknownNameError for a variable that is not `clampable`, or
    another recording.
    """
    slots, (outcome, _) = _slots(now, by), now.run(now.before)
    for recording in by.values():
        if recording not in outcome:
            raise UnknownNameError(f"credit: recording '{recording}': {suggest(recording, outcome)}")
    held = {n: replace(slots[n], credit=lax.stop_gradient(outcome[r])) for n, r in by.items()}
    return {**now.batch, "held": {**slots, **held}}


def _slots(now: Now, names: Sequence[str] | Mapping[str, str]) -> dict[str, Any]:
    known = now.model.clampable
    for name in names:
        if name not in known:
            raise UnknownNameError(f"credit at '{name}': it is not `clampable`: {suggest(name, known)}")
    return dict(now.batch["held"])
