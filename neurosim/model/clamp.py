"""Clamps: what is held, at which value, and when, in runs and in training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import second

from neurosim.errors import DescriptionError
from neurosim.model.values import Value, indices


@dataclass(frozen=True)
class Column:
    """A value that is given with the data: in a run by `inputs`, in training by the batch.

    Arguments:
        name: in a run, of an input of shape (n,), or (steps, n) with one row per step; in training, of an array of the
            batch, (trials,), (trials, steps) or (trials, steps, n).
    """

    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise DescriptionError(f"Column: name = {self.name!r}: give a name, as text")


@dataclass(frozen=True, eq=False)
class Replay:
    """A recorded trajectory as a value, from the start of a clamp on; the clamp ends with its last row.

    Arguments:
        values: with the unit of the variable, (steps, n), or (trials, steps, n) in training, such as
            `recordings["h.output"].quantity` or an outcome of a model.
    """

    values: Any


@dataclass(frozen=True)
class Clamp:
    """Holds a variable of some neurons, or weights, overriding whatever else sets it.

    Entries i: x_i <- value_i. Orthonormal directions D: x <- x + D D^T (value - x). A state goes on from there when the
    clamp ends.

    Arguments:
        target: name of the population or projection, or of some neurons, such as "cells[:80]".
        variable: a state or a definition of the population; 'w' of the projection.
        value: the value at which it is held, in the unit of the variable: a number, an array of shape (indices,), a
            distribution, a `Column` or a `Replay`.
        indices: of the neurons or connections (all if omitted).
        start (s): when it begins, rounded to the nearest step.
        stop (s): when it ends, rounded to the nearest step, which is not clamped any more (never if omitted).
        direction: in place of indices, orthonormal directions of shape (n,) or (n, directions).
        when: a `Column` of 0 and 1, one number per step: it holds where that is 1.

    Raises DescriptionError for indices beside directions, directions that are not orthonormal, or a name that is none.
    """

    target: str
    variable: str
    value: Value | Column | Replay
    indices: tuple[int, ...] | None = None
    start: Any = field(default_factory=lambda: 0.0 * second)
    stop: Any = None
    direction: Any = None
    when: Column | None = None

    def __post_init__(self) -> None:
        for attribute in ("target", "variable"):
            given = getattr(self, attribute)
            if not isinstance(given, str):
                found = (
                    f"the {type(given).__name__} '{given.name}'" if hasattr(given, "name") else repr(given)
                )
                raise DescriptionError(f"clamp: {attribute} is {found}: give a name, as text")
        if self.indices is not None:
            object.__setattr__(self, "indices", indices(self.indices, f"{self}: indices"))
        if self.direction is not None:
            object.__setattr__(self, "direction", self._orthonormal())
        if self.when is not None and not isinstance(self.when, Column):
            raise DescriptionError(f"{self}: when = {self.when!r}: give a Column of 0 and 1")

    def _orthonormal(self) -> np.ndarray:
        """Return the directions as columns (n, directions)."""
        if self.indices is not None:
            raise DescriptionError(f"{self}: indices and direction: give one of them")
        basis = np.asarray(self.direction, float)
        basis = basis[:, None] if basis.ndim == 1 else basis
        if basis.ndim != 2:
            raise DescriptionError(
                f"{self}: a direction of shape {basis.shape}: give (n,) or (n, directions)"
            )
        error = np.abs(basis.T @ basis - np.eye(basis.shape[1])).max(initial=0.0)
        if not error <= 1e-5:
            raise DescriptionError(
                f"{self}: its directions are not orthonormal, their products differ from 0 and 1 by {error:.3g}: "
                "make them so, by np.linalg.qr for instance"
            )
        return basis

    def __str__(self) -> str:
        return f"clamp of '{self.target}.{self.variable}'"

    def meets(self, other: Clamp, size: int) -> int | None:
        """Return an entry of `size` that both hold, or None; orthogonal directions do not meet."""
        if self.direction is not None and other.direction is not None:
            common = np.abs(self.direction @ (self.direction.T @ other.direction)).max(1, initial=0.0)
            return int(common.argmax()) if common.max(initial=0.0) > 1e-5 else None
        both = self._entries(size) & other._entries(size)
        return int(both.argmax()) if both.any() else None

    def _entries(self, size: int) -> np.ndarray:
        if self.direction is not None:
            return np.abs(self.direction).max(1) > 1e-9
        found = np.full(size, self.indices is None)
        found[list(self.indices or ())] = True
        return found
