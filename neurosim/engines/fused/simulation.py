"""A network that runs as a fused program."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations
from neurosim.compiler.equations.names import clock
from neurosim.compiler.evaluate import evaluate
from neurosim.compiler.schedule.program import Program
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.fused import arrivals, support
from neurosim.engines.fused.compiled import call, compiled
from neurosim.engines.fused.context import Context
from neurosim.engines.fused.printer import Printer
from neurosim.engines.fused.recorder import Recorders
from neurosim.engines.fused.storage import Storage, build, coefficients, elapse, reset, set_refractory_steps
from neurosim.engines.recordings import Samples, Spikes
from neurosim.engines.simulation import Progress, Simulation, State
from neurosim.errors import DescriptionError, ResultFileError, RunFailed
from neurosim.rng import draws, normal, threefry

CHUNK = 10_000


class FusedSimulation(Simulation):
    """A compiled loop over steps and the arrays it works on."""

    def __init__(
        self, program: Program, externals: Mapping[str, ExternalFunction], dtype: DTypeLike = np.float64
    ) -> None:
        super().__init__(program.equations)
        self.program = program
        self.externals = externals
        self.storage: Storage = build(program, externals, dtype)
        self._recorders = Recorders(program.equations, self.storage)
        self._now = 0
        self._arguments: dict[str, list[Any]] = {}
        self._recall()
        printer = Printer(Context(program, self.storage, externals))
        self.source = printer.source()
        self._names = printer.arguments
        self._module = compiled(self.source, _uses(program, externals))
        self._write_outputs()

    @property
    def now(self) -> int:
        """Number of steps taken."""
        return self._now

    def _advance(self, steps: int, inputs: Mapping[str, np.ndarray], progress: Progress | None) -> None:
        done = 0
        while done < steps:
            chunk = min(steps - done, CHUNK)
            self._recorders.make_room(chunk, self._now)
            self._enlarge()
            for name, rows in inputs.items():
                self._replace(f"{name}___rows", rows[done : done + chunk])
            taken = self._call(chunk)
            elapse(self.storage, self.program, taken)
            self._recorders.collect()
            done += taken
            self._now += taken
            self._check_finite()
            if progress is not None:
                progress(done, steps)
        for name in inputs:
            self._replace(f"{name}___rows", np.zeros((0, self.equations.populations[name].size)))

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

    def _call(self, steps: int) -> int:
        return int(self._run("advance", steps, self._now))

    def _run(self, function: str, *first: Any) -> Any:
        if self._recorders.moved:
            self._arguments.clear()
            self._recorders.moved = False
        if function not in self._arguments:
            arrays, numbers = self.storage.arrays, self.storage.numbers
            self._arguments[function] = [
                arrays[n] if n in arrays else numbers[n] for n in self._names[function]
            ]
        dt = self.storage.dtype.type(self.dt)
        return call(self._module, function, *first, dt, *self._arguments[function])

    def _accumulate(self, share: float) -> None:
        self._run("accumulate", self.storage.dtype.type(share), max(self._now - 1, 0))

    def _apply(self) -> None:
        self._run("apply", self.storage.dtype.type(1.0), max(self._now - 1, 0))
        self._check_finite()

    def _relax(self) -> None:
        for population in self.equations.populations.values():
            for name in (n for n in population.derivatives if n in population.states):
                self.storage.arrays[f"{population.name}__{name}"][:] = population.states[name]

    def _replace(self, name: str, array: np.ndarray) -> None:
        self.storage.arrays[name] = np.ascontiguousarray(array)
        self._arguments.clear()

    def _check_finite(self) -> None:
        for name in self.storage.changing:
            array = self.storage.arrays[name]
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                owner, _, variable = name.partition("__")
                where = int(np.flatnonzero(~np.isfinite(array))[0])
                raise RunFailed(
                    f"'{owner}.{variable}' is not finite at index {where} after step {self._now}: "
                    "lower dt or check the parameters"
                )

    # Reading and writing -----------------------------------------------------------------------------------------

    def _read(self, owner: str, name: str) -> np.ndarray:
        population = self.equations.populations.get(owner)
        if population is not None and name in population.definitions:
            return self._definition(population, name)
        full = f"{owner}__{name}"
        if full in self.storage.scaled:
            return self.storage.arrays[full] * self.storage.arrays[f"{full}___factor"]
        if full in self.storage.arrays:
            return self.storage.arrays[full]
        return np.array(self.storage.numbers[full])

    def _definition(self, population: PopulationEquations, name: str) -> np.ndarray:
        text = self.program.inline(population, name)
        # The step that a definition speaks of is the last one taken.
        step = max(self._now - 1, 0)
        known = {
            n: self._read(population.name, n)
            for n in (*population.constants, *population.states, *population.ports)
        }
        drawn = {n: self.storage.arrays[f"{population.name}__{n}"] for n in population.draws}
        return np.broadcast_to(
            evaluate(text, {**clock(step, self.dt), **known, **drawn}), (population.size,)
        ).astype(float)

    def _write(self, owner: str, name: str, value: np.ndarray) -> None:
        full = f"{owner}__{name}"
        population = self.equations.populations.get(owner)
        before = np.array(self._read(owner, name))
        if full in self.storage.arrays:
            self.storage.arrays[full][:] = value
            if full in self.storage.scaled:
                self.storage.arrays[f"{full}___factor"].fill(1.0)
        elif value.ndim:
            raise DescriptionError(
                f"'{owner}.{name}' is one number for all: describe it as an array to vary it"
            )
        else:
            self.storage.numbers[full] = self.storage.dtype.type(value)
            self._arguments.clear()
        part = population if population is not None else self.equations.projections[owner]
        if name in part.constants:
            try:
                coefficients(self.storage, self.program)
            except DescriptionError:
                self._write(owner, name, before)
                raise
            self._arguments.clear()
            if population is not None and name == population.refractory:
                set_refractory_steps(self.storage, population, self.dt)

    def _outputs(self) -> dict[str, np.ndarray]:
        found = {}
        for population in self.equations.populations.values():
            if population.graded:
                found[population.name] = self._definition(population, "output")
            elif population.spiking:
                ring = self.storage.arrays[f"{population.name}___ring"]
                row = (self._now - 1) % len(ring)
                found[population.name] = ring[
                    row, : self.storage.arrays[f"{population.name}___count"][row]
                ].copy()
        return found

    def _write_outputs(self) -> None:
        for name, external in self.externals.items():
            for target, output in self.equations.network.externals[name].writes.items():
                self.storage.arrays[f"{target}__value"][:] = external.output_values[external.outputs[output]]

    # State and recordings ----------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return the complete state by name: variables, constants, spikes in flight, step number, externals."""
        kept = {
            name: self.storage.arrays[name].copy() for name in (*self.storage.changing, *self._constants())
        }
        kept |= {name: np.array(self.storage.numbers[name]) for name in self._number_names()}
        kept |= {f"named/{name}": value.copy() for name, value in self._named.items()}
        kept |= {f"external/{name}": np.array(external.save()) for name, external in self.externals.items()}
        return {**kept, "now": np.array(self._now)}

    def restore(self, state: State) -> None:
        """Go on from a state of the same network; recordings start anew. Raises ResultFileError if it does not fit."""
        own = self.state()
        for name in sorted(own.keys() | state.keys()):
            if name not in own or name not in state or not _fits(np.asarray(state[name]), own[name]):
                raise ResultFileError(
                    f"state: '{name}' is missing, unknown or of another shape: restore a state of this network"
                )
        for name in (*self.storage.changing, *self._constants()):
            self.storage.arrays[name][:] = state[name]
        for name in self._number_names():
            self.storage.numbers[name] = self.storage.dtype.type(state[name])
        for name, value in self._named.items():
            value[:] = state[f"named/{name}"]
        for name, external in self.externals.items():
            external.load(state[f"external/{name}"])
        for population in self.equations.populations.values():
            if population.refractory is not None:
                set_refractory_steps(self.storage, population, self.dt)
        self._now = int(state["now"])
        self._recall()
        coefficients(self.storage, self.program)
        self._recorders.clear()

    def reset(self) -> None:
        """Go back to step 0; see `Simulation.reset`."""
        reset(self.storage, self.program)
        for parameter in self.equations.network.parameters.values():
            self._apply_named(parameter)
        self._write_outputs()
        self._recorders.clear()
        self._now = 0
        self._recall()

    def _owned_constants(self) -> list[str]:
        parts: tuple[Any, ...] = (*self.equations.populations.values(), *self.equations.projections.values())
        return [f"{part.name}__{name}" for part in parts for name in part.constants]

    def _constants(self) -> list[str]:
        return [name for name in self._owned_constants() if name in self.storage.arrays]

    def _number_names(self) -> list[str]:
        return [name for name in self._owned_constants() if name in self.storage.numbers]

    def _collected(self) -> dict[str, Spikes | Samples]:
        """Return all recordings by 'target.variable'."""
        return self._recorders.results(self.dt)


def _uses(program: Program, externals: Mapping[str, ExternalFunction]) -> list[Callable[..., Any]]:
    """Return functions of every module that the printed program calls into."""
    drawn = [u.source.draw for u in program.equations.populations.values() if u.source is not None]
    draw = [getattr(importlib.import_module(m), f) for m, f in (text.split(":") for text in drawn)]
    own = [arrivals.schedule, support.clip, draws.uniform, normal.normal_quantile, threefry.threefry2x32]
    return [*draw, *(external.function for external in externals.values()), *own]


def _fits(value: np.ndarray, own: np.ndarray) -> bool:
    return value.shape == own.shape and np.can_cast(value.dtype, own.dtype, "same_kind")
