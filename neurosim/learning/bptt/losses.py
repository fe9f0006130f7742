"""Loss terms on what a network recorded; a term is any function (outcome, batch) -> scalar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import optax
from jax import Array

from neurosim.errors import UnknownNameError, UsageError
from neurosim.registry import suggest

Term = Callable[[Any, Any], Array]


def mean_square(recording: str, target: str | None = "target", mask: str | None = None) -> Term:
    """Return the term mean((y - target)**2) over trials, steps and units.

    Arguments: recording, y, by 'population.variable' (trials, steps, units); target, the name of what it should be in
    the batch, of the same shape, or None for 0; mask, the name of weights (trials, steps) in the batch. Steps that
    `padded` put in front do not count. When used it raises UnknownNameError or UsageError on another name or shape.
    """
    return _mean_of(jnp.square, recording, target, mask)


def mean_absolute(recording: str, target: str | None = "target", mask: str | None = None) -> Term:
    """Return the term mean(|y - target|); arguments as of `mean_square`."""
    return _mean_of(jnp.abs, recording, target, mask)


def softmax_cross_entropy(recording: str, label: str = "label") -> Term:
    """Return the term -log softmax(y)[label] at the last step, mean over trials.

    Arguments: recording, y, as of `mean_square`; label, the name of integers (trials,) in the batch.
    """

    def term(outcome: Mapping[str, Array], batch: Mapping[str, Array]) -> Array:
        last = _named("recording", recording, outcome)[:, -1]
        labels = _named("batch", label, batch)
        if labels.shape != last.shape[:1]:
            raise UsageError(f"batch '{label}' has shape {labels.shape}, must have {last.shape[:1]}")
        each = optax.softmax_cross_entropy_with_integer_labels(last, labels)
        return _mean_trial(batch, each)

    return term


def accuracy(recording: str, label: str = "label") -> Term:
    """Return the measure mean(argmax(y) = label) at the last step, over trials; arguments as of the cross-entropy."""

    def term(outcome: Mapping[str, Array], batch: Mapping[str, Array]) -> Array:
        last = _named("recording", recording, outcome)[:, -1]
        labels = _fitting(label, _named("batch", label, batch), last.shape[:1])
        return _mean_trial(batch, (last.argmax(-1) == labels).astype(last.dtype))

    return term


def _mean_trial(batch: Mapping[str, Array], each: Array) -> Array:
    """Return the mean over the trials that count."""
    if "counts" not in batch:
        return each.mean()
    counts = jnp.asarray(batch["counts"], each.dtype)
    return (counts * each).sum() / counts.sum()


def _mean_of(measure: Callable[[Array], Array], recording: str, target: str | None, mask: str | None) -> Term:
    def term(outcome: Mapping[str, Array], batch: Mapping[str, Array]) -> Array:
        value = _named("recording", recording, outcome)
        if target is not None:
            value = value - _fitting(target, _named("batch", target, batch), value.shape)
        weight = _counted(batch, value.shape)
        if mask is not None:
            weight = weight * _fitting(mask, _named("batch", mask, batch), value.shape[:2])[..., None]
        weight = jnp.broadcast_to(weight, value.shape).astype(value.dtype)
        return jnp.sum(weight * measure(jnp.where(weight != 0, value, 0))) / weight.sum()

    return term


def _counted(batch: Mapping[str, Array], shape: tuple[int, ...]) -> Array:
    counted = jnp.ones((), bool)
    if "lengths" in batch:
        counted = (jnp.arange(shape[1])[None, :] >= shape[1] - batch["lengths"][:, None])[..., None]
    if "counts" in batch:
        counted = counted & (jnp.asarray(batch["counts"]) > 0)[:, None, None]
    return counted


def _named(what: str, name: str, known: Mapping[str, Array]) -> Array:
    if name not in known:
        raise UnknownNameError(f"{what} '{name}': {suggest(name, known)}")
    return jnp.asarray(known[name])


def _fitting(name: str, value: Array, shape: tuple[int, ...]) -> Array:
    if value.shape != shape:
        raise UsageError(f"batch '{name}' has shape {value.shape}, must have {shape}")
    return value
