"""A network that runs step by step on JAX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurosim.compiler.equations.forms import PopulationEquations
from neurosim.compiler.equations.names import clock
from neurosim.compiler.evaluate import evaluate
from neurosim.compiler.schedule.program import Program
from neurosim.engines.jax import draws, fixed
from neurosim.engines.jax import state as states
from neurosim.engines.jax.compiled import compiled, shape_of
from neurosim.engines.jax.context import Settings
from neurosim.engines.jax.loop import room
from neurosim.engines.jax.precision import precision
from neurosim.engines.jax.recorded import Recorded, width
from neurosim.engines.jax.sources import Sources
from neurosim.engines.recordings import Samples, Spikes
from neurosim.engines.simulation import Progress, Simulation, State
from neurosim.errors import DescriptionError, ResultFileError, RunFailed
from neurosim.rng import stream_key


class JaxSimulation(Simulation):
    """Compiled functions and the arrays that they are called with."""

    def __init__(self, program: Program, settings: Settings) -> None:
        super().__init__(program.equations)
        self.program = program
        self.settings = settings
        self._sources = Sources(program, program.equations.seed)
        self._recorded = Recorded(program.equations)
        widths = {
            r.key: width(program.equations, r.target, r.variable) for r in program.equations.network.recorders
        }
        self._room = room(program, widths)
        self._compiled = compiled(shape_of(program, settings, self._room))
        changing = states.state_names(program)
        held = {
            f"{p.name}.{n}": v for p in states.parts(program) for n, v in {**p.constants, **p.states}.items()
        }
        self._numbers = {name: np.array(value) for name, value in held.items() if name not in changing}
        self._fixed: dict[str, Any] = {}
        self._state: dict[str, Any] = {}
        with precision(settings.dtype):
            self._fixed |= fixed.tables(program, settings.dtype)
            for name in self._numbers:
                self._put(name)
        self._follow()
        self._start()

    @property
    def now(self) -> int:
        """Number of steps taken."""
        return int(self._state["step"])

    def _put(self, name: str) -> None:
        self._fixed[name] = jnp.asarray(self._numbers[name], self.settings.dtype)

    def _follow(self) -> None:
        """Work out what follows from constants: coefficients of exact steps, refractory periods in steps."""
        with precision(self.settings.dtype):
            found = fixed.coefficients(self.program, self._numbers)
            self._fixed |= {name: jnp.asarray(value, self.settings.dtype) for name, value in found.items()}
            rest = fixed.refractory_steps(self.program, self._numbers, np)
            self._fixed |= {name: jnp.asarray(steps) for name, steps in rest.items()}

    def _start(self) -> None:
        """Make the state of step 0."""
        first = states.parameters(self.program)
        streams = states.keys(self.program, self.equations.seed)
        with precision(self.settings.dtype):
            given = {name: jnp.asarray(value, self.settings.dtype) for name, value in first.items()}
            self._state = states.initial_state(self.program, given, streams, self.settings.dtype)

    # Running ---------------------------------------------------------------------------------------------------------

    def _advance(self, steps: int, inputs: Mapping[str, np.ndarray], progress: Progress | None) -> None:
        if self.now + steps > fixed.LAST_STEP:
            raise RunFailed(
                f"step {self.now + steps} is beyond {fixed.LAST_STEP}, the last one here: use engine 'fused'"
            )
        done = 0
        while done < steps:
            taken = min(steps - done, self._room)
            first = self.now
            rows = {name: given[done : done + taken] for name, given in inputs.items()}
            rows |= self._sources.rasters(first, taken)
            with precision(self.settings.dtype):
                padded = {name: self._padded(given) for name, given in rows.items()}
                self._state, recorded = self._compiled.advance(
                    self._fixed, self._state, padded, np.int32(taken)
                )
            self._recorded.take(recorded, first, taken)
            done += taken
            if progress is not None:
                progress(done, steps)
        self._check_finite()

    def _padded(self, rows: np.ndarray) -> np.ndarray:
        padded = np.zeros((self._room, rows.shape[1]), self.settings.dtype)
        padded[: len(rows)] = rows
        return padded

    def _accumulate(self, share: float) -> None:
        with precision(self.settings.dtype):
            weight = jnp.asarray(share, self.settings.dtype)
            self._state = self._compiled.accumulate(self._fixed, self._state, weight)

    def _apply(self) -> None:
        with precision(self.settings.dtype):
            self._state = self._compiled.apply(self._fixed, self._state)
        self._check_finite()

    def _relax(self) -> None:
        for population in self.equations.populations.values():
            for name in population.derivatives.keys() & population.states.keys():
                self._write(population.name, name, population.states[name])

    def _check_finite(self) -> None:
        for name, value in self._state.items():
            array = np.asarray(value)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                where = int(np.flatnonzero(~np.isfinite(array))[0])
                raise RunFailed(
                    f"'{name}' is not finite at index {where} after step {self.now}: lower dt or check the parameters"
                )

    # Reading and writing ---------------------------------------------------------------------------------------------

    def _read(self, owner: str, name: str) -> np.ndarray:
        population = self.equations.populations.get(owner)
        if population is not None and name in population.definitions:
            return self._definition(population, name)
        full = f"{owner}.{name}"
        return np.array(self._state[full] if full in self._state else self._numbers[full])

    def _definition(self, population: PopulationEquations, name: str) -> np.ndarray:
        # The step that a definition speaks of is the last one taken.
        last = max(self.now - 1, 0)
        known = {
            n: self._read(population.name, n)
            for n in (*population.constants, *population.states, *population.ports)
        }
        drawn = {
            n: draws.on_host(
                draw.kind,
                stream_key(self.equations.seed, population.name, draw.stream),
                last,
                population.size,
            )
            for n, draw in population.draws.items()
        }
        value = evaluate(self.program.inline(population, name), {**clock(last, self.dt), **known, **drawn})
        return np.broadcast_to(value, (population.size,)).astype(float)

    def _write(self, owner: str, name: str, value: np.ndarray) -> None:
        population = self.equations.populations.get(owner)
        if population is not None and name in population.definitions:
            raise DescriptionError(
                f"'{owner}.{name}' follows from other variables: set those, or use a Clamp"
            )
        full, dtype = f"{owner}.{name}", self.settings.dtype
        if full not in self._state and value.ndim and not self._numbers[full].ndim:
            raise DescriptionError(
                f"'{owner}.{name}' is one number for all: describe it as an array to vary it"
            )
        with precision(dtype):
            if full in self._state:
                self._state[full] = jnp.broadcast_to(jnp.asarray(value, dtype), self._state[full].shape)
                return
            self._numbers[full][...] = value
            self._put(full)
        part = population if population is not None else self.equations.projections[owner]
        if name in part.constants:
            self._follow()

    def _outputs(self) -> dict[str, np.ndarray]:
        found = {}
        for population in self.equations.populations.values():
            if population.graded:
                found[population.name] = self._definition(population, "output")
            elif population.spiking:
                ring = np.asarray(self._state[f"{population.name}/ring"])
                found[population.name] = np.flatnonzero(ring[(self.now - 1) % len(ring)]).astype(np.int32)
        return found

    # State and recordings --------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return the complete state as arrays by name: variables, constants, spikes in flight, step number, sources."""
        kept = {name: np.array(value) for name, value in {**self._numbers, **self._state}.items()}
        kept |= {f"named/{name}": value.copy() for name, value in self._named.items()}
        kept |= {f"source/{name}": value.copy() for name, value in self._sources.integer.items()}
        return {name: value for name, value in kept.items() if "/key/" not in name}

    def restore(self, state: State) -> None:
        """Go on from a state of the same network; recordings start anew. Raises ResultFileError if it does not fit."""
        for name, value in self.state().items():
            if name not in state or np.shape(state[name]) != np.shape(value):
                raise ResultFileError(
                    f"state: '{name}' is missing or has another shape: restore a state of this network"
                )
        with precision(self.settings.dtype):
            for name in self._numbers:
                self._numbers[name][...] = state[name]
                self._put(name)
            for name in self._state.keys() & state.keys():
                self._state[name] = jnp.asarray(state[name], self._state[name].dtype)
        for group, kept in (("named", self._named), ("source", self._sources.integer)):
            for name, value in kept.items():
                value[...] = state[f"{group}/{name}"]
        self._follow()
        self._recorded.clear()

    def reset(self) -> None:
        """Go back to step 0; see `Simulation.reset`."""
        with precision(self.settings.dtype):
            for projection in self.equations.projections.values():
                for name in (n for n in projection.states if f"{projection.name}.{n}" in self._numbers):
                    self._numbers[f"{projection.name}.{name}"][...] = projection.states[name]
                    self._put(f"{projection.name}.{name}")
        for parameter in self.equations.network.parameters.values():
            self._apply_named(parameter)
        self._sources.reset()
        self._recorded.clear()
        self._start()

    def _collected(self) -> dict[str, Spikes | Samples]:
        """Return all recordings by 'target.variable'."""
        return self._recorded.results()
