"""Trials that are run at once: the last axis of all that varies from trial to trial."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array


def trials_of(state: Mapping[str, Array], common: Collection[str]) -> tuple[int, ...]:
    """Return (trials,) for the state of a batch of trials, else (); common, what all trials share."""
    apart = ((name, value) for name, value in state.items() if name != "step" and name not in common)
    name, value = next(apart, ("", jnp.zeros(0)))
    return value.shape[2 if name.endswith("/ring") else 1 :]


def repeated(state: Mapping[str, Array], trials: int, common: Collection[str]) -> dict[str, Array]:
    """Return the state of a batch, the same in each trial, with an axis of trials last.

    The clock, `step`, has no such axis, and neither has what all trials share, `common`.
    """
    return {
        name: value
        if name == "step" or name in common
        else jnp.broadcast_to(value[..., None], (*value.shape, trials))
        for name, value in state.items()
    }


def last_trial(state: Mapping[str, Array], common: Collection[str]) -> dict[str, Array]:
    """Return the state of the last trial of a batch."""
    return {
        name: value if (name == "step" and not value.ndim) or name in common else value[..., -1]
        for name, value in state.items()
    }


def aligned(fixed: Mapping[str, Any], trials: tuple[int, ...]) -> dict[str, Any]:
    """Return what is the same in all trials so that it fits what is not: variables (n,) as (n, 1) beside a batch."""
    if not trials:
        return dict(fixed)
    return {
        name: value[..., None] if "/" not in name and jnp.ndim(value) else value
        for name, value in fixed.items()
    }


def over_trials(function: Callable[..., Any], trials: tuple[int, ...], *values: Any) -> Any:
    """Return a function of the values of one trial for each trial, the last axis of values and of what it returns.

    Numbers and axes of length 1 are the same in all trials; without trials, the function of the values.
    """
    if not trials:
        return function(*values)
    full = [jnp.broadcast_to(v, (*v.shape[:-1], *trials)) if jnp.ndim(v) else v for v in values]
    axes = tuple(-1 if jnp.ndim(v) else None for v in full)
    return jax.vmap(function, axes, -1, axis_size=trials[0])(*full)
