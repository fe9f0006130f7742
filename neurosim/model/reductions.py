"""What is kept of a stream of spikes or samples: a reduction takes pieces of it, and gives a stream or a statistic.

A reduction holds its state in arrays, so that it can be saved and continued, and what it gives does not depend on where
a stream is cut into pieces. A piece is a tuple of columns of equal length: steps, then neurons (of spikes) or values,
one row per sample. The dimension and the shape of a sample are those of the variable that is recorded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np
from brian2 import Hz, second

from neurosim.errors import DescriptionError, brief
from neurosim.model.parts import check_reference, from_one
from neurosim.model.registries import enter, reductions
from neurosim.model.times import nearest_step
from neurosim.model.units import Dimension, scalar_in_si

Arrays = dict[str, np.ndarray]
Piece = tuple[np.ndarray, ...]
Shape = tuple[int, ...]


class Reduction(ABC):
    """What is made of a stream of spikes or samples; a subclass is a dataclass and is found by its name.

    Facts of a class: takes, 'spikes' or 'samples'; gives, 'samples', or 'statistics' if it ends a chain.
    """

    takes: ClassVar[Literal["spikes", "samples"]] = "samples"
    gives: ClassVar[Literal["samples", "statistics"]] = "samples"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__doc__ and not cls.__name__.startswith("_"):
            enter(reductions, cls)

    def described(self) -> dict[str, Any]:
        """Return its arguments by name, for a file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    @property
    def trigger(self) -> str | None:
        """The population, or some of its neurons, whose spikes it waits for."""
        return None

    def shape(self, shape: Shape, dt: float) -> Shape:
        """Return the shape of a sample that it gives, from that of one that it takes and the time step (s)."""
        del dt
        return shape

    def dimension(self, dimension: Dimension) -> Dimension:
        """Return the dimension of what it gives, from that of what it takes."""
        return dimension

    @abstractmethod
    def begin(self, shape: Shape, first: int, dt: float) -> Arrays:
        """Return the state at the start.

        Arguments:
            shape: of a sample, or (number of neurons,) of spikes.
            first: the step from which on the stream is seen.
            dt (s): the time step.
        """

    @abstractmethod
    def take(self, state: Arrays, piece: Piece, until: int, spikes: Piece | None) -> Piece:
        """Take the next piece of the stream, changing the state, and return the piece of the stream that it gives.

        Arguments:
            state: what `begin` returned.
            piece: columns of the stream.
            until: the step before which the stream is known now.
            spikes: steps and neurons of the spikes that it waits for, in the same steps.
        """


@dataclass(frozen=True)
class Rate(Reduction):
    """Number of spikes per neuron and time, in bins: r = spikes / (neurons * every * dt).

    A sample has the time of the first step of its bin; bins begin at the start of the recorder. A bin is given once it
    is over.

    Arguments:
        every: steps of a bin.
        each: whether there is a rate for each neuron, or else one for all.
    """

    takes: ClassVar[Literal["spikes"]] = "spikes"
    every: int = 10
    each: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", from_one(self.every, "Rate: every"))
        if not isinstance(self.each, bool):
            raise DescriptionError(f"Rate: each = {brief(self.each)}: give True or False")

    def shape(self, shape: Shape, dt: float) -> Shape:
        """Return (neurons,), or (1,) for a rate of all."""
        del dt
        return shape if self.each else (1,)

    def dimension(self, dimension: Dimension) -> Dimension:
        """Return that of Hz."""
        del dimension
        return Hz.dim

    def begin(self, shape: Shape, first: int, dt: float) -> Arrays:
        """Return an empty bin, and by what its spikes are divided."""
        per = self.every * dt * (1 if self.each else shape[0])
        return {
            "first": np.array(first),
            "per": np.array(per),
            "spikes": np.zeros(self.shape(shape, dt), np.int64),
        }

    def take(self, state: Arrays, piece: Piece, until: int, spikes: Piece | None) -> Piece:
        """Count spikes; return the bins that are over."""
        first, width = int(state["first"]), state["spikes"].size
        over = max((until - first) // self.every, 0)
        kept = piece[0] >= first
        bins, unit = (piece[0][kept] - first) // self.every, piece[1][kept] if self.each else 0
        counts = np.bincount(bins * width + unit, minlength=(over + 1) * width).reshape(-1, width)
        counts[0] += state["spikes"]
        state["spikes"] = counts[over]
        state["first"] = np.array(first + over * self.every)
        return first + self.every * np.arange(over, dtype=np.int64), counts[:over] / state["per"]


@dataclass(frozen=True)
class Windows(Reduction):
    """Windows of a variable around the spikes of a population: x(t_k + s) for s from -before up to after, not included.

    A window is given once it is over; one that would begin before the recorder does is left out.

    Arguments:
        at: name of the population, or of some of its neurons, such as "cells[3]".
        before, after (s): how much of the variable is kept before and from a spike on.
    """

    at: str
    before: Any
    after: Any

    def __post_init__(self) -> None:
        check_reference(self.at, "Windows: at")
        times = [scalar_in_si(getattr(self, n), second.dim, f"Windows: {n}") for n in ("before", "after")]
        if min(times) < 0 or max(times) == 0:
            raise DescriptionError(
                f"Windows: before = {self.before}, after = {self.after}: give times from 0, one of them above"
            )

    @property
    def trigger(self) -> str:
        """The population whose spikes it waits for."""
        return self.at

    def steps(self, dt: float) -> tuple[int, int]:
        """Return before and after in steps, rounded."""
        before, after = (scalar_in_si(t, second.dim, "") for t in (self.before, self.after))
        return int(nearest_step(before, dt)), int(nearest_step(after, dt))

    def shape(self, shape: Shape, dt: float) -> Shape:
        """Return (steps, ...)."""
        return (sum(self.steps(dt)), *shape)

    def begin(self, shape: Shape, first: int, dt: float) -> Arrays:
        """Return no samples and no spikes; `steps` of a sample are those of its window."""
        return {
            "ends": np.array(self.steps(dt)),
            "steps": np.zeros(0, np.int64),
            "values": np.zeros((0, *shape)),
            "spike_steps": np.zeros(0, np.int64),
            "spike_ids": np.zeros(0, np.int32),
        }

    def take(self, state: Arrays, piece: Piece, until: int, spikes: Piece | None) -> Piece:
        """Keep samples as long as a window needs them; return (steps, windows (n, steps, ...), neurons)."""
        before, after = map(int, state["ends"])
        steps, values = (
            np.concatenate([state[n], c]) for n, c in zip(("steps", "values"), piece, strict=False)
        )
        assert spikes is not None
        at, ids = (
            np.concatenate([state[f"spike_{n}"], c]) for n, c in zip(("steps", "ids"), spikes, strict=False)
        )
        first = int(steps[0]) if steps.size else until
        last = int(steps[-1]) if steps.size else until - 1
        there = at - before >= first
        over = there & (at + after - 1 <= last)
        rows = (at[over] - before - first)[:, None] + np.arange(before + after)
        found = at[over], values[rows], ids[over]
        waiting = there & ~over
        needed = min([until - before, *(at[waiting] - before)])
        kept = steps >= needed
        state |= {"steps": steps[kept], "values": values[kept]}
        state |= {"spike_steps": at[waiting], "spike_ids": ids[waiting]}
        return found
