"""Recorders of the reference engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from neurosim.compiler.equations.forms import Probe, ProjectionEquations
from neurosim.engines.brian2.steps import Flight, Step
from neurosim.engines.pieces import Piece


class SpikeRecord:
    """The spikes of a population, or those that arrive at connections, kept as they come.

    Arguments: recorder; spikes, gives the units of this step; arrays, the memory of variables that are kept with them;
    step; there, the memory of what is not 0 where there is a unit, or None if all are there.
    """

    def __init__(
        self,
        recorder: Probe,
        spikes: Callable[[], np.ndarray],
        arrays: Sequence[np.ndarray],
        step: Step,
        there: np.ndarray | None = None,
    ) -> None:
        self.wanted, self.spikes, self.arrays, self.step = recorder.indices, spikes, arrays, step
        self.there = there
        self.clear()

    def clear(self) -> None:
        """Forget what was noted."""
        self.steps: list[np.ndarray] = [np.zeros(0, dtype=np.int64)]
        self.ids: list[np.ndarray] = [np.zeros(0, dtype=np.int32)]
        self.values: list[np.ndarray] = [np.zeros((0, len(self.arrays)))]

    def note(self) -> None:
        """Add the spikes of this step."""
        ids = self.spikes()
        if ids.size and self.wanted is not None:
            ids = ids[np.isin(ids, self.wanted)]
        if ids.size and self.there is not None:
            ids = ids[self.there[ids] != 0]
        if ids.size:
            # A constant is one number for all.
            columns = [np.broadcast_to(a if a.size == 1 else a[ids], ids.size) for a in self.arrays]
            self.values.append(np.array(columns).reshape(len(columns), ids.size).T)
            self.steps.append(np.full(ids.size, self.step.number, dtype=np.int64))
            self.ids.append(ids.astype(np.int32))

    def taken(self) -> Piece:
        """Return steps and units of the spikes since the last call."""
        found: Piece = np.concatenate(self.steps), np.concatenate(self.ids)
        if self.arrays:
            found = (*found, np.concatenate(self.values))
        self.clear()
        return found


class Arrivals:
    """Gives the connections of a projection at which spikes arrive in this step, before any dendritic delay.

    Arguments: projection; emitted, gives the neurons of its source that spike; flight, the spikes of these on their
    way, or None if there are none; step.
    """

    def __init__(
        self,
        projection: ProjectionEquations,
        emitted: Callable[[], np.ndarray],
        flight: Flight | None,
        step: Step,
    ) -> None:
        self.projection, self.emitted, self.flight, self.step = projection, emitted, flight, step
        self.first = projection.edges.first

    def __call__(self) -> np.ndarray:
        """Return their numbers."""
        now, found = self.step.number, [np.zeros(0, dtype=np.int32)]
        sent = [(now, self.emitted())] if self.flight is None else self.flight.spikes
        for step, ids in sent:
            ago, delays = now - step, self.projection.delays
            if delays is None and ago != self.projection.delay:
                continue
            for unit in ids:
                edges = np.arange(self.first[unit], self.first[unit + 1], dtype=np.int32)
                found.append(edges if delays is None else edges[delays[edges] == ago])
        return np.concatenate(found)


class SampleRecord:
    """A variable, sampled every so many steps; array, its memory."""

    def __init__(self, recorder: Probe, array: np.ndarray, step: Step) -> None:
        self.every, self.after, self.array, self.step = recorder.every, recorder.after, array, step
        self.indices = np.arange(array.size) if recorder.indices is None else np.array(recorder.indices)
        self.clear()

    def clear(self) -> None:
        """Forget what was noted."""
        self.steps: list[int] = []
        self.values: list[np.ndarray] = []

    def note(self) -> None:
        """Take a sample if this step is due."""
        number = self.step.number + self.after
        if number % self.every == 0:
            self.steps.append(number)
            self.values.append(self.array[self.indices])

    def taken(self) -> Piece:
        """Return steps and values of the samples since the last call."""
        values = np.array(self.values, dtype=float).reshape(len(self.steps), self.indices.size)
        found = np.array(self.steps, dtype=np.int64), values
        self.clear()
        return found
