"""Where batches come from: drawn anew at every step, or from a fixed set that is shuffled in every epoch."""

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
    """A source of batches, a pytree: its arrays are arguments of the compiled step, so that sources may share one."""

    def draw(self, key: Array, step: ArrayLike) -> Any:
        """Return the batch of a training step, any pytree; key, of the stream of batches."""


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

    Arguments: data, a pytree of arrays, trials first; size, trials per batch. Those that do not fill a last batch
    are left out of their epoch. Raises UsageError when arrays differ in the number of trials, or have less than `size`.
    """

    data: Any
    size: int

    def __post_init__(self) -> None:
        counts = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(self.data)}
        if len(counts) != 1 or counts == {()}:
            raise UsageError(
                f"Shuffled.data: arrays with {sorted(counts)} trials: give each as many, trials first"
            )
        (count,) = counts.pop()
        if not 1 <= self.size <= count:
            raise UsageError(f"Shuffled.size = {self.size} of {count} trials: must be between 1 and that")

    def draw(self, key: Array, step: ArrayLike) -> Any:
        """Return the batch of a step."""
        count = jax.tree.leaves(self.data)[0].shape[0]
        if self.size == count:
            return jax.tree.map(jnp.asarray, self.data)
        epoch, batch = jnp.divmod(step, count // self.size)
        order = jax.random.permutation(jax.random.fold_in(key, epoch), count)
        chosen = jax.lax.dynamic_slice_in_dim(order, batch * self.size, self.size)
        return jax.tree.map(lambda leaf: jnp.asarray(leaf)[chosen], self.data)


def _rebuilt(size: int, data: Sequence[Any]) -> Shuffled:
    """Return a set whose data may be anything, as JAX wants of a pytree."""
    shuffled = object.__new__(Shuffled)
    vars(shuffled).update(data=data[0], size=size)
    return shuffled


jax.tree_util.register_static(Fresh)
jax.tree_util.register_pytree_node(Shuffled, lambda s: ((s.data,), s.size), _rebuilt)


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
