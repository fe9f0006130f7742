"""What the pieces of a run have recorded, reduced as recorders ask for and put together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.compiler.equations.names import SECOND
from neurosim.compiler.equations.probes import TRIGGER
from neurosim.engines import requests
from neurosim.engines.columns import Columns
from neurosim.engines.pieces import Piece
from neurosim.engines.recordings import Recording, Samples, Spikes, Statistics, Windowed
from neurosim.errors import ResultFileError
from neurosim.model.recorder import Recorder
from neurosim.model.reductions import Windows
from neurosim.model.statistics import Statistic
from neurosim.model.times import nearest_step
from neurosim.model.units import DIMENSIONLESS, scalar_in_si

NEVER = np.iinfo(np.int64).max


class Collected:
    """What a run has recorded so far, by the names of its recorders."""

    def __init__(self, equations: NetworkEquations) -> None:
        self._streams = {r.key: Stream(equations, r) for r in equations.network.recorders}
        self._triggers = {
            r.key: TRIGGER.format(r.key) for r in equations.network.recorders if r.trigger is not None
        }

    def clear(self, now: int) -> None:
        """Forget everything; what is recorded begins with step `now`."""
        for stream in self._streams.values():
            stream.begin(now)

    def poured(self) -> None:
        """Forget what has been written elsewhere: all but the states of reductions."""
        for stream in self._streams.values():
            stream.columns.clear()

    @property
    def bytes(self) -> int:
        """Bytes of what grows."""
        return sum(stream.columns.nbytes for stream in self._streams.values())

    def add(self, pieces: Mapping[str, Piece], now: int) -> None:
        """Add what the steps up to `now` have recorded."""
        for key, stream in self._streams.items():
            stream.add(pieces[key], pieces[self._triggers[key]] if key in self._triggers else None, now)

    def results(self) -> dict[str, Recording]:
        """Return everything so far by name; values per connection in the order of the description."""
        return {key: stream.result() for key, stream in self._streams.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything so far as arrays by name, for a file."""
        return {
            f"recorded/{key}/{name}": array
            for key, stream in self._streams.items()
            for name, array in stream.arrays().items()
        }

    def take_over(self, arrays: Mapping[str, np.ndarray], now: int) -> None:
        """Continue from what `arrays` returned; raises ResultFileError for anything else, and changes nothing then."""
        own = {
            key: {
                n.removeprefix(f"recorded/{key}/"): a
                for n, a in arrays.items()
                if n.startswith(f"recorded/{key}/")
            }
            for key in self._streams
        }
        for key, stream in self._streams.items():
            if not stream.fit(own[key]):
                raise ResultFileError(f"state: its recordings of '{key}' do not fit: load what was saved")
        self.clear(now)
        for key, stream in self._streams.items():
            stream.take_over(own[key])


