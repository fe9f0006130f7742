"""Streams of batches: drawn at every step, from a fixed set shuffled in every epoch, or with a state of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from neurosim.errors import UsageError


class Batches(Protocol):
    """A stream of batches whose batches depend on nothing but the step.

    A stream is a pytree (`jax.tree_util.register_dataclass`): its arrays are arguments of the compiled step, so a
    stream of the same class with other numbers costs no compilation. One that has a state has `start` and `next`
    instead, as `Stream` says.
    """

    def draw(self, key: Array, step: ArrayLike) -> Any:
        """Return the batch of a training step, any pytree; key, of the stream of batches."""


class Stream(Protocol):
    """A stream of batches with a state, which is kept from step to step and in checkpoints."""

    def start(self, key: Array) -> Any:
        """Return the state before the first batch, a pytree of arrays; key, of the stream of batches."""

    def next(self, state: Any, key: Array, step: ArrayLike) -> tuple[Any, Any]:
        """Return (state, batch); key as of `start`, fold the step in."""


Source = Batches | Stream


def begun(stream: Source, key: Array) -> Any:
    """Return the state of a stream before its first batch."""
    return stream.start(key) if hasattr(stream, "start") else ()


def taken(stream: Source, state: Any, key: Array, step: ArrayLike) -> tuple[Any, Any]:
    """Return (state, batch) of a step; raises UsageError when the state changes its shape."""
    if not hasattr(stream, "next"):
        return state, stream.draw(key, step)
    after, batch = stream.next(state, key, step)
    shapes = [jax.tree.map(lambda x: (jnp.shape(x), jnp.asarray(x).dtype), s) for s in (state, after)]
    if shapes[0] != shapes[1]:
        raise UsageError(
            f"stream {type(stream).__name__}: its state changes from {shapes[0]} to {shapes[1]}: keep its shape"
        )
    return after, batch


@dataclass(frozen=True)
class Fresh:
    """New trials at every step.

    Arguments: make, from a JAX key to a batch, such as `lambda key: task.trials(limb, key, 64)`.
    """

    make: Callable[[Array], Any]

    def draw(self, key: Array, step: ArrayLike) -> Any:
        """Return the batch of a step."""
        return self.make(jax.random.fold_in(key, step))


@dataclass(frozen=True)
class Shuffled:
    """Batches of a fixed set of trials: each trial once per epoch, in a new order every time unless one batch is all.

    Arguments: data, a pytree of arrays, trials first; size, trials per batch; partial, whether those that do not fill a
    last batch come in one of their own, by default they are left out of their epoch. A last batch is filled with trials
    that do not count: 'counts' (trials,) in the batch is 0 for them, and the losses and measures of the project leave
    them out. Raises UsageError when arrays differ in the number of trials, or have less than `size`.
    """

    data: Any
    size: int
    partial: bool = False

    def __post_init__(self) -> None:
        counts = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(self.data)}
        if len(counts) != 1 or counts == {()}:
            raise UsageError(
                f"Shuffled.data: arrays with {sorted(counts)} trials: give each as many, trials first"
            )
        (count,) = counts.pop()
        if not 1 <= self.size <= count:
            raise UsageError(f"Shuffled.size = {self.size} of {count} trials: must be between 1 and that")
        if self.partial and (not isinstance(self.data, Mapping) or "counts" in self.data):
            raise UsageError("Shuffled.partial: data must be a mapping without 'counts': name its arrays")

    @property
    def per_epoch(self) -> int:
        """Number of batches in an epoch."""
        count = np.shape(jax.tree.leaves(self.data)[0])[0]
        return -(-count // self.size) if self.partial else count // self.size

    def draw(self, key: Array, step: ArrayLike) -> Any:
        """Return the batch of a step."""
        count = jax.tree.leaves(self.data)[0].shape[0]
        if self.size == count:
            found = jax.tree.map(jnp.asarray, self.data)
            return {**found, "counts": jnp.ones(count)} if self.partial else found
        epoch, batch = jnp.divmod(step, self.per_epoch)
        order = jax.random.permutation(jax.random.fold_in(key, epoch), count)
        if self.partial:
            places = batch * self.size + jnp.arange(self.size)
            found = jax.tree.map(lambda leaf: jnp.asarray(leaf)[order[places % count]], self.data)
            return {**found, "counts": jnp.where(places < count, 1.0, 0.0)}
        chosen = jax.lax.dynamic_slice_in_dim(order, batch * self.size, self.size)
        return jax.tree.map(lambda leaf: jnp.asarray(leaf)[chosen], self.data)


def _rebuilt(fixed: tuple[int, bool], data: Sequence[Any]) -> Shuffled:
    """Return a set whose data may be anything, as JAX wants of a pytree."""
    shuffled = object.__new__(Shuffled)
    vars(shuffled).update(data=data[0], size=fixed[0], partial=fixed[1])
    return shuffled


jax.tree_util.register_static(Fresh)
jax.tree_util.register_pytree_node(Shuffled, lambda s: ((s.data,), (s.size, s.partial)), _rebuilt)


def padded(trials: Sequence[Mapping[str, Any]], sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Return trials of unequal lengths as one set of equal lengths per size, with zeros in front.

    A set has the arrays of its trials, trials first, and 'lengths' (trials,), by which `network_model` leaves the steps
    in front out. Each size costs one compilation, not each length.
    Arguments: trials, pytrees of arrays, steps first (numbers are one per trial); sizes, lengths to pad to, such as
    (10, 18, 34). Raises UsageError for a trial that is longer than every size, or whose arrays differ in length.
    """
    sets: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    for number, trial in enumerate(trials):
        lengths = {np.shape(leaf)[0] for leaf in jax.tree.leaves(trial) if np.ndim(leaf)}
        if len(lengths) != 1:
            raise UsageError(
                f"padded: trial {number} has arrays of {sorted(lengths)} steps: give each as many"
            )
        (length,) = lengths
        fitting = [size for size in sizes if size >= length]
        if not fitting:
            raise UsageError(f"padded: trial {number} has {length} steps, the largest size is {max(sizes)}")
        sets[min(fitting)].append((length, _in_front(trial, min(fitting) - length)))
    return [
        {**jax.tree.map(lambda *x: np.stack(x), *[t for _, t in found]), "lengths": _lengths(found)}
        for _, found in sorted(sets.items())
    ]


def _in_front(trial: Any, steps: int) -> Any:
    def pad(leaf: Any) -> np.ndarray:
        array = np.asarray(leaf)
        return np.pad(array, [(steps, 0), *[(0, 0)] * (array.ndim - 1)]) if array.ndim else array

    return jax.tree.map(pad, dict(trial))


def _lengths(found: Sequence[tuple[int, Any]]) -> np.ndarray:
    return np.array([length for length, _ in found], np.int32)
