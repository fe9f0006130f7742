"""What users run: a network with its state, clock and recordings, whatever engine is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

import numpy as np

from neurosim.compiler.equations.masks import structured
from neurosim.compiler.equations.names import SECOND
from neurosim.compiler.equations.probes import STOP
from neurosim.engines import files, get_engine, moments, requests, structure
from neurosim.engines.collected import Collected
from neurosim.engines.core import Core, Rows
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.moments import State as State
from neurosim.engines.pieces import Piece, paced
from neurosim.engines.presentations import batch_of, present, settle
from neurosim.engines.recordings import Recordings
from neurosim.engines.settling import Settle, Settled
from neurosim.engines.streams import ROOM, Stream
from neurosim.errors import DescriptionError, ResultFileError, RunFailed, UnknownNameError
from neurosim.model.chosen import positions
from neurosim.model.parts import NamedParameter, constrained
from neurosim.model.timed import TimedSignal
from neurosim.model.units import dimension_of, in_si, quantity
from neurosim.registry import suggest
from neurosim.uninterrupted import Uninterrupted

Progress = Callable[[int, int], None]
Call = Callable[["Simulation"], None]


class Simulation:
    """A network that runs: its state at step `now`, and what it has recorded.

    Arguments:
        core: the network on its engine.
        engine: name of the engine.
    """

    def __init__(self, core: Core, engine: str) -> None:
        self.core = core
        self.engine = engine
        self.equations = core.equations
        self.dt = core.dt
        self._pace = core.most
        self._began = 0
        self._running = Lock()
        self._structured = bool(structured(self.equations))
        self._recorded = Collected(self.equations)
        self.stopped: str | None = None
        """The name of the Stop that has ended the last run, or None."""
        self._stream: Stream | None = None
        self._set: dict[tuple[str, str], np.ndarray] = {}
        self._signals: set[tuple[str, str]] = set()
        """Signals in time that users have set."""
        self._named = {
            name: np.atleast_1d(np.array(p.value, dtype=float))
            for name, p in self.equations.network.parameters.items()
        }

    @property
    def now(self) -> int:
        """Number of steps taken."""
        return self.core.now

    # Running ---------------------------------------------------------------------------------------------------------

    def run(
        self,
        duration: Any,
        inputs: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        call: Call | None = None,
        every: Any = None,
    ) -> None:
        """Run for a duration, in pieces.

        An interrupt (Ctrl-C, a handler of SIGTERM or SIGALRM that raises) is taken between two pieces, so that state,
        clock and recordings always belong together; the next run continues from there with the same bits.

        Arguments:
            duration: time to run (s), a whole number of steps.
            inputs: values of signal populations by name, of shape (size,), held, or (steps, size), one row per step.
            progress: called as progress(done, total), in steps, from time to time.
            call: called as call(simulation) before each step at a multiple of `every`, from the start of time; it may
                use `get` and `set`. It is no part of the network and is not saved.
            every (s): time between two calls, a whole number of steps.

        Raises:
            DescriptionError: a duration or an input that does not fit.
            RunFailed: a variable is not finite; the run has ended with the step at which it became so.
        """
        steps = requests.whole_steps(duration, self.dt)
        self.take(
            steps, requests.rows(self.equations, inputs, steps), progress, call, self._every(call, every)
        )

    def _every(self, call: Call | None, every: Any) -> int:
        """Return the number of steps between two calls."""
        if call is None and every is None:
            return 1
        if call is None or every is None:
            raise DescriptionError("run: call and every go together: give a function and a time")
        steps = requests.whole_steps(every, self.dt, "run: every")
        if steps < 1:
            raise DescriptionError(f"run: every = {every} is not positive: give a time")
        return steps

    def step(self, inputs: Mapping[str, Any] | None = None) -> dict[str, np.ndarray]:
        """Take one step and return what each population put out: outputs (size,), or indices of spiking units.

        Arguments:
            inputs: values of signal populations by name, of shape (size,).
        """
        self.take(1, requests.rows(self.equations, inputs, 1), None)
        return {**self._graded, **self.core.spikes()}

    def _call(self, done: int, steps: int, call: Call | None, every: int) -> int:
        """Call a function if it is due; return up to which step of the run its next piece may go."""
        if call is None:
            return steps
        if self.now % every == 0:
            call(self)
        return min(steps, done + every - self.now % every)

    def take(
        self, steps: int, inputs: Rows, progress: Progress | None, call: Call | None = None, every: int = 1
    ) -> None:
        """Take steps; refuses to where another thread, or the run that reports its progress, is at it."""
        with Uninterrupted() as interrupts:
            if not self._running.acquire(blocking=False):
                raise RunFailed(
                    f"network '{self.equations.network.name}': this simulation is running already: "
                    "wait for its end, or give each thread a simulation of its own"
                )
            try:
                done, self.stopped = 0, None
                while done < steps and self.stopped is None:
                    interrupts.take()
                    done += self._piece(done, self._call(done, steps, call, every), inputs)
                    if progress is not None:
                        progress(done, steps)
            finally:
                self._running.release()

    def _piece(self, done: int, steps: int, inputs: Rows) -> int:
        """Take the next steps of a run, none further than the next change of connections; return their number."""
        piece = min(steps - done, self._pace)
        if self._structured:
            piece = min(piece, structure.steps_to_update(self))
        rows = (
            inputs if steps == piece else {name: given[done : done + piece] for name, given in inputs.items()}
        )
        began = perf_counter()
        # A single step needs no way back: what is not finite after it became so in it.
        mark, self._began = self.core.mark() if piece > 1 else None, self.now
        pieces = self.core.advance(piece, rows)
        met = self._met(pieces) if self.equations.network.stops else piece
        if met < piece:
            self.core.go_back(mark)
            piece, rows = met, {name: given[:met] for name, given in rows.items()}
            pieces = self.core.advance(piece, rows)
        if self._not_finite(pieces) is None:
            self._recorded.add(pieces, self.now)
        else:
            self._fail(mark, piece, rows, pieces)
        if self._structured:
            structure.update(self)
        took = perf_counter() - began
        self._pace = min(self.core.most, paced(piece, took, self._pace))
        if self._stream is not None and self._recorded.bytes >= self._stream.room:
            self._pour(self._stream)
        return piece

    def _met(self, pieces: Mapping[str, Piece]) -> int:
        """Return after how many steps of a piece a condition first ends the run, and note which; else all of them."""
        after = self.now
        for name in self.equations.network.stops:
            steps, values = pieces[STOP.format(name)]
            met = steps[values.any(axis=1)]
            if met.size and (self.stopped is None or met[0] < after):
                self.stopped, after = name, int(met[0])
        return after - self._began

    # Values that are not finite --------------------------------------------------------------------------------------

    def _not_finite(self, pieces: Mapping[str, Piece]) -> str | None:
        """Return the first variable that is not finite now or in what was recorded, and where; None if all are."""
        self._graded = self.core.graded()
        outputs = ((f"{name}.output", value) for name, value in self._graded.items())
        sampled = ((name, column) for name, (_, *columns) in pieces.items() for column in columns)
        for group in (() if self.core.finite() else self.core.moving(), outputs, sampled):
            for name, value in group:
                if value.dtype.kind in "fc" and not np.isfinite(value).all():
                    where = int(np.argwhere(~np.isfinite(np.atleast_1d(value)))[0][-1])
                    return f"'{name}' is not finite at index {where}"
        return None

    def _fail(self, mark: Any, steps: int, inputs: Rows, pieces: Mapping[str, Piece]) -> None:
        """Go back and take the steps again up to the one that is at fault, halving their number; raises RunFailed."""
        done = 0
        if mark is not None:
            self.core.go_back(mark)
            while steps - done > 1:
                half = (steps - done) // 2
                mark = self.core.mark()
                pieces = self.core.advance(
                    half, {name: rows[done : done + half] for name, rows in inputs.items()}
                )
                if self._not_finite(pieces) is None:
                    self._recorded.add(pieces, self.now)
                    done += half
                else:
                    self.core.go_back(mark)
                    steps = done + half
            pieces = self.core.advance(1, {name: rows[done : done + 1] for name, rows in inputs.items()})
        self._recorded.add(pieces, self.now)
        self.refuse_not_finite(pieces)

    def refuse_not_finite(self, pieces: Mapping[str, Piece]) -> None:
        """Raise RunFailed if a variable, or one that was recorded, is not finite."""
        trouble = self._not_finite(pieces)
        if trouble is not None:
            step = max(self.now - 1, 0)
            for name, external in self.core.externals.items():
                said = getattr(external, "trouble", None)
                if said:
                    raise RunFailed(f"external '{name}' in step {step} (t = {step * self.dt:g} s): {said}")
            raise RunFailed(
                f"{trouble} after step {step} (t = {step * self.dt:g} s): lower dt or check the parameters"
            )

    # Presentations ---------------------------------------------------------------------------------------------------

    def sample(self) -> None:
        """Apply the rules with the clock 'sample' once, in the present state; without such rules nothing happens."""
        if self.core.learns:
            with Uninterrupted():
                self.core.discard()
                self.core.accumulate(1.0)
                self.core.apply()
                self.core.hold_learned()
                self.refuse_not_finite({})

    def present(
        self,
        inputs: Mapping[str, Any],
        duration: Any = None,
        weights: Any = None,
        settle: Settle | None = None,
    ) -> Settled | None:
        """Present a batch of patterns and apply the rules with the clock 'sample' to the mean over the batch.

        Every pattern starts from the initial dynamic states of the models; weights change after the last one. An
        interrupt is taken between patterns (on 'jax' after the batch), and then nothing is learned from the batch.

        Arguments:
            inputs: patterns of signal populations by name, shape (batch, size).
            duration: time for which each pattern is presented (s).
            weights: probabilities of the patterns, shape (batch,); by default the same for all.
            settle: in place of a duration, until when each pattern is presented: its fixed point.

        Returns how each pattern settled, or None for a duration.

        Raises:
            RunFailed: a pattern does not settle; nothing is learned then, unless `settle` says to leave it out.
            DescriptionError: patterns that do not fit.
        """
        patterns = requests.patterns(self.equations, inputs)
        steps = None if duration is None else requests.whole_steps(duration, self.dt, "present")
        batch = batch_of(patterns, weights, steps, settle)
        settled = present(self, batch)
        if batch.settle.unsettled == "refuse" or not settled.converged.any():
            settled.check("present")
        return settled if steps is None else None

    def starts(self) -> dict[tuple[str, str], np.ndarray]:
        """Return the values from which dynamic states start, by owner and variable."""
        return {
            (p.name, name): self._first(p.name, name, p.states[name])
            for p in self.equations.populations.values()
            for name in p.dynamics
            if name in p.states
        }

    def settle(
        self,
        tolerance: float = 1e-9,
        at_most: int = 10_000,
        inputs: Mapping[str, Any] | None = None,
        damping: float = 0.0,
    ) -> Settled:
        """Run until no dynamic state changes by more than `tolerance` in a step.

        Arguments:
            tolerance: largest change of a dynamic state in an undamped step that counts as none (SI units).
            at_most: number of steps after which it has not settled.
            inputs: held values of signal populations by name, shape (size,).
            damping: share of the state before in that after each step, from 0 up to 1.

        Returns a report: steps taken, the largest change in the last one, that it converged.

        Raises:
            RunFailed: states still change after `at_most` steps.
        """
        how = Settle(tolerance, at_most, damping)
        rows = {name: value[0] for name, value in requests.rows(self.equations, inputs, 1).items()}
        steps, residual = settle(self, rows, how)
        settled = Settled(np.array(steps), np.array(residual), np.array(residual <= tolerance))
        settled.check("settle")
        return settled

    @contextmanager
    def alone(self) -> Iterator[Uninterrupted]:
        """Let no interrupt in, and nobody else run this simulation; raises RunFailed where somebody does."""
        with Uninterrupted() as interrupts:
            if not self._running.acquire(blocking=False):
                raise RunFailed(
                    f"network '{self.equations.network.name}': this simulation is running already: "
                    "wait for its end, or give each thread a simulation of its own"
                )
            try:
                yield interrupts
            finally:
                self._running.release()

    # Reading and setting ---------------------------------------------------------------------------------------------

    def get(self, name: str) -> Any:
        """Return a value with its unit, those of connections in the order in which the description gives them.

        Arguments:
            name: 'population.variable', 'projection.variable' or a named parameter; 'population[3:5].variable' for
                some neurons or connections.
        """
        if requests.text(name) in self._named:
            return quantity(self._named[name].copy(), dimension_of(self._parameter(name).value))
        name, chosen = requests.chosen(name)
        owner, variable, dimension = requests.variable(self.equations, name, self._named)
        held = requests.as_given(self.equations, owner, variable, np.array(self.read(owner, variable)))
        if chosen and held.ndim:
            held = held[positions(chosen, held.size, name)]
        return quantity(held, dimension)

    def set(self, name: str, value: Any) -> None:
        """Set a state, a constant or a named parameter; `reset` keeps what was set.

        Arguments:
            name: 'population.variable', 'projection.variable' or a named parameter; 'population[3:5].variable' for
                some neurons or connections.
            value: one number for all or an array of the shape that `get` returns, in the unit of the variable; of a
                signal in time, a TimedSignal, such as its next piece.

        Raises:
            DescriptionError: another unit or shape; a value that is not finite, beyond the bounds of its parameter, of
                another sign than its projection's, or that leaves a variable beyond the bounds that rules keep (also
                when a bound is set); what follows from other variables.
        """
        if isinstance(value, TimedSignal):
            with Uninterrupted():
                self._set_signal(requests.text(name), value)
            return
        if requests.text(name) in self._named:
            with Uninterrupted():
                self._set_named(self._parameter(name), value)
            return
        name, chosen = requests.chosen(name)
        owner, variable, dimension = requests.variable(self.equations, name, self._named)
        requests.check_free(self.equations, owner, variable, name)
        si = in_si(value, dimension, name)
        requests.check_bounds(self.equations, owner, variable, si, name)
        before = np.array(self.read(owner, variable))
        place = requests.place(self.equations, owner, variable, chosen, before, name)
        shape = before[place].shape
        if si.ndim and si.shape != shape:
            raise DescriptionError(
                f"{name}: {requests.misshapen(self.equations, owner, variable, si.shape, shape)}"
            )
        held, start = before, np.array(np.broadcast_to(self._start(owner, variable, before), before.shape))
        held[place] = start[place] = si if chosen else requests.as_held(self.equations, owner, variable, si)
        requests.check_rules(self.equations, owner, variable, held, self.read)
        with Uninterrupted():
            self.write(owner, variable, held)
            self._set[owner, variable] = start.astype(float)

    def _set_signal(self, name: str, signal: TimedSignal) -> None:
        """Put a signal in the place of one that equations read."""
        owner, _, own = name.partition(".")
        population = self.equations.populations.get(owner)
        known = {f"{p.name}.{n}" for p in self.equations.populations.values() for n in p.signals}
        if population is None or own not in population.signals:
            raise UnknownNameError(f"'{name}' is no signal in time: {suggest(name, known)}")
        population.signals[own].take(signal, population.size, self.dt, name)
        self._signals.add((owner, own))
        self.core.renew(owner)

    def _start(self, owner: str, variable: str, present: np.ndarray) -> np.ndarray:
        """Return the value from which a variable starts, the present one of a constant."""
        part = self.equations.part(owner)
        traces = {name: np.asarray(held.initial) for name, held in getattr(part, "traces", {}).items()}
        return self._first(owner, variable, {**part.states, **traces}.get(variable, present))

    def read(self, owner: str, name: str) -> np.ndarray:
        """Return a variable as the engine holds it, for rules that act between steps.

        Arguments:
            owner: name of a population or projection.
            name: state, constant, port, trace or definition of the owner.

        Returns:
            Its value in SI units: one number, or an array whose connections are in the order of the engine, by source.
        """
        return self.core.read(owner, name)

    def write(self, owner: str, name: str, value: np.ndarray) -> None:
        """Set a variable as the engine holds it, for rules that act between steps; bounds are left to the caller.

        Arguments:
            owner: name of a population or projection.
            name: state, constant or trace of the owner.
            value: one number or an array of the shape that `read` returns, in SI units.

        Raises:
            DescriptionError: a definition; an array for one number; a constant that gives no finite step.
        """
        self.core.write(owner, name, np.asarray(value))

    def edges(self, projection: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (pre, post), the units that each connection joins, in the order in which the description gives them.

        Arguments:
            projection: its name.
        """
        found = requests.projection(self.equations, projection)
        pre, post = found.pre, found.post.copy()
        if found.order is None:
            return pre, post
        given = np.empty_like(pre), np.empty_like(post)
        given[0][found.order], given[1][found.order] = pre, post
        return given

    def delays(self, projection: str) -> Any:
        """Return the delay of each connection (s), shape (edges,), in the order in which the description gives them.

        It is the time from a presynaptic spike to its effect on the target, a dendritic delay included.

        Arguments:
            projection: its name.
        """
        found = requests.projection(self.equations, projection)
        steps = found.delay if found.delays is None else found.delays.astype(np.int32)
        held = np.broadcast_to(steps + found.dendritic, found.post.shape) * self.dt
        return quantity(requests.as_given(self.equations, projection, "w", held), SECOND)

    def matrix(self, projection: str, variable: str = "w") -> Any:
        """Return a variable of an all-to-all projection as a matrix (targets, sources), with its unit.

        Of a convolution, the kernels (features, inputs).

        Arguments:
            projection: its name.
            variable: a variable per connection.
        """
        found = requests.projection(self.equations, projection)
        if not found.dense and found.kernel is None:
            raise DescriptionError(
                f"'{projection}' is not all-to-all: use get('{projection}.{variable}') and edges()"
            )
        shape = (self.equations.populations[found.source].size, self.equations.populations[found.target].size)
        _, _, dimension = requests.variable(self.equations, f"{projection}.{variable}")
        if found.kernel is not None:
            shape = (found.kernel.inputs, found.kernel.features)
        values = np.array(self.core.get(projection, variable))
        if values.size not in (1, shape[0] * shape[1]):
            raise DescriptionError(
                f"'{projection}.{variable}' is kept per neuron: use get('{projection}.{variable}')"
            )
        return quantity(np.broadcast_to(values, (shape[0] * shape[1],)).reshape(shape).T.copy(), dimension)

    def _parameter(self, name: str) -> NamedParameter:
        return self.equations.network.parameters[name]

    def _set_named(self, parameter: NamedParameter, value: Any) -> None:
        si = in_si(value, dimension_of(parameter.value), parameter.name)
        held = self._named[parameter.name]
        if si.ndim and si.shape != held.shape:
            raise DescriptionError(
                f"{parameter.name}: a value of shape {si.shape} for one of shape {held.shape}"
            )
        held[:] = si
        self._apply_named(parameter)

    def _apply_named(self, parameter: NamedParameter) -> None:
        effective = constrained(self._named[parameter.name], parameter.sign)
        for projection in self.equations.projections.values():
            if projection.tied is not None and projection.tied.parameter == parameter.name:
                index = np.array(projection.tied.index, dtype=np.int64)
                self.core.put(projection.name, "w", effective[index])

    # States ----------------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return the complete state as arrays by name (see `moments`): variables, spikes on their way, step, externals.

        It carries digests of network, seed and connections. A state of one engine can be restored on another; it is
        continued with the same bits by the engine that it comes from.
        """
        return {**self._present(), **self._identity}

    def checkpoint(self) -> State:
        """Return the state together with all that has been recorded; those of a stream are in its files."""
        if self._stream is not None:
            self._pour(self._stream)
        return {**self.state(), **self._recorded.arrays()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of the same network, seed and time step.

        Recordings start again, or continue from those of a checkpoint.

        Arguments:
            state: what `state` or `checkpoint` returned.

        Raises:
            ResultFileError: a state of another network, seed, time step or wiring, or one that is damaged or not
                finite; nothing is changed then.
        """
        recorded, signals = (
            {name: np.asarray(value) for name, value in state.items() if name.startswith(kind)}
            for kind in ("recorded/", "signal/")
        )
        before = self._present()
        rest = {name: value for name, value in state.items() if name not in {**recorded, **signals}}
        own = {name: value for name, value in before.items() if not name.startswith("signal/")}
        found = moments.checked(self.equations, self.core.kind, {**own, **self._identity}, rest)
        found |= self._checked_signals(signals)
        with Uninterrupted():
            self._unstreamed("restore")
            if recorded:
                self._recorded.take_over(recorded, int(found["step"]))
            else:
                self._recorded.clear(int(found["step"]))
            try:
                self._take_over(found)
            except BaseException:
                self._take_over(before)
                raise

    def _checked_signals(self, signals: State) -> State:
        """Return signals in time of a state if they fit; raises ResultFileError."""
        fitting: set[str] = set()
        for population in self.equations.populations.values():
            for name, timed in population.signals.items():
                key = f"signal/{population.name}.{name}"
                values, steps = signals.get(key), signals.get(f"{key}/steps")
                if values is None or steps is None:
                    continue
                right = values.ndim == 2 and len(values) and values.shape[1] == timed.values.shape[1]
                if (
                    right
                    and np.isfinite(values).all()
                    and steps.shape == (2,)
                    and steps[0] >= 0
                    and steps[1] > 0
                ):
                    fitting |= {key, f"{key}/steps"}
        if fitting != signals.keys():
            raise ResultFileError(
                f"state: '{min(signals.keys() - fitting)}' does not fit: restore what was saved"
            )
        return signals

    def take_over(self, state: Mapping[str, Any], *names: str) -> None:
        """Set named values to those of a state of any network, as `set` does: with their bounds and shapes.

        Arguments:
            state: what `state` of a simulation returned, or the content of a file.
            names: 'owner.variable' or named parameters, which have to be in both.

        Raises:
            DescriptionError: a name that the state lacks, or a value that `set` refuses.
        """
        keys = {name: self._key(name) for name in names}
        for name, key in keys.items():
            if key not in state:
                raise DescriptionError(f"take_over: the state has no '{name}': give one of its names")
        for name in names:
            known = name in self._named
            value = np.asarray(state[keys[name]])
            dimension = (
                dimension_of(self._parameter(name).value)
                if known
                else requests.variable(self.equations, name, self._named)[2]
            )
            self.set(name, quantity(value.astype(float), dimension))

    def _key(self, name: str) -> str:
        """Return the key of a value in a state."""
        if name in self._named:
            return f"parameter/{name}"
        owner, _, variable = name.partition(".")
        return ".".join(self.equations.home(owner, variable))

    def reset(self) -> None:
        """Go back to step 0: nothing in flight, no recordings, and the values that were set, else those described.

        One rule for every kind of value, states, weights, constants and named parameters: what was `set` last is where
        the simulation starts again; what was not set goes back to the description, whatever rules made of it. Externals
        keep their state, whose outputs are read.
        """
        with Uninterrupted():
            self._unstreamed("reset")
            moments.take_over(self.core, moments.beginning(self.core, self._first))
            for parameter in self.equations.network.parameters.values():
                self._apply_named(parameter)
            for name, external in self.core.externals.items():
                for target, output in self.equations.network.externals[name].writes.items():
                    self.core.put(target, "value", external.output_values[external.outputs[output]])
            self._recorded.clear(0)

    def recordings(self) -> Recordings:
        """Return all recordings by 'target.variable'; they can be saved, plotted and exported as a whole."""
        self._unstreamed("recordings")
        return self._recordings()

    def _recordings(self) -> Recordings:
        return Recordings(self._recorded.results(), self.equations.network, self.now)

    def stream(self, folder: str | Path | None, room: int = ROOM) -> None:
        """From now on write what is recorded to files, so that a run of any length takes the same memory.

        The files '000000.h5', '000001.h5' and so on are result files like those of `Recordings.save`, each of the steps
        that follow those of the one before. Each is complete or absent: a kill loses what was in memory. `save` writes
        what is in memory first, so that a simulation that is loaded continues the stream in the same folder; files of
        steps after that moment are removed, since they will be recorded again with the same bits.

        Arguments:
            folder: a new folder, or the one that this simulation has streamed to before it was saved; None ends the
                stream: what is recorded from then on stays in memory.
            room: bytes that are kept in memory before a file is written.

        Raises:
            OutputTaken: the folder holds recordings of something else.
            ResultFileError: a file cannot be written; the recordings are kept in memory then.
        """
        with Uninterrupted():
            if self._stream is not None:
                self._pour(self._stream)
                self._stream = None
            if folder is not None:
                self._stream = Stream(folder, self.now, self._identity, room)

    def _pour(self, stream: Stream) -> None:
        """Write what is in memory to the next file of a stream."""
        stream.write(self._recordings())
        self._recorded.poured()

    def _unstreamed(self, what: str) -> None:
        if self._stream is not None:
            self._stream.refuse(what)

    @cached_property
    def _identity(self) -> State:
        return moments.identity(self.equations)

    def save(self, path: str | Path) -> None:
        """Write network, state and recordings to a file from which `load` continues with the same bits.

        Arguments:
            path: the file; it is replaced once the new one is complete.

        Raises:
            ResultFileError: the file cannot be written.
        """
        kept = files.Kept(self.engine, self.equations.seed, self.equations.network, self.checkpoint())
        files.write(Path(path), kept)

    @staticmethod
    def load(path: str | Path, externals: Mapping[str, ExternalFunction] | None = None) -> Simulation:
        """Return the simulation of a file that `save` wrote, on the same engine, ready to continue.

        Arguments:
            path: the file.
            externals: what stands behind each External of the network, by name; their states are in the file.

        Raises:
            ResultFileError: the file is missing, damaged, or holds no simulation.
            UnknownNameError: a class of the network is not imported.
        """
        kept = files.read(Path(path))
        simulation = get_engine(kept.engine).compile(kept.network, kept.seed, externals)
        simulation.restore(kept.arrays)
        return simulation

    def _present(self) -> State:
        """Return the state without its identity."""
        found = moments.moment(self.core)
        found |= {f"parameter/{name}": value.copy() for name, value in self._named.items()}
        for owner, name in self._signals:
            timed = self.equations.populations[owner].signals[name]
            found[f"signal/{owner}.{name}"] = timed.values.copy()
            found[f"signal/{owner}.{name}/steps"] = np.array([timed.first, timed.every])
        return found | {
            f"set/{o}.{n}": moments.given(self.equations, o, n, value) for (o, n), value in self._set.items()
        }

    def _take_over(self, state: Mapping[str, np.ndarray]) -> None:
        """Set everything from a state that fits."""
        moments.take_over(self.core, state)
        for population in self.equations.populations.values():
            for name in population.signals:
                self._signal_from(state, population.name, name)
        for name, value in self._named.items():
            value[:] = state[f"parameter/{name}"]
        self._set = {}
        for owner, name in moments.values(self.equations):
            if f"set/{owner}.{name}" in state:
                given = np.array(state[f"set/{owner}.{name}"], dtype=float)
                self._set[owner, name] = requests.as_held(self.equations, owner, name, given)

    def _signal_from(self, state: Mapping[str, np.ndarray], owner: str, name: str) -> None:
        """Take a signal in time from a state, or the one that was described."""
        key, part = f"signal/{owner}.{name}", self.equations.populations[owner]
        timed = part.signals[name]
        if key in state:
            timed.values = np.array(state[key], dtype=float)
            timed.first, timed.every = map(int, state[f"{key}/steps"])
            self._signals.add((owner, name))
        elif (owner, name) in self._signals:
            described = part.described.model.signals[name]
            timed.take(described, part.size, self.dt, f"{owner}.{name}")
            self._signals.discard((owner, name))
        self.core.renew(owner)

    def _first(self, owner: str, name: str, described: np.ndarray) -> np.ndarray:
        """Return the value that a variable starts from."""
        return self._set.get((owner, name), described)
