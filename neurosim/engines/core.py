"""What an engine supplies: a network that runs and its variables, without checks of what users pass in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations, PopulationEquations
from neurosim.compiler.equations.names import clock
from neurosim.compiler.schedule.program import inline
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.pieces import Piece
from neurosim.engines.presentations import Batch
from neurosim.engines.settling import Settle, Settled
from neurosim.errors import DescriptionError
from neurosim.model.evaluate import evaluate
from neurosim.model.expressions import names_in
from neurosim.rng import stream_key

Rows = Mapping[str, np.ndarray]
"""Values of signal populations, one row per step, shape (steps, size)."""

LONG_AGO = -(2**30)
"""Steps until a neuron may spike again, of one that has not spiked."""


class Core(ABC):
    """A running network of one engine.

    Arguments:
        equations: the network, written out.
        externals: what stands behind its externals.
        most: most steps of a piece of a run, within which no interrupt is taken.

    Facts of a class: kind, the name under which a state holds what its engine alone needs.
    """

    kind: ClassVar[str]

    def __init__(
        self, equations: NetworkEquations, externals: Mapping[str, ExternalFunction], most: int
    ) -> None:
        self.equations = equations
        self.externals = dict(externals)
        self.most = most
        self.dt = equations.network.step
        self._inlined: dict[tuple[str, str], tuple[str, frozenset[str]]] = {}

    # Running ---------------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def now(self) -> int:
        """Number of steps taken."""

    @abstractmethod
    def set_step(self, step: int) -> None:
        """Set the clock."""

    @abstractmethod
    def advance(self, steps: int, inputs: Rows) -> dict[str, Piece]:
        """Take at most `most` steps and return what was recorded, by 'target.variable'."""

    @abstractmethod
    def accumulate(self, share: float) -> None:
        """Add `share` of the change that rules with the clock 'sample' ask for in the present state."""

    @abstractmethod
    def apply(self) -> None:
        """Make the changes that were added up."""

    @abstractmethod
    def discard(self) -> None:
        """Forget changes that were added up."""

    @cached_property
    def learns(self) -> bool:
        """Whether presentations change anything."""
        parts: tuple[Any, ...] = (*self.equations.populations.values(), *self.equations.projections.values())
        return any(part.presentation for part in parts)

    @abstractmethod
    def scale(self, factor: float) -> None:
        """Multiply changes that were added up by a factor."""

    def present(
        self, batch: Batch, starts: Mapping[tuple[str, str], np.ndarray], pause: Callable[[], None]
    ) -> Settled | None:
        """Present a batch at once and learn from it (see `presentations.learn`); None where that cannot be.

        starts, values from which dynamic states start, by owner and variable; pause, called between pieces of the
        batch: what it raises ends the presentation, from which nothing is learned.
        """
        return None

    def settle(self, inputs: Mapping[str, np.ndarray], how: Settle) -> tuple[int, float] | None:
        """Settle in one call, as `presentations.settle`; None where that cannot be."""
        return None

    def hold_learned(self) -> None:
        """Put back what clamps hold, after a presentation has changed it."""
        last = max(self.now - 1, 0)
        for clamp in self.equations.clamps:
            part = self.equations.part(clamp.owner)
            if clamp.free is not None or not part.presentation or not clamp.start <= last < clamp.stop:
                continue
            if clamp.column is None and clamp.when is None:
                value = clamp.value if clamp.value.ndim == 1 else clamp.value[last - clamp.start]
                held = np.array(self.get(clamp.owner, clamp.variable))
                self.put(clamp.owner, clamp.variable, clamp.imposed(held, value))

    # Values, edges in the order of the engine ------------------------------------------------------------------------

    @abstractmethod
    def get(self, owner: str, name: str) -> np.ndarray:
        """Return a state, constant, port or trace in SI units."""

    @abstractmethod
    def put(self, owner: str, name: str, value: np.ndarray) -> None:
        """Set a state, constant, port or trace in SI units (value: 0-d or full shape)."""

    @abstractmethod
    def follow(self, owner: str) -> None:
        """Bring up to date what follows from constants; raises DescriptionError if they give no finite step."""

    @abstractmethod
    def renew(self, population: str) -> None:
        """Take over what has been put in the place of signals in time of a population."""

    @abstractmethod
    def emitted(self, population: str) -> np.ndarray:
        """Return the neurons that spiked in the last step."""

    # State -----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def flight(self, population: str, depth: int) -> Piece:
        """Return steps and neurons of the spikes of the last `depth` steps, in order."""

    @abstractmethod
    def launch(self, flights: Mapping[str, Piece]) -> None:
        """Put these spikes on their way, and no others, once the clock is set."""

    @abstractmethod
    def past(self, population: str, name: str, depth: int) -> np.ndarray:
        """Return the values of a variable in the last `depth` steps, the oldest first, shape (depth, size)."""

    @abstractmethod
    def set_past(self, population: str, name: str, values: np.ndarray) -> None:
        """Set what `past` returns, once the clock is set."""

    @abstractmethod
    def refractory(self, population: str) -> np.ndarray:
        """Return the number of steps until each neuron may spike again, negative once it may (int64)."""

    @abstractmethod
    def set_refractory(self, population: str, steps: np.ndarray) -> None:
        """Set what `refractory` returns."""

    @abstractmethod
    def sources(self) -> Mapping[str, np.ndarray]:
        """Return the states of spike sources, to be changed in place."""

    @abstractmethod
    def extra(self) -> dict[str, np.ndarray]:
        """Return what this engine needs beside the common state to continue with the same bits."""

    @abstractmethod
    def set_extra(self, extra: Mapping[str, np.ndarray]) -> None:
        """Set what `extra` returns; empty, for a state that another engine or a reset made."""

    @abstractmethod
    def mark(self) -> Any:
        """Return what `go_back` needs to return to the present."""

    @abstractmethod
    def go_back(self, mark: Any) -> None:
        """Return to the moment of a mark."""

    # What follows from these -----------------------------------------------------------------------------------------

    def read(self, owner: str, name: str) -> np.ndarray:
        """Return a state, constant, port, trace or definition in SI units."""
        population = self.equations.populations.get(owner)
        if population is not None and name in population.definitions:
            return self._definition(population, name)
        return self.get(owner, name)

    def write(self, owner: str, name: str, value: np.ndarray) -> None:
        """Set a state, constant or trace in SI units; raises DescriptionError if that gives no finite step."""
        part = self.equations.part(owner)
        if name not in {*part.constants, *part.states, *getattr(part, "traces", ())}:
            raise DescriptionError(
                f"'{owner}.{name}' follows from other variables: set those, or use a Clamp"
            )
        before = np.array(self.get(owner, name))
        if value.ndim and not before.ndim:
            raise DescriptionError(
                f"'{owner}.{name}' is one number for all: describe it as an array to vary it"
            )
        if name not in part.constants:
            self.put(owner, name, value)
            return
        resting = getattr(part, "refractory", None) == name
        until, rest = (self.refractory(owner), self.rest_steps(owner)) if resting else (None, None)
        self.put(owner, name, value)
        try:
            self.follow(owner)
            if until is not None:
                # As in Brian2, a period counts from the last spike, also when it is set afterwards.
                later = np.where(until <= LONG_AGO, until, until + self.rest_steps(owner) - rest)
                self.set_refractory(owner, later)
        except DescriptionError:
            self.put(owner, name, before)
            self.follow(owner)
            raise

    def rest_steps(self, population: str) -> np.ndarray:
        """Return for how many steps each neuron stays refractory after a spike: its period in steps, at least 1."""
        part = self.equations.populations[population]
        period = np.asarray(self.get(population, part.refractory or ""), dtype=float)
        # As Brian2's `timestep` rounds.
        steps = np.floor(period / self.dt + 1e-3)
        if np.max(steps, initial=0) > -LONG_AGO:
            raise DescriptionError(
                f"'{population}.{part.refractory}': a neuron may rest for {-LONG_AGO} steps at most: "
                "lower it, or raise dt"
            )
        return np.broadcast_to(np.maximum(steps, 1), (part.size,)).astype(np.int64)

    @property
    def resting(self) -> list[str]:
        """The populations with a refractory period."""
        return [p.name for p in self.equations.populations.values() if p.refractory is not None]

    def graded(self) -> dict[str, np.ndarray]:
        """Return the graded outputs of the last step, by population."""
        populations = self.equations.populations.values()
        return {p.name: self._definition(p, "output") for p in populations if p.graded}

    def spikes(self) -> dict[str, np.ndarray]:
        """Return the neurons that spiked in the last step, by population without a graded output."""
        populations = self.equations.populations.values()
        return {p.shown: self.emitted(p.name) for p in populations if p.spiking and not p.graded}

    def moving(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield what steps change, by 'owner.variable'."""
        for owner, name in self._changing:
            yield f"{owner}.{name}", self.get(owner, name)

    def finite(self) -> bool:
        """Return whether all that steps change is finite."""
        return all(np.isfinite(value).all() for _, value in self.moving() if value.dtype.kind in "fc")

    @cached_property
    def _changing(self) -> list[tuple[str, str]]:
        populations, projections = self.equations.populations.values(), self.equations.projections.values()
        found = [(p.name, n) for p in populations for n in (*p.states, *p.ports)]
        return found + [
            (k.name, n) for k in projections for n in (*(k.states if k.plasticity else ()), *k.traces)
        ]

    def _definition(self, population: PopulationEquations, name: str) -> np.ndarray:
        """Return a definition from what it is made of; it speaks of the last step taken."""
        key = population.name, name
        if key not in self._inlined:
            text = inline(self.equations, population, name)
            self._inlined[key] = text, names_in(text)
        text, names = self._inlined[key]
        step = max(self.now - 1, 0)
        known: dict[str, Any] = dict(clock(step, self.dt))
        for part in names - known.keys():
            if part in population.draws:
                known[part] = np.empty(population.size)
                draw = population.draws[part]
                stream = stream_key(self.equations.seed, population.name, draw.stream)
                values = {name: self.get(population.name, name) for name in population.constants}
                draw.fill(stream, step, {**values, "dt": self.dt}, known[part], population.name)
            elif part in {*population.constants, *population.states, *population.ports}:
                known[part] = self.get(population.name, part)
        with np.errstate(all="ignore"):
            return np.broadcast_to(evaluate(text, known), (population.size,)).astype(float)
