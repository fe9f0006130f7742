"""Three decisions of eight steps of 100 ms: a first sight is held and, at the last step, answered.

Their times are those of Liu et al. 2024; coherence, channels and noise are of this project. Each function returns a
batch: inputs (trials, 9, channels), of which the last row is empty, labels (trials, 9), one for each state that
the eight inputs lead to, and what of them counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

STEPS = 8
NOISE = 0.1
COHERENCES = {"choice": (0.0, 6.4, 12.8, 25.6, 51.2), "context": (5.0, 15.0, 50.0)}


def choice(key: Array, trials: int) -> dict[str, Any]:
    """Return trials in which the stronger of two noisy stimuli, seen for seven steps, is chosen."""
    side, size, noise = jax.random.split(key, 3)
    sign, c = _evidence(side, size, "choice", (trials,))
    seen = _noisy(noise, jnp.repeat(_pair(sign * c)[:, None], STEPS - 1, 1))
    return _trial(jnp.concatenate([jnp.ones((trials, STEPS - 1, 1)), seen], 2), sign > 0)


def match(key: Array, trials: int) -> dict[str, Any]:
    """Return trials in which a sample and, after five steps, a test of two kinds are the same or not."""
    first, second, noise = jax.random.split(key, 3)
    sample, test = (jax.random.bernoulli(k, 0.5, (trials,)) for k in (first, second))
    kinds = [jnp.stack([one, ~one], 1).astype(float) for one in (sample, test)]
    delay = jnp.zeros((trials, STEPS - 3, 2))
    seen = _noisy(noise, jnp.concatenate([kinds[0][:, None], delay, kinds[1][:, None]], 1))
    return _trial(jnp.concatenate([jnp.ones((trials, STEPS - 1, 1)), seen], 2), sample == test)


def context(key: Array, trials: int) -> dict[str, Any]:
    """Return trials in which the stronger of two stimuli, seen for two steps, is chosen by one of two modalities."""
    side, size, noise, which = jax.random.split(key, 4)
    sign, c = _evidence(side, size, "context", (trials, 2))
    shown = _noisy(noise, jnp.repeat(_pair(sign * c).reshape(trials, 1, 4), 2, 1))
    seen = jnp.concatenate([shown, jnp.zeros((trials, STEPS - 3, 4))], 1)
    first = jax.random.bernoulli(which, 0.5, (trials,))
    cue = jnp.repeat(jnp.stack([first, ~first], 1).astype(float)[:, None], STEPS - 1, 1)
    right = jnp.where(first, sign[:, 0], sign[:, 1]) > 0
    return _trial(jnp.concatenate([jnp.ones((trials, STEPS - 1, 1)), seen, cue], 2), right)


MAKERS: dict[str, Callable[[Array, int], dict[str, Any]]] = {
    "choice": choice,
    "match": match,
    "context": context,
}
CHANNELS = {"choice": 3, "match": 3, "context": 7}


def _evidence(side: Array, size: Array, task: str, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return the signs and sizes of the differences between two stimuli."""
    sign = jnp.where(jax.random.bernoulli(side, 0.5, shape), 1.0, -1.0)
    return sign, jax.random.choice(size, jnp.array(COHERENCES[task]) / 200, shape)


def _pair(difference: Array) -> Array:
    return jnp.stack([0.5 + difference, 0.5 - difference], -1)


def _noisy(key: Array, seen: Array) -> Array:
    return seen + NOISE * jax.random.normal(key, seen.shape)


def _trial(seen: Array, first: Array) -> dict[str, Any]:
    """Return a batch; the decision and the step after it have no input."""
    x = jnp.pad(seen, [(0, 0), (0, 2), (0, 0)])
    label = jnp.zeros((len(x), STEPS + 1), jnp.int32).at[:, STEPS].set(jnp.where(first, 1, 2))
    return {"inputs": {"x": x}, "label": label, "counted": jnp.ones(label.shape).at[:, 0].set(0)}
