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
    """A term on outputs at the last step and labels: a function (outcome, batch) -> scalar.

    Fields: recording, of the outputs; label, the name of integers (trials,) in the batch; each, from (outputs (trials,
    units), labels) to a number per trial. It is not a number where a label has no unit.
    """

    recording: str
    label: str
    each: Callable[[Array, Array], Array]

    def __call__(self, outcome: Mapping[str, Array], batch: Mapping[str, Array]) -> Array:
        """Return the mean over trials; raises UnknownNameError or UsageError on another name or shape."""
        last = _named("recording", self.recording, outcome)[:, -1]
        labels = _fitting(self.label, _named("batch", self.label, batch), last.shape[:1])
        known = (labels >= 0) & (labels < last.shape[-1])
        return _mean_trial(batch, jnp.where(known, self.each(last, jnp.where(known, labels, 0)), jnp.nan))

    def require(self, outcome: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Raise UsageError for a label in data that has no unit; outcome, of shapes."""
        if self.recording not in outcome or self.label not in data:
            return
        labels, units = np.asarray(data[self.label]), outcome[self.recording].shape[-1]
        wrong = np.flatnonzero((labels < 0) | (labels >= units))
        if wrong.size:
            raise UsageError(
                f"batch '{self.label}': label {labels[wrong[0]]} of trial {wrong[0]}, but '{self.recording}' has "
                f"{units} units: give labels in 0..{units - 1}"
            )


def softmax_cross_entropy(recording: str, label: str = "label") -> Term:
    """Return the term -log softmax(y)[label] at the last step, mean over trials.

    Arguments: recording, y, as of `mean_square`; label, the name of integers (trials,) in the batch.
    """
    return Labelled(recording, label, optax.softmax_cross_entropy_with_integer_labels)


def softmax_entropy(recording: str) -> Term:
    """Return the term -sum_c p_c log p_c, p = softmax(y) at the last step, mean over trials; it reads no label.

    Arguments: recording, y, as of `mean_square`.
    """

    def term(outcome: Mapping[str, Array], batch: Mapping[str, Array]) -> Array:
        logarithms = jax.nn.log_softmax(_named("recording", recording, outcome)[:, -1])
        return _mean_trial(batch, -(jnp.exp(logarithms) * logarithms).sum(-1))

    return term


def accuracy(recording: str, label: str = "label") -> Term:
    """Return the measure mean(argmax(y) = label) at the last step, over trials; arguments as of the cross-entropy."""
    return Labelled(recording, label, _right)


def _right(outputs: Array, labels: Array) -> Array:
    return (outputs.argmax(-1) == labels).astype(outputs.dtype)


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
