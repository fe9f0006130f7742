"""Buffers that the compiled loop fills, and what has been collected from them."""

from __future__ import annotations

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.engines.fused.storage import Storage
from neurosim.engines.recordings import Samples, Spikes
from neurosim.model.parts import Recorder

SPIKE_ROOM = 1 << 16


class Recorders:
    """Every recorder's buffers (in the storage) and collected pieces; `moved` says that a buffer was replaced."""

    def __init__(self, equations: NetworkEquations, storage: Storage) -> None:
        self.equations = equations
        self.storage = storage
        self.recorders = list(enumerate(equations.network.recorders))
        self.moved = False
        self.clear()
        for number, recorder in self.recorders:
            head, size = f"rec{number}", self._size(recorder)
            storage.arrays[f"{head}___n"] = np.zeros(1, dtype=np.int64)
            if recorder.variable == "spikes":
                self._spike_buffers(head, max(SPIKE_ROOM, 2 * size))
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

    def clear(self) -> None:
        """Forget what has been collected."""
        self.pieces: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {n: [] for n, _ in self.recorders}

    def _size(self, recorder: Recorder) -> int:
        target, variable = recorder.target, recorder.variable
        if target in self.equations.populations:
            return self.equations.populations[target].size
        return self.storage.arrays[f"{target}__{variable}"].size

    def _spike_buffers(self, head: str, room: int) -> None:
        self.storage.arrays[f"{head}___steps"] = np.zeros(room, dtype=np.int64)
        self.storage.arrays[f"{head}___ids"] = np.zeros(room, dtype=np.int32)
        self.moved = True

    def make_room(self, steps: int, now: int) -> None:
        """Prepare the buffers of sampled states for a number of steps from step `now`."""
        self.first = now
        for number, recorder in self.recorders:
            if recorder.variable == "spikes":
                continue
            samples = self.storage.arrays[f"rec{number}___samples"]
            needed = steps // recorder.every + 1
            if len(samples) < needed:
                self.storage.arrays[f"rec{number}___samples"] = np.zeros((needed, samples.shape[1]))
                self.moved = True

    def collect(self) -> None:
        """Take what the last call wrote."""
        for number, recorder in self.recorders:
            head = f"rec{number}"
            count = self.storage.arrays[f"{head}___n"]
            n = int(count[0])
            count[0] = 0
            if n == 0:
                continue
            if recorder.variable == "spikes":
                arrays = [self.storage.arrays[f"{head}___{part}"][:n].copy() for part in ("steps", "ids")]
                self.pieces[number].append((arrays[0], arrays[1]))
            else:
                start = -(-self.first // recorder.every) * recorder.every
                steps = start + recorder.every * np.arange(n, dtype=np.int64)
                self.pieces[number].append((steps, self.storage.arrays[f"{head}___samples"][:n].copy()))

    def results(self, dt: float) -> dict[str, Spikes | Samples]:
        """Return everything collected so far."""
        found: dict[str, Spikes | Samples] = {}
        for number, recorder in self.recorders:
            steps = _joined([p[0] for p in self.pieces[number]], np.zeros(0, dtype=np.int64))
            if recorder.variable == "spikes":
                ids = _joined([p[1] for p in self.pieces[number]], np.zeros(0, dtype=np.int32))
                found[recorder.key] = Spikes(steps, ids, dt)
                continue
            index = self.storage.arrays[f"rec{number}___index"]
            values = _joined([p[1] for p in self.pieces[number]], np.zeros((0, index.size)))
            part = (
                self.equations.populations.get(recorder.target) or self.equations.projections[recorder.target]
            )
            found[recorder.key] = Samples(steps, values, index, part.dimensions[recorder.variable], dt)
        return found


def _joined(pieces: list[np.ndarray], empty: np.ndarray) -> np.ndarray:
    return np.concatenate(pieces) if pieces else empty
