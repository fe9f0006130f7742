"""Buffers that the compiled loop fills, and what has been collected from them."""

from __future__ import annotations

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations, Probe
from neurosim.engines.fused.storage import Storage
from neurosim.engines.pieces import Piece

SPIKE_ROOM = 1 << 16


class Recorders:
    """Every recorder's buffers, in the storage; `moved` says that one was replaced."""

    def __init__(self, equations: NetworkEquations, storage: Storage) -> None:
        self.equations = equations
        self.storage = storage
        self.recorders = list(enumerate(equations.probes))
        self.moved = False
        for number, recorder in self.recorders:
            head, size = f"rec{number}", self._size(recorder)
            storage.arrays[f"{head}___n"] = np.zeros(1, dtype=np.int64)
            if recorder.spikes:
                self._spike_buffers(head, max(SPIKE_ROOM, 2 * size), len(recorder.values))
                storage.numbers[f"{head}___most"] = size
                if recorder.indices is not None:
                    storage.arrays[f"{head}___wanted"] = np.isin(np.arange(size), recorder.indices)
            else:
                chosen = (
                    np.arange(size)
                    if recorder.indices is None
                    else np.array(recorder.indices, dtype=np.int64)
                )
                storage.arrays[f"{head}___index"] = chosen.astype(np.int64)
                storage.numbers[f"{head}___every"] = int(recorder.every)
                storage.arrays[f"{head}___samples"] = np.zeros((0, chosen.size))

    def _size(self, recorder: Probe) -> int:
        target, variable = recorder.target, recorder.variable
        if target in self.equations.populations:
            return self.equations.populations[target].size
        if recorder.spikes:
            return self.equations.projections[target].size
        return self.storage.arrays[f"{target}__{variable}"].size

    def _spike_buffers(self, head: str, room: int, values: int) -> None:
        self.storage.arrays[f"{head}___steps"] = np.zeros(room, dtype=np.int64)
        self.storage.arrays[f"{head}___ids"] = np.zeros(room, dtype=np.int32)
        if values:
            self.storage.arrays[f"{head}___values"] = np.zeros((room, values))
        self.moved = True

    def make_room(self, steps: int, now: int) -> None:
        """Prepare the buffers of sampled states for a number of steps from step `now`."""
        self.first = now
        for number, recorder in self.recorders:
            if recorder.spikes:
                continue
            samples = self.storage.arrays[f"rec{number}___samples"]
            needed = steps // recorder.every + 1
            if len(samples) < needed:
                self.storage.arrays[f"rec{number}___samples"] = np.zeros((needed, samples.shape[1]))
                self.moved = True

    def collect(self) -> dict[str, Piece]:
        """Return what the last call wrote, by 'target.variable'."""
        return {recorder.key: self._collected(number, recorder) for number, recorder in self.recorders}

    def _collected(self, number: int, recorder: Probe) -> Piece:
        head, arrays = f"rec{number}", self.storage.arrays
        n = int(arrays[f"{head}___n"][0])
        arrays[f"{head}___n"][0] = 0
        if recorder.spikes:
            found: Piece = arrays[f"{head}___steps"][:n].copy(), arrays[f"{head}___ids"][:n].copy()
            return (*found, arrays[f"{head}___values"][:n].copy()) if recorder.values else found
        start = -(-(self.first + recorder.after) // recorder.every) * recorder.every
        steps = start + recorder.every * np.arange(n, dtype=np.int64)
        return steps, arrays[f"{head}___samples"][:n].copy()
