"""A running network of the reference engine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.compiler.schedule.exact import propagate
from neurosim.compiler.schedule.order import lower
from neurosim.compiler.schedule.program import Propagator
from neurosim.engines import moments
from neurosim.engines.brian2.machine import Machine
from neurosim.engines.brian2.populations import LONG_AGO as NEVER
from neurosim.engines.core import LONG_AGO, Core, Rows
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.pieces import Piece

MOST = 100
"""Most steps between two looks for an interrupt."""


class Brian2Core(Core):
    """A network that Brian2 runs; see `Core`."""

    kind: ClassVar[str] = "brian2"

    def __init__(self, equations: NetworkEquations, externals: Mapping[str, ExternalFunction]) -> None:
        super().__init__(equations, externals, MOST)
        self._machine = Machine(equations, externals)

    @property
    def now(self) -> int:
        """Number of steps taken."""
        return self._machine.step.number

    def set_step(self, step: int) -> None:
        """Set the clock."""
        self._machine.step.number = step

    def advance(self, steps: int, inputs: Rows) -> dict[str, Piece]:
        """Take at most `most` steps and return what was recorded, by 'target.variable'."""
        self._machine.start(inputs)
        # Values that are not finite are looked for afterwards, and named.
        with np.errstate(all="ignore"):
            for _ in range(steps):
                self._machine.advance()
        return {key: record.taken() for key, record in self._machine.records.items()}

    def accumulate(self, share: float) -> None:
        """Add `share` of the change that rules with the clock 'sample' ask for in the present state."""
        with self._machine.last_step(), np.errstate(all="ignore"):
            for presentation in self._machine.presentations:
                presentation.accumulate(share)

    def apply(self) -> None:
        """Make the changes that were added up."""
        with self._machine.last_step(), np.errstate(all="ignore"):
            for presentation in self._machine.presentations:
                presentation.apply()

    def discard(self) -> None:
        """Forget changes that were added up."""
        for presentation in self._machine.presentations:
            presentation.discard()

    def scale(self, factor: float) -> None:
        """Multiply changes that were added up by a factor."""
        for presentation in self._machine.presentations:
            presentation.scale(factor)

    # Reading and writing ---------------------------------------------------------------------------------------------

    def get(self, owner: str, name: str) -> np.ndarray:
        """Return a state, constant, port or trace in SI units."""
        return np.asarray(self._machine.part(owner).value(name))

    def put(self, owner: str, name: str, value: np.ndarray) -> None:
        """Set a state, constant, port or trace in SI units (value: 0-d or full shape)."""
        self._machine.part(owner).write(name, value)

    def follow(self, owner: str) -> None:
        """Bring up to date what follows from constants; raises DescriptionError if they give no finite step."""
        # Brian2 works its coefficients out in every step, and is silent about one that is not finite.
        part, dt = self.equations.part(owner), self.dt
        for p in (p for p in self._propagators if p.owner == owner):
            values = {constant: self.get(owner, constant) for constant in part.constants}
            propagate(p.linear, values, dt, p.frozen, owner)

    def renew(self, population: str) -> None:
        """Take over signals in time: they are looked up where they are."""

    @cached_property
    def _propagators(self) -> tuple[Propagator, ...]:
        return lower(self.equations).propagators

    def emitted(self, population: str) -> np.ndarray:
        """Return the neurons that spiked in the last step."""
        return np.array(self._machine.emitted(population)())

    def mark(self) -> Any:
        """Return what `go_back` needs to return to the present."""
        return moments.moment(self)

    def go_back(self, mark: Any) -> None:
        """Return to the moment of a mark."""
        moments.take_over(self, mark)

    # State -----------------------------------------------------------------------------------------------------------

    def flight(self, population: str, depth: int) -> Piece:
        """Return steps and neurons of the spikes of the last `depth` steps, in order."""
        return self._machine.flights[population].save()

    def launch(self, flights: Mapping[str, Piece]) -> None:
        """Put these spikes on their way, and no others, once the clock is set."""
        for name, (steps, ids) in flights.items():
            self._machine.flights[name].load(np.asarray(steps), np.asarray(ids))
        self._machine.refill_queues()

    def past(self, population: str, name: str, depth: int) -> np.ndarray:
        """Return the values of a variable in the last `depth` steps, the oldest first, shape (depth, size)."""
        return self._machine.pasts[population, name].save()

    def set_past(self, population: str, name: str, values: np.ndarray) -> None:
        """Set what `past` returns, once the clock is set."""
        self._machine.pasts[population, name].load(values)

    def refractory(self, population: str) -> np.ndarray:
        """Return the number of steps until each neuron may spike again, negative once it may (int64)."""
        last = self._machine.populations[population].raw("lastspike")
        until = np.rint(last / self.dt).astype(np.int64) + self.rest_steps(population) - self.now
        if self.equations.populations[population].rests is not None:
            until = np.where(
                self._machine.populations[population].raw("not_refractory"), np.minimum(until, 0), until
            )
        return np.where(last <= NEVER, LONG_AGO, np.maximum(until, LONG_AGO))

    def set_refractory(self, population: str, steps: np.ndarray) -> None:
        """Set what `refractory` returns."""
        spiked = (self.now + steps - self.rest_steps(population)) * self.dt
        raw = self._machine.populations[population].raw
        raw("lastspike")[:] = np.where(steps <= LONG_AGO, NEVER, spiked)
        raw("not_refractory")[:] = steps <= 0

    def sources(self) -> Mapping[str, np.ndarray]:
        """Return the states of spike sources, to be changed in place."""
        return {name: source.integer for name, source in self._machine.sources.items()}

    def extra(self) -> dict[str, np.ndarray]:
        """Return what this engine needs beside the common state to continue with the same bits."""
        projections = self._machine.projections.items()
        return {f"{name}/{n}": array.copy() for name, p in projections for n, array in p.own_traces().items()}

    def set_extra(self, extra: Mapping[str, np.ndarray]) -> None:
        """Set what `extra` returns; empty, for a state that another engine or a reset made."""
        for name, projection in self._machine.projections.items():
            for n, array in projection.own_traces().items():
                if f"{name}/{n}" in extra:
                    array[:] = extra[f"{name}/{n}"]
