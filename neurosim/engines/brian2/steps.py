"""What the reference engine does in Python within a step: draws, inputs, sources, clamps, spikes under way, bodies."""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from brian2 import Clock

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations, StateClamp
from neurosim.engines.brian2.populations import BrianPopulation
from neurosim.engines.externals import ExternalFunction
from neurosim.model.source import due
from neurosim.rng import stream_key


class Step:
    """The number of the step that is being taken, as Brian2's clock has it."""

    def __init__(self, clock: Clock) -> None:
        self._at = clock.variables["timestep"].get_value()
        self._time = clock.variables["t"].get_value()
        self._dt = clock.dt_

    @property
    def number(self) -> int:
        """The step, from 0."""
        return int(self._at[0])

    @number.setter
    def number(self, value: int) -> None:
        self._at[0] = value
        self._time[0] = value * self._dt


def draw(
    part: PopulationEquations | ProjectionEquations,
    array: Callable[[str], np.ndarray],
    value: Callable[[str], Any],
    dt: float,
    seed: int,
    step: Step,
) -> Callable[[], None]:
    """Return the function that fills the random numbers of a population or projection, held in arrays, for one step."""
    draws = [
        (
            draw,
            stream_key(seed, part.name, draw.stream),
            draw.reads & part.constants.keys(),
            array(name),
        )
        for name, draw in part.draws.items()
    ]

    def fill() -> None:
        for draw, key, names, out in draws:
            draw.fill(key, step.number, {"dt": dt, **{name: value(name) for name in names}}, out, part.name)

    return fill


class Inputs:
    """Values handed to signal populations, one row per step."""

    def __init__(self, populations: Mapping[str, BrianPopulation], step: Step) -> None:
        self.populations, self.step = populations, step
        self.first = 0
        self.rows: list[tuple[np.ndarray, np.ndarray]] = []
        self.given: Mapping[str, np.ndarray] = {}

    def give(self, inputs: Mapping[str, np.ndarray]) -> None:
        """Take the inputs of the steps that follow, by population, shape (steps, size)."""
        self.first = self.step.number
        self.given = inputs
        own = {name: rows for name, rows in inputs.items() if name in self.populations}
        self.rows = [(self.populations[name].array("value"), rows) for name, rows in own.items()]

    def now(self, name: str) -> np.ndarray:
        """Return the row of this step of an input."""
        row: np.ndarray = self.given[name][self.step.number - self.first]
        return row

    def apply(self) -> None:
        """Hand over the rows of this step."""
        for value, rows in self.rows:
            value[:] = rows[self.step.number - self.first]


class Source:
    """Spikes of a population that come from a compiled function."""

    def __init__(
        self, population: BrianPopulation, packed: tuple[np.ndarray, np.ndarray], seed: int, step: Step
    ) -> None:
        model = population.population.source
        assert model is not None
        module, _, function = model.draw.partition(":")
        self.draw = getattr(importlib.import_module(module), function)
        self.key = stream_key(seed, population.population.name, "spikes")
        self.real, self.integer = packed
        self.size = population.population.size
        self.fires = population.raw("fires")
        self.step = step

    def apply(self) -> None:
        """Mark the units that spike in this step."""
        self.fires[:] = False
        self.fires[due(self.draw, self.step.number, self.key, self.real, self.integer, self.size)] = True


def hold(
    clamps: Sequence[StateClamp], array: Callable[[StateClamp], np.ndarray], inputs: Inputs
) -> Callable[[], None]:
    """Return the function that overwrites what clamps hold; array, gives the memory of a clamped variable."""

    def overwrite() -> None:
        k = inputs.step.number
        for clamp in clamps:
            if not clamp.start <= k < clamp.stop or (clamp.when and inputs.now(clamp.when)[0] <= 0):
                continue
            value = clamp.value if clamp.value.ndim == 1 else clamp.value[k - clamp.start]
            held = array(clamp)
            held[:] = clamp.imposed(held, value if clamp.column is None else inputs.now(clamp.column))

    return overwrite


class Flight:
    """The spikes of a population in the last `depth` steps: those that may still be under way.

    Arguments: emitted, gives the neurons that spiked in this step; depth; step, its number.
    """

    def __init__(self, emitted: Callable[[], np.ndarray], depth: int, step: Step) -> None:
        self.emitted, self.depth, self.step = emitted, depth, step
        self.spikes: deque[tuple[int, np.ndarray]] = deque()

    def note(self) -> None:
        """Remember the spikes of this step and forget those that have arrived everywhere."""
        now, ids = self.step.number, self.emitted()
        if ids.size:
            self.spikes.append((now, ids.copy()))
        while self.spikes and self.spikes[0][0] < now - self.depth:
            self.spikes.popleft()

    def save(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (steps, ids) of the spikes."""
        first = self.step.number - self.depth
        coming = [(s, ids) for s, ids in self.spikes if s >= first]
        steps = np.array([s for s, ids in coming for _ in ids], dtype=np.int64)
        return steps, np.concatenate([np.zeros(0, dtype=np.int32), *(ids for _, ids in coming)])

    def load(self, steps: np.ndarray, ids: np.ndarray) -> None:
        """Take over what `save` returned."""
        self.spikes = deque((int(s), ids[steps == s].astype(np.int32)) for s in np.unique(steps))

    def refill(self, queue: Any, delay: int) -> None:
        """Put the spikes that are under way at the start of this step into a Brian2 queue of one delay."""
        for _ in range(delay + 1):
            queue.advance()
        sent = dict(self.spikes)
        for step in range(self.step.number - delay, self.step.number):
            queue.push(sent.get(step, np.zeros(0, dtype=np.int32)))
            queue.advance()


class Past:
    """The values of a variable of a population in the last `depth` steps, for what comes late.

    Arguments: values, the memory of the variable; depth, in steps; step, the number of the present one.
    """

    def __init__(self, values: np.ndarray, depth: int, step: Step) -> None:
        self.values, self.step = values, step
        self.ring = np.zeros((depth, values.size))

    def note(self) -> None:
        """Remember the values of this step."""
        self.ring[self.step.number % len(self.ring)] = self.values

    def taken(self, ago: np.ndarray | int, units: Any) -> np.ndarray:
        """Return what units had a number of steps before this one."""
        found: np.ndarray = self.ring[(self.step.number - ago) % len(self.ring), units]
        return found

    def save(self) -> np.ndarray:
        """Return the values, the oldest first."""
        return self.ring[(self.step.number + np.arange(len(self.ring))) % len(self.ring)]

    def load(self, values: np.ndarray) -> None:
        """Take over what `save` returned."""
        self.ring[(self.step.number + np.arange(len(self.ring))) % len(self.ring)] = values


class Body:
    """An external in the loop: reads variables, is advanced by one step, and writes signal populations."""

    def __init__(
        self,
        function: ExternalFunction,
        reads: Sequence[np.ndarray],
        writes: Sequence[tuple[np.ndarray, slice]],
    ) -> None:
        self.function, self.reads, self.writes = function, reads, writes
        self.outputs = np.zeros(len(function.output_values))
        self.outputs[:] = self.function.output_values
        self._write()

    def apply(self) -> None:
        """Advance the external by one step of the network."""
        inputs = np.concatenate([np.zeros(0), *self.reads])
        self.function.function(self.function.handles, inputs, self.outputs)
        self._write()

    def _write(self) -> None:
        for value, part in self.writes:
            value[:] = self.outputs[part]
