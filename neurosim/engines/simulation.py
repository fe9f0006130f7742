"""What every engine returns: a network that runs, its state and recordings, with checks of what users pass in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Any

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations, ProjectionEquations
from neurosim.compiler.equations.masks import structured
from neurosim.compiler.equations.names import SECOND
from neurosim.engines import structure
from neurosim.engines.recordings import Recordings, Samples, Spikes
from neurosim.errors import DescriptionError, EngineRefusal, RunFailed, UnknownNameError
from neurosim.model.parts import NamedParameter, Population, Projection, constrained
from neurosim.model.units import Dimension, dimension_of, in_si, quantity, scalar_in_si
from neurosim.registry import suggest

State = dict[str, np.ndarray]


Progress = Callable[[int, int], None]


class Simulation(ABC):
    """A network that runs: its state at step `now`, and what it has recorded."""

    def __init__(self, equations: NetworkEquations) -> None:
        self.equations = equations
        self.dt = equations.network.step
        self._running = Lock()
        self._structured = bool(structured(equations))
        self._named = {
            name: np.atleast_1d(np.array(p.value, dtype=float))
            for name, p in equations.network.parameters.items()
        }
        self._tied = {
            projection.name: (projection.tied.parameter, np.array(projection.tied.index, dtype=np.int64))
            for projection in equations.projections.values()
            if projection.tied is not None
        }

    @property
    @abstractmethod
    def now(self) -> int:
        """Number of steps taken."""

    @abstractmethod
    def _advance(self, steps: int, inputs: Mapping[str, np.ndarray], progress: Progress | None) -> None:
        """Take steps; inputs[population] has the shape (steps, size)."""

    def _accumulate(self, share: float) -> None:
        """Add `share` of the change that rules with the clock 'sample' ask for in the present state."""
        raise EngineRefusal("this engine has no rules with the clock 'sample': use 'fused'")

    def _apply(self) -> None:
        """Make the changes that were added up."""
        raise EngineRefusal("this engine has no rules with the clock 'sample': use 'fused'")

    def _relax(self) -> None:
        """Put the dynamic states of all models back to their start, for the next presentation."""
        raise EngineRefusal("this engine has no rules with the clock 'sample': use 'fused'")

    @abstractmethod
    def _read(self, owner: str, name: str) -> np.ndarray:
        """Return a state, constant, definition or trace in SI units."""

    @abstractmethod
    def _write(self, owner: str, name: str, value: np.ndarray) -> None:
        """Set a state, constant or trace in SI units (value: 0-d or full shape)."""

    @abstractmethod
    def _outputs(self) -> dict[str, np.ndarray]:
        """Return what the last step put out, by population."""

    @abstractmethod
    def state(self) -> State:
        """Return the complete state as arrays by name: variables, spikes in flight, step number, externals."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Go on from a state of the same network; recordings start anew."""

    @abstractmethod
    def reset(self) -> None:
        """Go back to step 0: initial states, nothing in flight, no recordings.

        Constants and named parameters keep their present values; externals keep their state, whose outputs are read.
        """

    @abstractmethod
    def _collected(self) -> dict[str, Spikes | Samples]:
        """Return all recordings by 'target.variable'."""

    def recordings(self) -> Recordings:
        """Return all recordings by 'target.variable'; they can be saved, plotted and exported as a whole."""
        return Recordings(self._collected(), self.equations.network, self.now)

    def run(
        self, duration: Any, inputs: Mapping[str, Any] | None = None, progress: Progress | None = None
    ) -> None:
        """Run for a duration (s), a whole number of steps.

        Arguments: inputs, for signal populations by name, values of shape (size,), held, or (steps, size), one row per
        step; progress, called as progress(done, total) from time to time.
        """
        seconds = scalar_in_si(duration, SECOND, "run: duration")
        steps = round(seconds / self.dt)
        if seconds < 0:
            raise DescriptionError(f"run: duration {duration} is negative: give a time from 0")
        if abs(steps * self.dt - seconds) > 1e-6 * self.dt:
            raise DescriptionError(
                f"run: duration {duration} is not a whole number of steps of {self.dt} s: change it"
            )
        self._take(steps, self._checked(inputs, steps), progress)

    def _take(self, steps: int, inputs: Mapping[str, np.ndarray], progress: Progress | None) -> None:
        """Take steps; refuses to where another thread, or the run that reports its progress, is at it."""
        if not self._running.acquire(blocking=False):
            raise RunFailed(
                f"network '{self.equations.network.name}': this simulation is running already: "
                "wait for its end, or give each thread a simulation of its own"
            )
        try:
            self._take_parts(steps, inputs, progress)
        finally:
            self._running.release()

    def _take_parts(self, steps: int, inputs: Mapping[str, np.ndarray], progress: Progress | None) -> None:
        """Take steps, stopping wherever connections come and go."""
        if not self._structured:
            self._advance(steps, inputs, progress)
            return
        done = 0
        while done < steps:
            part = min(steps - done, structure.steps_to_update(self))
            tell = None if progress is None else partial(_tell, progress, done, steps)
            self._advance(part, {name: rows[done : done + part] for name, rows in inputs.items()}, tell)
            structure.update(self)
            done += part

    def step(self, inputs: Mapping[str, Any] | None = None) -> dict[str, np.ndarray]:
        """Take one step and return what each population put out: outputs (size,), or indices of spiking units."""
        self._take(1, self._checked(inputs, 1), None)
        return self._outputs()

    def sample(self) -> None:
        """Apply the rules with the clock 'sample' once, in the present state; without such rules nothing happens."""
        if self._has_samples:
            self._accumulate(1.0)
            self._apply()

    def present(self, inputs: Mapping[str, Any], duration: Any) -> None:
        """Present a batch of patterns and apply the rules with the clock 'sample' to the mean over the batch.

        Every pattern starts from the initial dynamic states of the models; weights change after the last one.
        Arguments: inputs, for signal populations by name, patterns of shape (batch, size); duration of each (s).
        """
        dimensions = {
            name: dimension_of(value, f"input '{name}'") for name, value in _by_name(inputs).items()
        }
        batches = {
            n: np.atleast_2d(in_si(value, dimensions[n], f"input '{n}'")) for n, value in inputs.items()
        }
        sizes = {len(value) for value in batches.values()}
        if len(sizes) != 1:
            raise DescriptionError(
                f"present: batches of {sorted(sizes) or 'no'} patterns: give the same number for every input"
            )
        (batch,) = sizes
        for row in range(batch):
            self._relax()
            self.run(
                duration, {name: quantity(value[row], dimensions[name]) for name, value in batches.items()}
            )
            if self._has_samples:
                self._accumulate(1.0 / batch)
        if self._has_samples:
            self._apply()

    def settle(
        self, tolerance: float = 1e-9, at_most: int = 10_000, inputs: Mapping[str, Any] | None = None
    ) -> int:
        """Run until no dynamic state changes by more than `tolerance` (SI units) in a step; return the number of steps.

        Raises RunFailed when that has not happened after `at_most` steps.
        """
        names = [(u.name, n) for u in self.equations.populations.values() for n in u.derivatives]
        change = np.inf
        for taken in range(1, at_most + 1):
            before = [np.array(self._read(*name)) for name in names]
            self.step(inputs)
            change = max(
                (float(np.abs(self._read(*n) - b).max()) for n, b in zip(names, before, strict=True)),
                default=0.0,
            )
            if change <= tolerance:
                return taken
        raise RunFailed(
            f"settle: still changing by {change:.3g} per step after {at_most} steps: allow more, or lower dt"
        )

    @property
    def _has_samples(self) -> bool:
        parts: tuple[Any, ...] = (*self.equations.populations.values(), *self.equations.projections.values())
        return any(part.presentation for part in parts)

    def get(self, name: str) -> Any:
        """Return 'population.variable', 'projection.variable' or a named parameter, with its unit."""
        if _named(name) in self._named:
            return quantity(self._named[name].copy(), dimension_of(self._parameter(name).value))
        owner, variable, dimension = self._find(name)
        return quantity(np.array(self._read(owner, variable)), dimension)

    def set(self, name: str, value: Any) -> None:
        """Set a state or constant 'population.variable' or 'projection.variable', or a named parameter.

        Raises DescriptionError on another unit or shape, a value that is not finite or beyond its bounds or sign, and
        on what follows from other variables.
        """
        if _named(name) in self._named:
            self._set_named(self._parameter(name), value)
            return
        owner, variable, dimension = self._find(name)
        self._check_free(owner, variable, name)
        si = in_si(value, dimension, name)
        self._check_bounds(owner, variable, si, name)
        shape = np.shape(self._read(owner, variable))
        if si.ndim and si.shape != shape:
            raise DescriptionError(
                f"{name}: a value of shape {si.shape} for one of shape {shape}: change its shape"
            )
        self._write(owner, variable, si)

    def edges(self, projection: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (pre, post), the units that each edge of a projection joins, in the order of its weights."""
        found = self._projection(projection)
        return found.pre, found.post.copy()

    def delays(self, projection: str) -> Any:
        """Return the delay of each edge of a projection (s), shape (edges,), in the order of its weights."""
        found = self._projection(projection)
        steps = found.delay if found.delays is None else found.delays
        return quantity(np.broadcast_to(steps, found.post.shape) * self.dt, SECOND)

    def matrix(self, projection: str, variable: str = "w") -> Any:
        """Return a variable of an all-to-all projection as a matrix (targets, sources), with its unit."""
        found = self._projection(projection)
        if not found.dense:
            raise DescriptionError(
                f"'{projection}' is not all-to-all: use get('{projection}.{variable}') and edges()"
            )
        shape = (self.equations.populations[found.source].size, self.equations.populations[found.target].size)
        _, _, dimension = self._find(f"{projection}.{variable}")
        values = np.array(self._read(projection, variable))
        if values.size not in (1, found.size):
            raise DescriptionError(
                f"'{projection}.{variable}' is kept per neuron: use get('{projection}.{variable}')"
            )
        return quantity(np.broadcast_to(values, (found.size,)).reshape(shape).T.copy(), dimension)

    def _projection(self, name: str) -> ProjectionEquations:
        if name not in self.equations.projections:
            raise UnknownNameError(f"no projection '{name}': {suggest(name, self.equations.projections)}")
        return self.equations.projections[name]

    def _check_free(self, owner: str, variable: str, name: str) -> None:
        population = self.equations.populations.get(owner)
        if population is not None and variable in population.ports:
            raise DescriptionError(
                f"'{name}' follows from other variables: feed it by a projection from a Signal"
            )
        if population is not None and variable in population.definitions:
            raise DescriptionError(f"'{name}' follows from other variables: set those, or use a Clamp")
        if variable == "w" and owner in self._tied:
            raise DescriptionError(f"'{name}' is tied to '{self._tied[owner][0]}': set that")

    def _check_bounds(self, owner: str, variable: str, si: np.ndarray, name: str) -> None:
        network = self.equations.network
        part = network.populations.get(owner) or network.projections[owner]
        model = part.model if isinstance(part, Population) else part.synapse
        declared = {
            f"{r.prefix}_{key}": parameter for r in part.rules for key, parameter in r.parameters.items()
        }
        declared |= model.parameters
        if variable in declared:
            declared[variable].check_bounds(si, name)
        sign = part.sign if isinstance(part, Projection) else 0
        if isinstance(part, Projection) and variable == "mask" and np.any((si != 0) & (si != 1)):
            raise DescriptionError(f"'{name}': a mask is 1 where there is a connection, else 0: correct it")
        if variable == "w" and np.any(si * sign < 0):
            raise DescriptionError(f"'{name}': weights must have the sign {sign:+d}: correct them")

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
        for projection, (name, index) in self._tied.items():
            if name == parameter.name:
                self._write(projection, "w", effective[index])

    def _find(self, name: str) -> tuple[str, str, Dimension]:
        owner, _, variable = name.partition(".")
        known: Mapping[str, Any] = {**self.equations.populations, **self.equations.projections}
        if owner not in known:
            raise UnknownNameError(
                f"'{name}': nothing is named '{owner}': {suggest(owner, {*known, *self._named})}"
            )
        part = known[owner]
        variables = {
            *part.constants,
            *part.states,
            *getattr(part, "traces", ()),
            *getattr(part, "definitions", ()),
        }
        variables |= set(getattr(part, "ports", ()))
        if variable not in variables:
            raise UnknownNameError(
                f"'{name}': '{owner}' has no variable '{variable}': {suggest(variable, variables)}"
            )
        return owner, variable, part.dimensions[variable]

    def _checked(self, inputs: Mapping[str, Any] | None, steps: int) -> dict[str, np.ndarray]:
        checked = {}
        for name, value in _by_name({} if inputs is None else inputs).items():
            population = self.equations.populations.get(name)
            if population is None or "value" not in population.states:
                signals = [n for n, u in self.equations.populations.items() if "value" in u.states]
                raise UnknownNameError(f"input '{name}' is not a Signal population: {suggest(name, signals)}")
            si = in_si(value, population.dimensions["value"], f"input '{name}'")
            if (
                si.ndim > 2
                or (si.ndim and si.shape[-1] != population.size)
                or (si.ndim == 2 and si.shape[0] != steps)
            ):
                raise DescriptionError(
                    f"input '{name}' has the shape {si.shape}: give ({population.size},) or "
                    f"({steps}, {population.size})"
                )
            checked[name] = np.broadcast_to(si, (steps, population.size))
        return checked


def _named(name: Any) -> str:
    if not isinstance(name, str):
        raise DescriptionError(f"{type(name).__name__} is no name: give 'population.variable' as text")
    return name


def _by_name(inputs: Any) -> Mapping[str, Any]:
    if not isinstance(inputs, Mapping):
        raise DescriptionError(
            f"inputs are of type {type(inputs).__name__}: give values by the names of Signal populations, "
            "as {'input': values}"
        )
    return inputs


def _tell(progress: Progress, before: int, steps: int, done: int, _part: int) -> None:
    progress(before + done, steps)
