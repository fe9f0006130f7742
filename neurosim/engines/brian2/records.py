"""Recorders of the reference engine."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup

from neurosim.engines.brian2.steps import Step
from neurosim.engines.pieces import Piece
from neurosim.model.parts import Recorder


class SpikeRecord:
    """The spikes of a population or of some of its units, kept as they come."""

    def __init__(self, recorder: Recorder, group: NeuronGroup, step: Step) -> None:
        self.wanted, self.group, self.step = recorder.indices, group, step
        self.clear()

    def clear(self) -> None:
        """Forget what was noted."""
        self.steps: list[np.ndarray] = [np.zeros(0, dtype=np.int64)]
        self.ids: list[np.ndarray] = [np.zeros(0, dtype=np.int32)]

    def note(self) -> None:
        """Add the spikes of this step."""
        ids = self.group.spikes
        if ids.size and self.wanted is not None:
            ids = ids[np.isin(ids, self.wanted)]
        if ids.size:
            self.steps.append(np.full(ids.size, self.step.number, dtype=np.int64))
            self.ids.append(ids.astype(np.int32))

    def taken(self) -> Piece:
        """Return steps and units of the spikes since the last call."""
        found = np.concatenate(self.steps), np.concatenate(self.ids)
        self.clear()
        return found


class SampleRecord:
    """A variable, sampled every so many steps; array, its memory."""

    def __init__(self, recorder: Recorder, array: np.ndarray, step: Step) -> None:
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
