"""Loss terms of a policy gradient, on what the open loop makes of recorded observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt.losses import Term
from neurosim.registry import suggest


def clipped(recording: str, sd: float, clip: float = 0.2, trust: float = np.inf) -> Term:
    """Return the term -mean(min(r A, clip(r, 1 - c, 1 + c) A)), r = p(action)/p_old(action), over steps and episodes.

    Arguments: recording, of the mean action, such as 'torque.u'; sd, of its noise; clip, c; trust, the mean log-ratio
    beyond which the term is 0 and so has no gradient. The batch has 'action', 'mean' (the old one) and 'advantage' A.
    Raises UsageError when clip is not between 0 and 1.
    Source: Schulman et al. 2017, arXiv 1707.06347.
    """
    if not 0 < clip < 1:
        raise UsageError(f"clipped: clip = {clip}: give a number between 0 and 1")

    def term(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
        logs, gain = _log_ratio(recording, sd, outcome, batch), jnp.asarray(batch["advantage"])
        ratio = jnp.exp(logs)
        found = -jnp.minimum(ratio * gain, jnp.clip(ratio, 1 - clip, 1 + clip) * gain).mean()
        return jnp.where(-logs.mean() <= trust, found, 0.0)

    return term


def log_ratio(recording: str, sd: float) -> Term:
    """Return the measure mean(log p_old(action) - log p(action)) of how far a policy has moved, as `clipped`."""

    def measure(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
        return -_log_ratio(recording, sd, outcome, batch).mean()

    return measure


def value_error(recording: str = "value.output") -> Term:
    """Return the term mean((V - R)**2); recording, of V (episodes, steps + 1, 1). The batch has 'return' R."""

    def term(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
        return jnp.square(_recorded(recording, outcome)[:, :-1, 0] - jnp.asarray(batch["return"])).mean()

    return term


def _log_ratio(recording: str, sd: float, outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
    """Return log p(action)/p_old(action) (episodes, steps)."""
    action, old, new = jnp.asarray(batch["action"]), jnp.asarray(batch["mean"]), _recorded(recording, outcome)
    squares = jnp.square(action - new[:, :-1]) - jnp.square(action - old)
    return -squares.sum(-1) / (2 * sd**2)


def _recorded(recording: str, outcome: Mapping[str, Array]) -> Array:
    if recording not in outcome:
        raise UnknownNameError(f"recording '{recording}': {suggest(recording, outcome)}")
    return jnp.asarray(outcome[recording])
