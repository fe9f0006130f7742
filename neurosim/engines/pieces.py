"""What the pieces of a run have recorded, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.engines import requests
from neurosim.engines.recordings import Samples, Spikes
from neurosim.errors import ResultFileError
from neurosim.model.parts import Recorder

Piece = tuple[np.ndarray, np.ndarray]
"""Steps (n,), and the units that spiked (n,) or the values sampled (n, width), in the order of the engine."""


BYTES = 1 << 22
SLOW = 0.5
"""A piece of work that takes longer (s) is followed by shorter ones, so that an interrupt is taken soon."""


def paced(size: int, seconds: float, pace: int) -> int:
    """Return the size of the next piece, after one that took so long: of a quarter of a second if it was slow."""
    if seconds > SLOW:
        return max(1, int(size * SLOW / (2 * seconds)))
    return 2 * pace if seconds < SLOW / 4 and size == pace else pace


def room(equations: NetworkEquations, most: int) -> int:
    """Return for how many steps, `most` at most, a call may record: samples of 4 MB, or one step."""
    sampled = [recorder for recorder in equations.recorders if recorder.variable != "spikes"]
    each = sum(
        len(recorder.indices)
        if recorder.indices is not None
        else requests.width(equations, recorder.target, recorder.variable)
        for recorder in sampled
    )
    return int(np.clip(BYTES // (8 * max(each, 1)), 1, most))


class Collected:
    """The pieces that a run has recorded so far, by 'target.variable'."""

    def __init__(self, equations: NetworkEquations) -> None:
        self._equations = equations
        self._recorders = {recorder.key: recorder for recorder in equations.network.recorders}
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._pieces: dict[str, list[Piece]] = {key: [] for key in self._recorders}
        self.bytes = 0

    def add(self, pieces: Mapping[str, Piece]) -> None:
        """Add what the next steps have recorded."""
        for key, piece in pieces.items():
            if piece[0].size:
                self._pieces[key].append(piece)
                self.bytes += piece[0].nbytes + piece[1].nbytes

    def results(self) -> dict[str, Spikes | Samples]:
        """Return everything so far, by 'target.variable'; values per connection in the order of the description."""
        return {key: self._result(recorder) for key, recorder in self._recorders.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything so far as arrays by name, for a file."""
        found: dict[str, np.ndarray] = {}
        for key, recorder in self._recorders.items():
            steps, values = self._joined(recorder)
            found |= {f"recorded/{key}/steps": steps, f"recorded/{key}/values": values}
        return found

    def take_over(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Continue from what `arrays` returned; raises ResultFileError for anything else, and changes nothing then."""
        found = {}
        for key, recorder in self._recorders.items():
            steps, values = (arrays.get(f"recorded/{key}/{part}") for part in ("steps", "values"))
            shape = self._joined(recorder, [])[1].shape[1:]
            if steps is None or values is None or values.shape != (*steps.shape, *shape) or steps.ndim != 1:
                raise ResultFileError(f"state: its recordings of '{key}' do not fit: load what was saved")
            found[key] = steps, values
        self.clear()
        self.add(found)

    def _joined(self, recorder: Recorder, pieces: Sequence[Piece] | None = None) -> Piece:
        pieces = self._pieces[recorder.key] if pieces is None else pieces
        spikes = recorder.variable == "spikes"
        none = np.zeros(0, dtype=np.int32) if spikes else np.zeros((0, len(self._chosen(recorder))))
        steps = np.concatenate([np.zeros(0, dtype=np.int64), *(p[0] for p in pieces)])
        return steps, np.concatenate([p[1] for p in pieces]) if pieces else none

    def _chosen(self, recorder: Recorder) -> np.ndarray:
        if recorder.indices is not None:
            return np.array(recorder.indices, dtype=np.int64)
        return np.arange(requests.width(self._equations, recorder.target, recorder.variable))

    def _result(self, recorder: Recorder) -> Spikes | Samples:
        dt, (steps, values) = self._equations.network.step, self._joined(recorder)
        if recorder.variable == "spikes":
            return Spikes(steps, values, dt)
        chosen = self._chosen(recorder)
        if recorder.indices is None:
            values = requests.as_given(self._equations, recorder.target, recorder.variable, values)
        dimension = self._equations.part(recorder.target).dimensions[recorder.variable]
        return Samples(steps, values, chosen, dimension, dt)