class Stream:
    """What one recorder has taken: columns that grow, and the states of its reductions."""

    def __init__(self, equations: NetworkEquations, recorder: Recorder) -> None:
        self.equations, self.recorder = equations, recorder
        self.dt = equations.network.step
        self.owner, self.variable = equations.home(recorder.target, recorder.variable)
        times = (recorder.start, recorder.stop)
        first, last = (
            None if t is None else int(nearest_step(scalar_in_si(t, SECOND, ""), self.dt)) for t in times
        )
        self.first, self.last = first or 0, NEVER if last is None else last
        self.indices = self._indices()
        shape: tuple[int, ...] = (self.indices.size,)
        self.dimension = (
            DIMENSIONLESS
            if recorder.spikes
            else equations.part(recorder.target).dimensions[recorder.variable]
        )
        self.shapes = [shape]
        for stage in recorder.reduce:
            self.shapes.append(stage.shape(self.shapes[-1], self.dt))
            if not isinstance(stage, Statistic):
                self.dimension = stage.dimension(self.dimension)
        self.columns = Columns(self._empty())
        self.begin(0)

    def _indices(self) -> np.ndarray:
        if self.recorder.indices is not None:
            return np.array(self.recorder.indices, dtype=np.int64)
        if self.recorder.spikes:
            return np.arange(self.equations.part(self.owner).size)
        return np.arange(requests.width(self.equations, self.recorder.target, self.recorder.variable))

    def _empty(self) -> list[np.ndarray]:
        steps, ids = np.zeros(0, np.int64), np.zeros(0, np.int32)
        if self.recorder.reduce:
            if isinstance(self.recorder.reduce[-1], Statistic):
                return []
            values = np.zeros((0, *self.shapes[-1]))
            return [steps, values, ids] if self.recorder.trigger is not None else [steps, values]
        if not self.recorder.spikes:
            return [steps, np.zeros((0, self.indices.size))]
        return [steps, ids, *([np.zeros((0, len(self.recorder.values)))] if self.recorder.values else [])]

    # Taking ----------------------------------------------------------------------------------------------------------

    def begin(self, now: int) -> None:
        """Forget everything; what is recorded begins with step `now`."""
        self.columns.clear()
        first = max(self.first, now)
        self.states = [
            stage.begin(shape, first, self.dt)
            for stage, shape in zip(self.recorder.reduce, self.shapes, strict=False)
        ]

    def add(self, piece: Piece, trigger: Piece | None, now: int) -> None:
        """Add what the steps up to `now` have recorded; trigger, the spikes that a reduction waits for."""
        if not self.recorder.reduce:
            if piece[0].size:
                self._keep(self._given(self._within(piece)))
            return
        until = min(now, self.last)
        piece = self._counted(self._given(self._within(piece)))
        if trigger is not None:
            trigger = self._within(trigger)
        for stage, state in zip(self.recorder.reduce, self.states, strict=True):
            piece = stage.take(state, piece, until, trigger if stage.trigger is not None else None)
        if piece:
            self._keep(piece)

    def _keep(self, piece: Piece) -> None:
        if piece[0].size:
            self.columns.add(piece)

    def _within(self, piece: Piece) -> Piece:
        """Return what lies between start and stop."""
        steps = piece[0]
        if not steps.size or (steps[0] >= self.first and steps[-1] < self.last):
            return piece
        kept = (steps >= self.first) & (steps < self.last)
        return tuple(column[kept] for column in piece)

    def _given(self, piece: Piece) -> Piece:
        """Return values and connections in the order of the description."""
        projection = self.equations.projections.get(self.recorder.target)
        if projection is None:
            return piece
        if self.recorder.spikes:
            steps, ids, *values = piece
            ids = ids if projection.order is None else projection.order[ids].astype(np.int32)
            order = np.lexsort((ids, steps))
            return steps[order], ids[order], *(column[order] for column in values)
        if self.recorder.indices is None:
            return piece[0], requests.as_given(self.equations, self.owner, self.variable, piece[1])
        return piece

    def _counted(self, piece: Piece) -> Piece:
        """Return spikes for reductions, whose neurons are counted among those that are recorded."""
        if not (self.recorder.spikes and self.recorder.reduce and self.recorder.indices is not None):
            return piece
        order = np.argsort(self.indices)
        return piece[0], order[np.searchsorted(self.indices, piece[1], sorter=order)].astype(np.int32)

    # Giving ----------------------------------------------------------------------------------------------------------

    def result(self) -> Recording:
        """Return everything so far."""
        last = self.recorder.reduce[-1] if self.recorder.reduce else None
        if isinstance(last, Statistic):
            return Statistics(last.numbers(self.states[-1], self.dimension), self.shapes[-2], self.indices)
        columns = self.columns.whole()
        if self.recorder.trigger is not None:
            steps, values, ids = columns
            before = self._before()
            offsets = np.arange(values.shape[1]) - before
            return Windowed(steps, ids, values, offsets, self.indices, self.dimension, self.dt)
        if last is not None:
            steps, values = columns
            indices = self.indices if values.shape[1] == self.indices.size else np.arange(values.shape[1])
            return Samples(steps, values, indices, self.dimension, self.dt)
        if self.recorder.spikes:
            steps, ids, *more = columns
            dimensions = self.equations.part(self.owner).dimensions
            at = {n: more[0][:, k] for k, n in enumerate(self.recorder.values)}
            return Spikes(steps, ids, self.dt, at, {n: dimensions[n] for n in at})
        return Samples(columns[0], columns[1], self.indices, self.dimension, self.dt)

    def _before(self) -> int:
        return next(stage.steps(self.dt)[0] for stage in self.recorder.reduce if isinstance(stage, Windows))

    # States ----------------------------------------------------------------------------------------------------------

    @property
    def _names(self) -> tuple[str, ...]:
        """The names of the columns in a file."""
        return ("steps", "values", "more")[: len(self._empty())]

    @property
    def _in_order(self) -> bool:
        """Whether its columns hold one value per connection."""
        recorder = self.recorder
        whole = recorder.indices is None and not (recorder.reduce or recorder.spikes)
        return whole and recorder.target in self.equations.projections

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays by name; columns in the order of the engine, as files have had them."""
        found = dict(zip(self._names, self.columns.whole(), strict=True))
        if self._in_order:
            found["values"] = requests.as_held(self.equations, self.owner, self.variable, found["values"])
        for number, state in enumerate(self.states):
            found |= {f"{number}/{name}": array.copy() for name, array in state.items()}
        return found

    def fit(self, arrays: Mapping[str, np.ndarray]) -> bool:
        """Return whether arrays are what `arrays` returns."""
        own = self.arrays()
        if arrays.keys() != own.keys() or (
            self._names and not self.columns.fit([arrays[n] for n in self._names])
        ):
            return False
        states = [name for name in own if name not in self._names]
        return all(
            arrays[n].ndim == own[n].ndim
            and arrays[n].shape[1:] == own[n].shape[1:]
            and np.can_cast(arrays[n].dtype, own[n].dtype, "same_kind")
            for n in states
        )

    def take_over(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Continue from what `arrays` returned."""
        if self._names:
            columns = {name: arrays[name] for name in self._names}
            if self._in_order:
                columns["values"] = requests.as_given(
                    self.equations, self.owner, self.variable, columns["values"]
                )
            self.columns.add([*columns.values()])
        for number, state in enumerate(self.states):
            for name in state:
                state[name] = np.array(arrays[f"{number}/{name}"])
