"""Loss terms on what a network recorded; a term is any function (outcome, batch) -> scalar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
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


@dataclass(frozen=True)
class Labelled:
    """A term on outputs and labels: a function (outcome, batch) -> scalar.

    Fields: recording, of the outputs; label, the name of integers in the batch, (trials,) of the last step or (trials,
    steps) of all; each, from (outputs (..., units), labels (...)) to a number per label; mask, the name of weights
    (trials, steps) in the batch. It is not a number where a label that counts has no unit.
    """

    recording: str
    label: str
    each: Callable[[Array, Array], Array]
    mask: str | None = None

    def __call__(self, outcome: Mapping[str, Array], batch: Mapping[str, Array]) -> Array:
        """Return the mean over labels that count; raises UnknownNameError or UsageError on another name or shape."""
        outputs = _named("recording", self.recording, outcome)
        labels = _named("batch", self.label, batch)
        if labels.ndim == 2 or self.mask is not None:
            labels = _fitting(self.label, labels, outputs.shape[:2])
        else:
            labels, outputs = _fitting(self.label, labels, outputs.shape[:1])[:, None], outputs[:, -1:]
        known = (labels >= 0) & (labels < outputs.shape[-1])
        each = jnp.where(known, self.each(outputs, jnp.where(known, labels, 0)), jnp.nan)
        return _mean_label(batch, self.mask, each)

    def require(self, outcome: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Raise UsageError for a label in data that has no unit; outcome, of shapes."""
        if self.recording not in outcome or self.label not in data:
            return
        labels, units = np.asarray(data[self.label]), outcome[self.recording].shape[-1]
        wrong = (labels < 0) | (labels >= units)
        if self.mask is not None and self.mask in data:
            wrong &= np.asarray(_fitting(self.mask, jnp.asarray(data[self.mask]), labels.shape)) != 0
        if wrong.any():
            first = tuple(np.argwhere(wrong)[0])
            raise UsageError(
                f"batch '{self.label}': label {labels[first]} of trial {first[0]}, but '{self.recording}' has {units} "
                f"units: give labels in 0..{units - 1}"
            )


def softmax_cross_entropy(recording: str, label: str = "label", mask: str | None = None) -> Term:
    """Return the term -log softmax(y)[label], mean over trials, at the last step or at all steps.

    Arguments: recording, y, as of `mean_square`; label, the name of integers in the batch, (trials,) of the last step
    or (trials, steps) of all; mask, the name of weights (trials, steps) in the batch, as of `mean_square`.
    """
    return Labelled(recording, label, optax.softmax_cross_entropy_with_integer_labels, mask)


def softmax_entropy(recording: str) -> Term:
    """Return the term -sum_c p_c log p_c, p = softmax(y) at the last step, mean over trials; it reads no label.

    Arguments: recording, y, as of `mean_square`.
    """

    def term(outcome: Mapping[str, Array], batch: Mapping[str, Array]) -> Array:
        logarithms = jax.nn.log_softmax(_named("recording", recording, outcome)[:, -1:])
        return _mean_label(batch, None, -(jnp.exp(logarithms) * logarithms).sum(-1))

    return term


def accuracy(recording: str, label: str = "label", mask: str | None = None) -> Term:
    """Return the measure mean(argmax(y) = label) over trials; arguments as of the cross-entropy."""
    return Labelled(recording, label, _right, mask)


def _right(outputs: Array, labels: Array) -> Array:
    return (outputs.argmax(-1) == labels).astype(outputs.dtype)


def _mean_label(batch: Mapping[str, Array], mask: str | None, each: Array) -> Array:
    """Return the mean over the labels (trials, steps) that count."""
    weight = _weight(batch, mask, (*each.shape, 1), each.dtype)[..., 0]
    return jnp.sum(jnp.where(weight != 0, weight * each, 0)) / weight.sum()


def _mean_of(measure: Callable[[Array], Array], recording: str, target: str | None, mask: str | None) -> Term:
    def term(outcome: Mapping[str, Array], batch: Mapping[str, Array]) -> Array:
        value = _named("recording", recording, outcome)
        if target is not None:
            value = value - _fitting(target, _named("batch", target, batch), value.shape)
        weight = _weight(batch, mask, value.shape, value.dtype)
        return jnp.sum(weight * measure(jnp.where(weight != 0, value, 0))) / weight.sum()

    return term


def _weight(batch: Mapping[str, Array], mask: str | None, shape: tuple[int, ...], dtype: Any) -> Array:
    """Return how much each value counts, of a shape that begins with (trials, steps)."""
    weight = _counted(batch, shape)
    if mask is not None:
        weight = weight * _fitting(mask, _named("batch", mask, batch), shape[:2])[..., None]
    return jnp.broadcast_to(weight, shape).astype(dtype)


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
