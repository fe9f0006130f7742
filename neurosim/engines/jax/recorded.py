"""What a simulation has recorded, collected from the rows that each call of its loop gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.engines.jax.loop import interval
from neurosim.engines.recordings import Samples, Spikes
from neurosim.model.parts import Recorder


class Recorded:
    """Pieces of recordings by 'target.variable': steps, and values or units that spiked."""

    def __init__(self, equations: NetworkEquations) -> None:
        self.equations = equations
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._pieces: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {
            recorder.key: [] for recorder in self.equations.network.recorders
        }

    def take(self, rows: Mapping[str, Any], first: int, steps: int) -> None:
        """Take the rows of the steps that follow `first`."""
        for recorder in self.equations.network.recorders:
            at = np.arange(first, first + steps, dtype=np.int64)
            at = at[at % interval(recorder) == 0]
            values = np.array(np.asarray(rows[recorder.key])[: len(at)])
            if recorder.variable == "spikes":
                row, column = np.nonzero(values)
                at, values = at[row], self._indices(recorder, values.shape[1])[column].astype(np.int32)
            self._pieces[recorder.key].append((at, values))

    def results(self) -> dict[str, Spikes | Samples]:
        """Return everything taken so far."""
        return {r.key: self._result(r) for r in self.equations.network.recorders}

    def _result(self, recorder: Recorder) -> Spikes | Samples:
        dt, pieces = self.equations.network.step, self._pieces[recorder.key]
        steps = np.concatenate([np.zeros(0, dtype=np.int64), *(p[0] for p in pieces)])
        if recorder.variable == "spikes":
            return Spikes(steps, np.concatenate([np.zeros(0, dtype=np.int32), *(p[1] for p in pieces)]), dt)
        part = self.equations.populations.get(recorder.target) or self.equations.projections[recorder.target]
        index = self._indices(recorder, self._width(recorder))
        values = np.concatenate([p[1] for p in pieces]) if pieces else np.zeros((0, len(index)))
        return Samples(steps, values, index, part.dimensions[recorder.variable], dt)

    def _width(self, recorder: Recorder) -> int:
        return width(self.equations, recorder.target, recorder.variable)

    @staticmethod
    def _indices(recorder: Recorder, size: int) -> np.ndarray:
        return np.arange(size) if recorder.indices is None else np.array(recorder.indices, dtype=np.int64)


def width(equations: NetworkEquations, owner: str, variable: str) -> int:
    """Return how many values a variable of a population or projection has."""
    if owner in equations.populations:
        return equations.populations[owner].size
    projection = equations.projections[owner]
    place = projection.traces[variable].level if variable in projection.traces else "edge"
    ends = {"pre": projection.source, "post": projection.target}
    return projection.size if place == "edge" else equations.populations[ends[place]].size
