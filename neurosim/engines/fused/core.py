"""A network that runs as a fused program."""

from __future__ import annotations

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
from neurosim.engines.fused import arrivals, loops, presentations, support, trials
from neurosim.engines.fused.addresses import address
from neurosim.engines.fused.context import Context
from neurosim.engines.fused.kinds import Calls, Kinds
from neurosim.engines.fused.printer import Printer
from neurosim.engines.fused.projections import ARRIVING
from neurosim.engines.fused.recorder import Recorders
from neurosim.engines.fused.storage import Storage, build, coefficients
from neurosim.engines.pieces import Piece, paced, room
from neurosim.engines.presentations import Batch, learn
from neurosim.engines.settling import Settle, Settled
from neurosim.rng import counts, draws, normal, poisson, threefry

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
        self._zero = self.storage.dtype.type(0)
        self._patterns = 16
        self._rest()
        self._recall()
        printer = Printer(Context(program, self.storage, externals))
        kinds = Kinds(self.storage, _owners(program), printer.head(), printer.imports(), _USES)
        self.texts = printer.groups()
        groups = {name: [kinds.operation(lines) for lines in texts] for name, texts in self.texts.items()}
        self.kinds = len(kinds.made)
        """Number of compiled functions."""
        self._calls = Calls(groups, self.storage)
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
            taken = loops.advance(self._ready("step"), steps - done, self._now, self._origin)
            pieces.append(self._recorders.collect())
            done += taken
            self._now += taken
        for name in inputs:
            self._replace(f"{name}___rows", np.zeros((0, self.equations.inputs[name][0])))
        return pieces[0] if len(pieces) == 1 else _joined(pieces)

    @cached_property
    def _delayed(self) -> list[ProjectionEquations]:
        arriving = {block.owner for block in self.program.blocks if block.kind in ARRIVING}
        projections = self.equations.projections.values()
        return [k for k in projections if k.delays is not None and k.name in arriving]

    def _enlarge(self) -> None:
        """Make room for the spikes of a step, on the lists of all projections that have them."""
        if any([arrivals.enlarge(self.storage, projection) for projection in self._delayed]):
            self._moved = True

    def _recall(self) -> None:
        """Make the lists of arrivals from the rings of past spikes."""
        for projection in self._delayed:
            arrivals.recall(self.storage, projection, self._now)
        self._moved = True

    def _rest(self) -> None:
        for name in self.resting:
            self.storage.arrays[f"{name}___rest"][:] = self.rest_steps(name)

    def _ready(self, group: str) -> np.ndarray:
        """Return the calls of a group, which know where everything is."""
        if self._moved or self._recorders.moved:
            self._calls.look()
            self._moved = self._recorders.moved = False
        return self._calls.groups[group]

    def accumulate(self, share: float) -> None:
        """Add `share` of the change that rules with the clock 'sample' ask for in the present state."""
        self._once("accumulate", share)

    def apply(self) -> None:
        """Make the changes that were added up."""
        self._once("apply", 1.0)

    def _once(self, group: str, share: float) -> None:
        step = max(self._now - 1, 0)
        loops.once(self._ready(group), step, step + 1 - self._origin, 0, share)

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
        if "mean" not in self._calls.groups:
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
        self._replace("___shares", batch.shares)
        groups = [self._ready(group) for group in ("step", "each", "mean")]
        about = float(tolerance), float(how.damping), self._dynamic, self.storage.arrays["___shares"]
        done = 0
        try:
            while done < batch.size:
                end, began = min(done + self._patterns, batch.size), perf_counter()
                self._now += loops.present(
                    *groups, done, end, most, self._now, self._origin, *about, steps, residual
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
        if "mean" not in self._calls.groups:
            return None
        for name, value in inputs.items():
            self._replace(f"{name}___rows", value[None])
        steps, residual = loops.settle(
            self._ready("step"),
            how.at_most,
            self._now,
            self._origin,
            float(how.tolerance),
            float(how.damping),
            0,
            self._dynamic,
            self._zero,
        )
        self._passed(steps, inputs)
        return steps, residual

    def _passed(self, steps: int, inputs: Iterable[str]) -> None:
        """Take note of steps that a call took, with these inputs."""
        self._now += steps
        for name in inputs:
            self._replace(f"{name}___rows", np.zeros((0, self.equations.inputs[name][0])))

    def _replace(self, name: str, array: np.ndarray) -> None:
        self.storage.arrays[name] = np.ascontiguousarray(array, dtype=self.storage.arrays[name].dtype)
        self._calls.look([name])

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
        return bool(loops.finite(self._moving_places, self._zero))

    @cached_property
    def _moving_places(self) -> np.ndarray:
        # None of these arrays, nor of the next, is ever replaced by another.
        places = [(address(self.storage.arrays[n]), self.storage.arrays[n].size) for _, n in self._moving]
        return np.array(places, np.int64).reshape(-1, 2)

    @cached_property
    def _dynamic(self) -> np.ndarray:
        """What `loops.settle` knows of dynamic states."""
        arrays, found = self.storage.arrays, []
        for population, name in presentations.dynamic(self.program):
            full = f"{population.name}__{name}"
            own = (arrays[full + part] for part in ("", "___before", "___start"))
            found.append((*map(address, own), population.size))
        return np.array(found, np.int64).reshape(-1, 4)

    @cached_property
    def _moving(self) -> list[tuple[str, str]]:
        arrays = self.storage.arrays
        own = (n for n in self.storage.changing if arrays[n].dtype.kind == "f" and not n.endswith("___past"))
        return [(n.replace("__", ".", 1), n) for n in own]

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
            self._calls.look([full])
            return
        before = self.storage.arrays[full]
        self.storage.own(full)[:] = value
        if self.storage.arrays[full] is not before:
            self._calls.look([full])
        if full in self.storage.scaled:
            self.storage.arrays[f"{full}___factor"].fill(1.0)

    def follow(self, owner: str) -> None:
        """Bring up to date what follows from constants; raises DescriptionError if they give no finite step."""
        self._rest()
        coefficients(self.storage, self.program)
        self._moved = True

    def renew(self, population: str) -> None:
        """Take over what has been put in the place of signals in time of a population."""
        for key, draw in self.equations.populations[population].draws.items():
            if draw.timed is not None:
                self.storage.signal(f"{population}___{key}", draw.timed)
        self._moved = True

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

    def past(self, population: str, name: str, depth: int) -> np.ndarray:
        """Return the values of a variable in the last `depth` steps, the oldest first, shape (depth, size)."""
        ring = self.storage.arrays[f"{population}__{name}___past"]
        return ring[np.arange(self._now - depth, self._now) % len(ring)].astype(float)

    def set_past(self, population: str, name: str, values: np.ndarray) -> None:
        """Set what `past` returns, once the clock is set."""
        ring = self.storage.arrays[f"{population}__{name}___past"]
        ring.fill(0)
        ring[np.arange(self._now - len(values), self._now) % len(ring)] = values

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
        return tuple(map(np.concatenate, zip(*(piece[key] for piece in pieces), strict=True)))

    return {key: joined(key) for key in pieces[0]}


_USES: list[Callable[..., Any]] = [
    arrivals.schedule,
    support.clip,
    trials.outer,
    counts.poisson_quantile,
    draws.uniform,
    poisson.fill_poisson,
    normal.normal_quantile,
    threefry.threefry2x32,
]
"""Functions of every module that compiled functions call into, beside those of sources and externals."""


def _owners(program: Program) -> frozenset[str]:
    """Return what names of the storage begin with."""
    equations = program.equations
    counted = [f"rec{n}" for n in range(len(equations.probes))]
    counted += [f"clamp{n}" for n in range(len(equations.clamps))]
    externals = equations.network.externals
    return frozenset([*equations.populations, *equations.projections, *externals, *counted])
