"""Recorders of the reference engine."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup

from neurosim.engines.brian2.steps import Step
from neurosim.engines.recordings import Samples, Spikes
from neurosim.model.parts import Recorder
from neurosim.model.units import Dimension


class SpikeRecord:
    """The spikes of a population or of some of its units, kept as they come."""

    def __init__(self, recorder: Recorder, group: NeuronGroup, step: Step, dt: float) -> None:
        self.wanted, self.group, self.step, self.dt = recorder.indices, group, step, dt
        self.clear()

    def clear(self) -> None:
        """Start anew."""
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

    def result(self) -> Spikes:
        """Return what has been recorded."""
        return Spikes(np.concatenate(self.steps), np.concatenate(self.ids), self.dt)


class SampleRecord:
    """A variable, sampled every so many steps; array, its memory."""

    def __init__(
        self, recorder: Recorder, array: np.ndarray, dimension: Dimension, step: Step, dt: float
    ) -> None:
        self.every, self.array, self.dimension, self.step, self.dt = (
            recorder.every,
            array,
            dimension,
            step,
            dt,
        )
        chosen = (
            np.arange(array.size) if recorder.indices is None else np.array(recorder.indices, dtype=np.int64)
        )
        self.indices = chosen
        self.clear()

    def clear(self) -> None:
        """Start anew."""
        self.steps: list[int] = []
        self.values: list[np.ndarray] = []

    def note(self) -> None:
        """Take a sample if this step is due."""
        if self.step.number % self.every == 0:
            self.steps.append(self.step.number)
            self.values.append(self.array[self.indices])

    def result(self) -> Samples:
        """Return what has been recorded."""
        values = np.array(self.values, dtype=float).reshape(len(self.steps), self.indices.size)
        return Samples(np.array(self.steps, dtype=np.int64), values, self.indices, self.dimension, self.dt)
