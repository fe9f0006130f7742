"""A network that runs step by step on JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from neurosim.compiler.equations.masks import structured
from neurosim.compiler.schedule.program import Program, sum_of
from neurosim.compiler.schedule.sharing import summed
from neurosim.engines import requests
from neurosim.engines.core import LONG_AGO, Core, Rows
from neurosim.engines.jax import fixed
from neurosim.engines.jax import state as states
from neurosim.engines.jax.compiled import compiled, refuse_fork, shape_of
from neurosim.engines.jax.context import Settings
from neurosim.engines.jax.loop import room
from neurosim.engines.jax.precision import precision
from neurosim.engines.jax.presentations import at_once
from neurosim.engines.jax.recorded import taken
from neurosim.engines.jax.sources import Sources
from neurosim.engines.pieces import Piece
from neurosim.engines.presentations import Batch
from neurosim.engines.settling import Settle, Settled
from neurosim.errors import RunFailed


class JaxCore(Core):
    """Compiled functions and the arrays that they are called with."""

    kind: ClassVar[str] = "jax"

    def __init__(self, program: Program, settings: Settings) -> None:
        refuse_fork()
        equations = program.equations
        self.program = program
        self.settings = settings
        self._sourcing = Sources(program, equations.seed)
        widths = {
            r.key: (1 + len(r.values)) * requests.width(equations, r.target, r.variable)
            for r in equations.probes
        }
        super().__init__(equations, {}, room(program, widths))
        self._compiled = compiled(shape_of(program, settings, self.most))
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
                self._fix(name)
        self._work_out()
        self._start()

    @property
    def now(self) -> int:
        """Number of steps taken."""
        return int(self._state["step"])

    def set_step(self, step: int) -> None:
        """Set the clock."""
        self._state["step"] = jnp.asarray(step, jnp.int32)

    def _fix(self, name: str) -> None:
        self._fixed[name] = jnp.asarray(self._numbers[name], self.settings.dtype)

    def _work_out(self) -> None:
        """Work out what follows from constants: coefficients of exact steps, refractory periods in steps."""
        with precision(self.settings.dtype):
            found = fixed.coefficients(self.program, self._numbers)
            self._fixed |= {name: jnp.asarray(value, self.settings.dtype) for name, value in found.items()}
            for name in self.resting:
                self._fixed[f"{name}/rest"] = jnp.asarray(self.rest_steps(name), jnp.int32)

    def _start(self) -> None:
        """Make the state of step 0."""
        first = states.parameters(self.program)
        streams = states.keys(self.program, self.equations.seed)
        with precision(self.settings.dtype):
            given = {name: jnp.asarray(value, self.settings.dtype) for name, value in first.items()}
            self._state = states.initial_state(self.program, given, streams, self.settings.dtype)
        for name in self.resting:
            self.set_refractory(name, np.array(LONG_AGO))

    # Running ---------------------------------------------------------------------------------------------------------

    def advance(self, steps: int, inputs: Rows) -> dict[str, Piece]:
        """Take at most `most` steps and return what was recorded, by 'target.variable'."""
        refuse_fork()
        first = self.now
        if first + steps > fixed.LAST_STEP:
            raise RunFailed(
                f"step {first + steps} is beyond {fixed.LAST_STEP}, the last one here: use engine 'fused'"
            )
        rows = {**inputs, **self._sourcing.rasters(first, steps)}
        with precision(self.settings.dtype):
            padded = {name: self._padded(given) for name, given in rows.items()}
            self._state, recorded = self._compiled.advance(self._fixed, self._state, padded, np.int32(steps))
        return taken(self.equations, recorded, first, steps)

    def _padded(self, rows: np.ndarray) -> np.ndarray:
        padded = np.zeros((self.most, rows.shape[1]), self.settings.dtype)
        padded[: len(rows)] = rows
        return padded

    def accumulate(self, share: float) -> None:
        """Add `share` of the change that rules with the clock 'sample' ask for in the present state."""
        with precision(self.settings.dtype):
            weight = np.asarray(share, self.settings.dtype)
            self._state = self._compiled.accumulate(self._fixed, self._state, weight)

    def apply(self) -> None:
        """Make the changes that were added up."""
        with precision(self.settings.dtype):
            self._state = self._compiled.apply(self._fixed, self._state)

    def discard(self) -> None:
        """Forget changes that were added up."""
        self._state |= self._no_sums

    @cached_property
    def _no_sums(self) -> dict[str, Any]:
        names = (f"{owner}.{sum_of(name)}" for owner, name in self.program.sums)
        with precision(self.settings.dtype):
            return {name: jnp.zeros_like(self._state[name]) for name in names}

    def scale(self, factor: float) -> None:
        """Multiply changes that were added up by a factor."""
        with precision(self.settings.dtype):
            for name in summed(self.program):
                self._state[name] = factor * self._state[name]

    def present(
        self, batch: Batch, starts: Mapping[tuple[str, str], np.ndarray], pause: Callable[[], None]
    ) -> Settled | None:
        """Present a batch in one call and learn from it; None where that cannot be."""
        if not at_once(self.program):
            return None
        leave = np.array(batch.settle.unsettled == "leave out")
        how = None if batch.steps is not None else (*self._how(batch.settle), leave)
        dtype = self.settings.dtype
        with precision(dtype):
            # Arrays of numpy: a compiled function takes them faster than JAX makes its own one by one.
            start = {
                f"{owner}.{n}": np.broadcast_to(np.asarray(v, dtype), self._state[f"{owner}.{n}"].shape)
                for (owner, n), v in starts.items()
            }
            patterns = {name: np.asarray(value, dtype) for name, value in batch.patterns.items()}
            shares = np.asarray(batch.shares, dtype)
            changed, report = self._compiled.present(
                self._fixed, self._state, start, patterns, shares, np.int32(batch.steps or 0), how
            )
        self._state |= changed
        return Settled(*map(np.asarray, report))

    def settle(self, inputs: Mapping[str, np.ndarray], how: Settle) -> tuple[int, float] | None:
        """Settle in one call; None where that cannot be."""
        sources = any(p.source is not None for p in self.equations.populations.values())
        if sources or self.equations.probes or structured(self.equations):
            return None
        with precision(self.settings.dtype):
            given = {name: np.asarray(value, self.settings.dtype) for name, value in inputs.items()}
            self._state, report = self._compiled.settle(self._fixed, self._state, given, self._how(how))
        return int(report.steps), float(report.residual)

    def _how(self, how: Settle) -> tuple[Any, Any, Any]:
        tolerance, damping = (np.array(v, self.settings.dtype) for v in (how.tolerance, how.damping))
        return tolerance, damping, np.int32(how.at_most)

    def mark(self) -> Any:
        """Return what `go_back` needs: arrays of JAX never change."""
        return dict(self._state), {name: integer.copy() for name, integer in self._sourcing.integer.items()}

    def go_back(self, mark: Any) -> None:
        """Return to the moment of a mark."""
        state, sources = mark
        self._state = dict(state)
        for name, integer in sources.items():
            self._sourcing.integer[name][:] = integer

    # Reading and writing ---------------------------------------------------------------------------------------------

    def get(self, owner: str, name: str) -> np.ndarray:
        """Return a state, constant, port or trace in SI units."""
        full = f"{owner}.{name}"
        return np.asarray(self._state[full]) if full in self._state else self._numbers[full]

    def put(self, owner: str, name: str, value: np.ndarray) -> None:
        """Set a state, constant, port or trace in SI units (value: 0-d or full shape)."""
        full, dtype = f"{owner}.{name}", self.settings.dtype
        with precision(dtype):
            if full in self._state:
                self._state[full] = jnp.broadcast_to(jnp.asarray(value, dtype), self._state[full].shape)
            else:
                self._numbers[full][...] = value
                self._fix(full)

    def follow(self, owner: str) -> None:
        """Bring up to date what follows from constants; raises DescriptionError if they give no finite step."""
        self._work_out()

    def renew(self, population: str) -> None:
        """Take over what has been put in the place of signals in time of a population."""
        with precision(self.settings.dtype):
            for key, draw in self.equations.populations[population].draws.items():
                if draw.timed is not None:
                    found = fixed.signal(f"{population}/{key}", draw.timed, self.settings.dtype)
                    self._fixed |= {name: jnp.asarray(value) for name, value in found.items()}

    def emitted(self, population: str) -> np.ndarray:
        """Return the neurons that spiked in the last step."""
        ring = np.asarray(self._state[f"{population}/ring"])
        return np.flatnonzero(ring[(self.now - 1) % len(ring)]).astype(np.int32)

    # State -----------------------------------------------------------------------------------------------------------

    def flight(self, population: str, depth: int) -> Piece:
        """Return steps and neurons of the spikes of the last `depth` steps, in order."""
        ring = np.asarray(self._state[f"{population}/ring"])
        past = np.arange(max(self.now - depth, 0), self.now, dtype=np.int64)
        row, ids = np.nonzero(ring[past % len(ring)])
        return past[row], ids.astype(np.int32)

    def launch(self, flights: Mapping[str, Piece]) -> None:
        """Put these spikes on their way, and no others, once the clock is set."""
        for population in (p for p in self.equations.populations.values() if p.spiking):
            name = f"{population.name}/ring"
            ring = np.zeros(self._state[name].shape)
            if population.name in flights:
                steps, ids = flights[population.name]
                ring[np.asarray(steps) % len(ring), np.asarray(ids)] = 1
            with precision(self.settings.dtype):
                self._state[name] = jnp.asarray(ring, self._state[name].dtype)

    def past(self, population: str, name: str, depth: int) -> np.ndarray:
        """Return the values of a variable in the last `depth` steps, the oldest first, shape (depth, size)."""
        ring = np.asarray(self._state[states.past_of(population, name)], dtype=float)
        return ring[np.arange(self.now - depth, self.now) % len(ring)]

    def set_past(self, population: str, name: str, values: np.ndarray) -> None:
        """Set what `past` returns, once the clock is set."""
        full = states.past_of(population, name)
        ring = np.zeros(self._state[full].shape)
        ring[np.arange(self.now - len(values), self.now) % len(ring)] = values
        with precision(self.settings.dtype):
            self._state[full] = jnp.asarray(ring, self._state[full].dtype)

    def refractory(self, population: str) -> np.ndarray:
        """Return the number of steps until each neuron may spike again, negative once it may (int64)."""
        until = np.asarray(self._state[f"{population}/until"]).astype(np.int64)
        return np.where(until <= LONG_AGO, LONG_AGO, np.maximum(until - self.now, LONG_AGO + 1))

    def set_refractory(self, population: str, steps: np.ndarray) -> None:
        """Set what `refractory` returns."""
        name = f"{population}/until"
        until = np.where(
            steps <= LONG_AGO, LONG_AGO, np.clip(steps + self.now, LONG_AGO + 1, fixed.LAST_STEP)
        )
        self._state[name] = jnp.asarray(np.broadcast_to(until, self._state[name].shape), jnp.int32)

    def sources(self) -> Mapping[str, np.ndarray]:
        """Return the states of spike sources, to be changed in place."""
        return self._sourcing.integer

    def _stored(self) -> list[tuple[str, str]]:
        return [(owner, name) for owner, names in self.program.stored.items() for name in names]

    def extra(self) -> dict[str, np.ndarray]:
        """Return what this engine needs beside the common state to continue with the same bits."""
        return {f"{owner}/{name}": np.array(self._state[f"{owner}.{name}"]) for owner, name in self._stored()}

    def set_extra(self, extra: Mapping[str, np.ndarray]) -> None:
        """Set what `extra` returns; empty, for a state that another engine or a reset made."""
        for owner, name in self._stored():
            fresh = self.read(owner, name) if self.now else np.array(0.0)
            self.put(owner, name, extra.get(f"{owner}/{name}", fresh))
        self.discard()
