"""Measures that nothing is learned from: on any set, at any spacing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt.losses import Term
from neurosim.learning.protocol.streams import Source
from neurosim.registry import suggest


class Spacing(Protocol):
    """At which steps to measure."""

    def following(self, step: int) -> int | None:
        """Return the first step after `step` at which to measure, if there is one; -1 stands for before the first."""

    def includes_end(self) -> bool:
        """Return whether to measure where a call of `train`, or a stage, ends."""


@dataclass(frozen=True)
class Every:
    """Measure at all multiples of a number of steps, 0 included. Raises UsageError when it is below 1."""

    steps: int

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UsageError(f"Every.steps = {self.steps}: must be at least 1")

    def following(self, step: int) -> int | None:
        """Return the next multiple."""
        return (step // self.steps + 1) * self.steps

    def includes_end(self) -> bool:
        """Return False."""
        return False


@dataclass(frozen=True)
class Logarithmic:
    """Measure at step 0 and at steps first * 10**(k/per_decade), rounded, k = 0, 1, 2, ...

    Arguments: per_decade, how many in a tenfold; first, the first of them. Raises UsageError when one is below 1.
    """

    per_decade: int = 10
    first: int = 1

    def __post_init__(self) -> None:
        for name in ("per_decade", "first"):
            if getattr(self, name) < 1:
                raise UsageError(f"Logarithmic.{name} = {getattr(self, name)}: must be at least 1")

    def following(self, step: int) -> int | None:
        """Return the next of them."""
        if step < 0:
            return 0
        k = 0 if step < self.first else int(self.per_decade * np.log10(step / self.first))
        while (found := round(self.first * 10 ** (k / self.per_decade))) <= step:
            k += 1
        return found

    def includes_end(self) -> bool:
        """Return False."""
        return False


@dataclass(frozen=True)
class AtEnd:
    """Measure where each stage, or a call of `train`, ends."""

    def following(self, step: int) -> int | None:
        """Return None."""
        return None

    def includes_end(self) -> bool:
        """Return True."""
        return True


@dataclass(frozen=True)
class Evaluation:
    """Measures of a training on batches that nothing is learned from.

    Arguments: batches, a stream of which the first batch is taken, always the same: `Shuffled(test, n)`, n of all
    trials, for a whole set; measures, functions (outcome, batch) -> array by name, such as
    `{"accuracy": accuracy("y.output")}`; at, the spacing: `Every`, `Logarithmic` or `AtEnd`.
    Raises UsageError when there is no measure.
    """

    batches: Source
    measures: Mapping[str, Term]
    at: Spacing = field(default_factory=AtEnd)

    def __post_init__(self) -> None:
        if not self.measures:
            raise UsageError(
                "Evaluation.measures: there are none: give functions (outcome, batch) -> array by name"
            )


@dataclass(frozen=True)
class Measured:
    """What an evaluation has measured: steps (times,), and values by name of the measure (times, seeds, ...)."""

    steps: np.ndarray
    values: Mapping[str, np.ndarray]

    def with_row(self, step: int, row: Mapping[str, np.ndarray]) -> Measured:
        """Return it with one more measurement."""
        rows = {name: np.asarray(value)[None] for name, value in row.items()}
        values = {n: np.concatenate([self.values[n], v]) if n in self.values else v for n, v in rows.items()}
        return Measured(np.append(self.steps, step), values)


NOTHING = Measured(np.zeros(0, np.int64), {})


def matrix(measured: Mapping[str, Measured], measure: str, stages: np.ndarray) -> np.ndarray:
    """Return a measure after each stage (rows) on each evaluation (columns): the matrix of a sequence of tasks.

    Arguments: measured, by name of the evaluation, in the order of the columns; measure, its name; stages, the steps at
    which stages ended. Returns (stages, evaluations), then seeds if there are several.
    Raises UnknownNameError for a measure that an evaluation does not have, UsageError where none was taken.
    """
    columns = []
    for name, found in measured.items():
        if measure not in found.values:
            raise UnknownNameError(
                f"evaluation '{name}': measure '{measure}': {suggest(measure, found.values)}"
            )
        if missing := sorted(set(np.asarray(stages).tolist()) - set(found.steps.tolist())):
            raise UsageError(
                f"evaluation '{name}': nothing was measured at step {missing[0]}: use AtEnd() for its spacing"
            )
        columns.append(found.values[measure][np.searchsorted(found.steps, stages)])
    return np.stack(columns, axis=1)
