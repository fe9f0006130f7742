"""A network that runs as a fused program."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.schedule.program import Program, sum_of
from neurosim.engines.core import LONG_AGO, Core, Rows
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.fused import arrivals, presentations, support, trials
from neurosim.engines.fused.addresses import finite, place
from neurosim.engines.fused.compiled import compiled
from neurosim.engines.fused.context import Context
from neurosim.engines.fused.printer import Printer
from neurosim.engines.fused.recorder import Recorders
from neurosim.engines.fused.storage import Storage, build, coefficients
from neurosim.engines.pieces import Piece, paced, room
from neurosim.engines.presentations import Batch, learn
from neurosim.engines.settling import Settle, Settled
from neurosim.rng import draws, normal, threefry

MOST = 10_000
"""Most steps of a call."""
LONGEST = 2**29
"""Most steps from the origin of refractory periods, which are held in 32 bits."""


class FusedCore(Core):
    """A compiled loop over steps and the arrays it works on."""

    kind: ClassVar[str] = "fused"

    def __init__(
        self, program: Program, externals: Mapping[str, ExternalFunction], dtype: DTypeLike = np.float64
    ) -> None:
        super().__init__(program.equations, externals, room(program.equations, MOST))
        self.program = program
        self.storage: Storage = build(program, externals, dtype)
        presentations.add_storage(program, self.storage)
        self._recorders = Recorders(program.equations, self.storage)
        self._now = self._origin = 0
        self._dt, self._zero = (self.storage.dtype.type(number) for number in (self.dt, 0))
        self._arguments: dict[str, list[Any]] = {}
        self._patterns = 16
        self._rest()
        self._recall()
        printer = Printer(Context(program, self.storage, externals))
        self.source = printer.source()
        self._names = printer.arguments
        self._module = compiled(self.source, _uses(program, externals))
        for name, external in externals.items():
            for target, output in self.equations.network.externals[name].writes.items():
                self.storage.arrays[f"{target}__value"][:] = external.output_values[external.outputs[output]]

    @property
    def now(self) -> int:
        """Number of steps taken."""
        return self._now

    def set_step(self, step: int) -> None:
        """Set the clock, and the origin from which refractory periods are counted."""
        until = {name: self.refractory(name) for name in self.resting}
        self._now = self._origin = step
        for name, steps in until.items():
            self.set_refractory(name, steps)

    def advance(self, steps: int, inputs: Rows) -> dict[str, Piece]:
        """Take at most `most` steps and return what was recorded, by 'target.variable'."""
        self._recorders.make_room(steps, self._now)
        if self._now - self._origin > LONGEST:
            self.set_step(self._now)
        done, pieces = 0, list[dict[str, Piece]]()
        while done < steps:
            self._enlarge()
            for name, rows in inputs.items():
                self._replace(f"{name}___rows", rows[done:])
            # Less than what is asked for where a buffer of spikes is full.
            self._recorders.first = self._now
            taken = self._call(steps - done)
            pieces.append(self._recorders.collect())
            done += taken
            self._now += taken
        for name in inputs:
            self._replace(f"{name}___rows", np.zeros((0, self.equations.inputs[name][0])))
        return pieces[0] if len(pieces) == 1 else _joined(pieces)

    def _delayed(self) -> list[ProjectionEquations]:
        return [
            projection for projection in self.equations.projections.values() if projection.delays is not None
        ]

    def _enlarge(self) -> None:
        """Make room for the spikes of a step, on the lists of all projections that have them."""
        if any([arrivals.enlarge(self.storage, projection) for projection in self._delayed()]):
            self._arguments.clear()

    def _recall(self) -> None:
        """Make the lists of arrivals from the rings of past spikes."""
        for projection in self._delayed():
            arrivals.recall(self.storage, projection, self._now)
        self._arguments.clear()

    def _rest(self) -> None:
        for name in self.resting:
            self.storage.arrays[f"{name}___rest"][:] = self.rest_steps(name)

    def _call(self, steps: int) -> int:
        return int(self._run("advance", steps, self._now, self._origin))

    def _run(self, function: str, *first: Any) -> Any:
        if self._recorders.moved:
            self._arguments.clear()
            self._recorders.moved = False
        if function not in self._arguments:
            arrays, numbers = self.storage.arrays, self.storage.numbers
            self._arguments[function] = [
                arrays[n] if n in arrays else numbers[n] for n in self._names[function]
            ]
        return getattr(self._module, function)(*first, self._dt, *self._arguments[function])

    def accumulate(self, share: float) -> None:
        """Add `share` of the change that rules with the clock 'sample' ask for in the present state."""
        self._run("accumulate", self.storage.dtype.type(share), max(self._now - 1, 0), self._origin)

    def apply(self) -> None:
        """Make the changes that were added up."""
        self._run("apply", self.storage.dtype.type(1.0), max(self._now - 1, 0), self._origin)

    def discard(self) -> None:
        """Forget changes that were added up."""
        for owner, name in self.program.sums:
            self.storage.arrays[f"{owner}__{sum_of(name)}"].fill(0)

    def scale(self, factor: float) -> None:
        """Multiply changes that were added up by a factor."""
        for owner, name in self.program.sums:
            self.storage.arrays[f"{owner}__{sum_of(name)}"] *= factor

    def present(
        self, batch: Batch, starts: Mapping[tuple[str, str], np.ndarray], pause: Callable[[], None]
    ) -> Settled | None:
        """Present a batch in few calls and learn from it; None where that cannot be."""
        if "present" not in self._names:
            return None
        for (owner, name), value in starts.items():
            self.storage.arrays[f"{owner}__{name}___start"][:] = value
        for name, values in batch.patterns.items():
            self._replace(f"{name}___rows", values)
        for name in [n for n in self.storage.arrays if n.endswith("___shown")]:
            if len(self.storage.arrays[name]) != batch.size:
                self._replace(name, np.zeros((batch.size, self.storage.arrays[name].shape[1])))
        how, fixed = batch.settle, batch.steps is not None
        most = how.at_most if batch.steps is None else batch.steps
        tolerance = -1.0 if fixed else how.tolerance
        steps, residual = np.zeros(batch.size, dtype=np.int64), np.zeros(batch.size)
        shares = batch.shares.astype(self.storage.dtype)
        about = tolerance, how.damping, shares, steps, residual
        done = 0
        try:
            while done < batch.size:
                end, began = min(done + self._patterns, batch.size), perf_counter()
                self._now += self._run(
                    "present", done, end, batch.size, most, self._now, self._origin, *about
                )
                self._patterns = paced(end - done, perf_counter() - began, self._patterns)
                done = end
                if done < batch.size:
                    pause()
        except BaseException:
            self.discard()
            raise
        finally:
            self._passed(0, batch.patterns)
        settled = Settled(steps, residual, np.full(batch.size, True) if fixed else residual <= tolerance)
        learn(self, batch, settled)
        return settled

    def settle(self, inputs: Mapping[str, np.ndarray], how: Settle) -> tuple[int, float] | None:
        """Settle in one call; None where that cannot be."""
        if "settle" not in self._names:
            return None
        for name, value in inputs.items():
            self._replace(f"{name}___rows", value[None])
        steps, residual = self._run(
            "settle", how.at_most, self._now, self._origin, how.tolerance, how.damping
        )
        self._passed(steps, inputs)
        return steps, residual

    def _passed(self, steps: int, inputs: Iterable[str]) -> None:
        """Take note of steps that a call took, with these inputs."""
        self._now += steps
        for name in inputs:
            self._replace(f"{name}___rows", np.zeros((0, self.equations.inputs[name][0])))

    def _replace(self, name: str, array: np.ndarray) -> None:
        self.storage.arrays[name] = np.ascontiguousarray(array)
        self._arguments.clear()

    # Going back ------------------------------------------------------------------------------------------------------

    def mark(self) -> Any:
        """Return what `go_back` needs to return to the present."""
        arrays = {name: self.storage.arrays[name].copy() for name in self.storage.changing}
        externals = {name: external.save() for name, external in self.externals.items()}
        return arrays, externals, self._now, self._origin

    def go_back(self, mark: Any) -> None:
        """Return to the moment of a mark."""
        arrays, externals, self._now, self._origin = mark
        for name, array in arrays.items():
            self.storage.arrays[name][:] = array
        for name, saved in externals.items():
            self.externals[name].load(saved)
        self._recall()

    def moving(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield what steps change, by 'owner.variable'."""
        for known, name in self._moving:
            yield known, self.storage.arrays[name]

    def finite(self) -> bool:
        """Return whether all that steps change is finite."""
        return bool(finite(self._moving_places, self._zero))

    @cached_property
    def _moving_places(self) -> np.ndarray:
        # None of these arrays is ever replaced by another.
        return np.array([place(self.storage.arrays[name]) for _, name in self._moving], np.int64).reshape(
            -1, 2
        )

    @cached_property
    def _moving(self) -> list[tuple[str, str]]:
        arrays = self.storage.arrays
        return [(n.replace("__", ".", 1), n) for n in self.storage.changing if arrays[n].dtype.kind == "f"]

    # Reading and writing ---------------------------------------------------------------------------------------------

    def get(self, owner: str, name: str) -> np.ndarray:
        """Return a state, constant, port or trace in SI units."""
        full = f"{owner}__{name}"
        if full in self.storage.scaled:
            return self.storage.arrays[full] * self.storage.arrays[f"{full}___factor"]
        if full in self.storage.arrays:
            return self.storage.arrays[full]
        return np.array(self.storage.numbers[full])

    def put(self, owner: str, name: str, value: np.ndarray) -> None:
        """Set a state, constant, port or trace in SI units (value: 0-d or full shape)."""
        full = f"{owner}__{name}"
        if full not in self.storage.arrays:
            self.storage.numbers[full] = self.storage.dtype.type(value)
            self._arguments.clear()
            return
        self.storage.arrays[full][:] = value
        if full in self.storage.scaled:
            self.storage.arrays[f"{full}___factor"].fill(1.0)

    def follow(self, owner: str) -> None:
        """Bring up to date what follows from constants; raises DescriptionError if they give no finite step."""
        self._rest()
        coefficients(self.storage, self.program)
        self._arguments.clear()

    def emitted(self, population: str) -> np.ndarray:
        """Return the neurons that spiked in the last step."""
        ring, count = (self.storage.arrays[f"{population}___{n}"] for n in ("ring", "count"))
        row = (self._now - 1) % len(ring)
        return ring[row, : count[row]].copy()

    # State -----------------------------------------------------------------------------------------------------------

    def flight(self, population: str, depth: int) -> Piece:
        """Return steps and neurons of the spikes of the last `depth` steps, in order."""
        ring, count = (self.storage.arrays[f"{population}___{n}"] for n in ("ring", "count"))
        past = np.arange(max(self._now - depth, 0), self._now, dtype=np.int64)
        found = [ring[step % len(ring), : count[step % len(ring)]] for step in past]
        steps = np.repeat(past, count[past % len(ring)])
        return steps, np.concatenate([np.zeros(0, dtype=np.int32), *found])

    def launch(self, flights: Mapping[str, Piece]) -> None:
        """Put these spikes on their way, and no others, once the clock is set."""
        for population in (p for p in self.equations.populations.values() if p.spiking):
            ring, count = (self.storage.arrays[f"{population.name}___{n}"] for n in ("ring", "count"))
            ring.fill(0)
            count.fill(0)
            if population.name in flights:
                steps, ids = (np.asarray(array) for array in flights[population.name])
                for step in np.unique(steps):
                    now = ids[steps == step]
                    ring[step % len(ring), : now.size] = now
                    count[step % len(ring)] = now.size
        self._recall()

    def refractory(self, population: str) -> np.ndarray:
        """Return the number of steps until each neuron may spike again, negative once it may (int64)."""
        until = self.storage.arrays[f"{population}___held"].astype(np.int64) - (self._now - self._origin)
        return np.maximum(until, LONG_AGO)

    def set_refractory(self, population: str, steps: np.ndarray) -> None:
        """Set what `refractory` returns."""
        self.storage.arrays[f"{population}___held"][:] = steps + (self._now - self._origin)

    def sources(self) -> Mapping[str, np.ndarray]:
        """Return the states of spike sources, to be changed in place."""
        populations = self.equations.populations.values()
        return {
            p.name: self.storage.arrays[f"{p.name}___integer"] for p in populations if p.source is not None
        }

    def _kept(self) -> list[str]:
        """Return the names of traces that are held scaled, their factors, and stored definitions."""
        scaled = [name for trace in self.storage.scaled for name in (trace, f"{trace}___factor")]
        return scaled + [f"{owner}__{name}" for owner, names in self.program.stored.items() for name in names]

    def extra(self) -> dict[str, np.ndarray]:
        """Return what this engine needs beside the common state to continue with the same bits."""
        return {name.replace("__", "/", 1): self.storage.arrays[name].copy() for name in self._kept()}

    def set_extra(self, extra: Mapping[str, np.ndarray]) -> None:
        """Set what `extra` returns; empty, for a state that another engine or a reset made."""
        for name in self._kept():
            if name.replace("__", "/", 1) in extra:
                self.storage.arrays[name][:] = extra[name.replace("__", "/", 1)]
        if not extra:
            for owner, names in self.program.stored.items():
                for name in names:
                    value = self.read(owner, name) if self._now else 0.0
                    self.storage.arrays[f"{owner}__{name}"][:] = value
        self.discard()


def _joined(pieces: list[dict[str, Piece]]) -> dict[str, Piece]:
    def joined(key: str) -> Piece:
        steps, values = zip(*(piece[key] for piece in pieces), strict=True)
        return np.concatenate(steps), np.concatenate(values)

    return {key: joined(key) for key in pieces[0]}


def _uses(program: Program, externals: Mapping[str, ExternalFunction]) -> list[Callable[..., Any]]:
    """Return functions of every module that the printed program calls into."""
    drawn = [u.source.draw for u in program.equations.populations.values() if u.source is not None]
    draw = [getattr(importlib.import_module(m), f) for m, f in (text.split(":") for text in drawn)]
    own = [
        arrivals.schedule,
        support.clip,
        trials.outer,
        draws.uniform,
        normal.normal_quantile,
        threefry.threefry2x32,
    ]
    return [*draw, *(external.function for external in externals.values()), *own]
