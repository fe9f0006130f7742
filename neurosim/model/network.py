"""A network as data: what it is made of, without time or state. It can be printed, hashed, drawn and stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from brian2 import ms, second

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.chosen import split
from neurosim.model.clamp import Clamp
from neurosim.model.operation import Operation, Stop
from neurosim.model.parts import External, NamedParameter, Population, Projection, check_name
from neurosim.model.recorder import Recorder
from neurosim.model.subgroup import resolved
from neurosim.model.units import scalar_in_si
from neurosim.registry import suggest

Part = Population | Projection | NamedParameter | Recorder | Clamp | External | Operation | Stop


class Network:
    """A description of a network: populations, projections, tied parameters, recorders, clamps, externals,
    operations, conditions that end a run.

    Parts are added with `add`; each is checked against those it names. An engine turns the whole into a simulation.

    Arguments:
        name: its name.
        dt (s): time step of the network.
    """

    def __init__(self, name: str, dt: Any = 0.1 * ms) -> None:
        check_name(name, "network")
        self.name = name
        self.dt = dt
        step = scalar_in_si(dt, second.dim, f"network '{name}': dt")
        if step <= 0:
            raise DescriptionError(f"network '{name}': dt = {dt} is not positive: give a step such as 0.1*ms")
        self.populations: dict[str, Population] = {}
        self.projections: dict[str, Projection] = {}
        self.parameters: dict[str, NamedParameter] = {}
        self.externals: dict[str, External] = {}
        self.recorders: list[Recorder] = []
        self.clamps: list[Clamp] = []
        self.operations: list[Operation] = []
        self.stops: dict[str, Stop] = {}
        self._simulated = False

    @property
    def step(self) -> float:
        """The time step in seconds."""
        return float(np.asarray(self.dt))

    def add(self, *parts: Part) -> Network:
        """Add parts in order and return the network.

        Raises DescriptionError on a clash, on an unknown name, and once the network is simulated.
        """
        if self._simulated:
            raise DescriptionError(
                f"network '{self.name}' is simulated already, which would not notice: add parts before simulate(...), "
                "or to a copy, network.copy()"
            )
        for part in (resolved(part, self.populations) for part in parts):
            match part:
                case Population():
                    self._new(part.name, self.populations)[part.name] = part
                case Projection():
                    self._check_projection(part)
                    self._new(part.name, self.projections)[part.name] = part
                case NamedParameter():
                    self._new(part.name, self.parameters)[part.name] = part
                case External():
                    for target in part.writes:
                        self.population(target)
                    self._new(part.name, self.externals)[part.name] = part
                case Recorder():
                    self._check_recorder(part)
                    self.recorders.append(part)
                case Clamp():
                    self._check_clamp(part)
                    self.clamps.append(part)
                case Operation():
                    self._check_operated(part)
                    self.operations.append(part)
                case Stop():
                    self._check_operated(part)
                    self._new(part.name, self.stops)[part.name] = part
                case _:
                    raise DescriptionError(
                        f"network '{self.name}': cannot add {str(part)[:60]!r}: add a Population or other part, "
                        "several as add(a, b)"
                    )
        return self

    def population(self, name: str) -> Population:
        """Return a population by name; raises UnknownNameError."""
        if name not in self.populations:
            raise UnknownNameError(
                f"network '{self.name}' has no population '{name}': {suggest(name, self.populations)}"
            )
        return self.populations[name]

    def parts(self) -> Iterator[Part]:
        """Yield every part in the order in which a copy has to add them."""
        for group in (self.populations, self.parameters, self.projections, self.externals):
            yield from group.values()
        yield from self.recorders
        yield from self.clamps
        yield from self.operations
        yield from self.stops.values()

    def copy(self) -> Network:
        """Return a network of the same parts, to which more can be added."""
        return Network(self.name, self.dt).add(*self.parts())

    def fixed(self) -> Network:
        """Return a copy for a simulation; from now on `add` raises, since the simulation would not notice."""
        own = self.copy()
        self._simulated = own._simulated = True
        return own

    def _new(self, name: str, group: dict[str, Any]) -> dict[str, Any]:
        taken = (self.populations, self.projections, self.parameters, self.externals, self.stops)
        if any(name in other for other in taken):
            raise DescriptionError(
                f"network '{self.name}': the name '{name}' is already taken: choose another"
            )
        return group

    def _check_projection(self, projection: Projection) -> None:
        for end in (projection.source, projection.target):
            if end not in self.populations:
                hint = suggest(split(end)[0], self.populations)
                raise UnknownNameError(f"projection '{projection.name}': no population '{end}': {hint}")

    def _check_recorder(self, recorder: Recorder) -> None:
        known = {**self.populations, **self.projections, **self._events()}
        if recorder.target in self._events() and recorder.variable != "spikes":
            raise DescriptionError(
                f"recorder of '{recorder.key}': an event has a time and nothing else: leave the variable out"
            )
        if recorder.target not in known:
            raise UnknownNameError(
                f"recorder of '{recorder.key}': nothing has this name: {suggest(recorder.target, known)}"
            )
        if any(recorder.key == other.key for other in self.recorders):
            raise DescriptionError(
                f"recorder of '{recorder.key}' already exists: give one of them another name, as name='second'"
            )

    def _check_operated(self, part: Operation | Stop) -> None:
        if part.target in self.projections:
            raise DescriptionError(
                f"{part}: '{part.target}' is a projection: give its synapse a rule, or call a function by "
                "run(..., call=function, every=time)"
            )
        if "[" in part.target:
            raise DescriptionError(
                f"{part}: '{part.target}' names some neurons: name the population, and let a parameter choose"
            )
        if part.target not in self.populations:
            raise UnknownNameError(
                f"{part}: no population '{part.target}': {suggest(part.target, self.populations)}"
            )

    def _events(self) -> dict[str, str]:
        """Return the conditions of events by their names, as 'population.event'."""
        return {
            f"{p.name}.{n}": text for p in self.populations.values() for n, text in p.model.events.items()
        }

    def _check_clamp(self, clamp: Clamp) -> None:
        known = {**self.populations, **self.projections}
        if clamp.target not in known:
            raise UnknownNameError(f"{clamp}: nothing has this name: {suggest(clamp.target, known)}")

    def __str__(self) -> str:
        from neurosim.model.summary import summary

        return summary(self)

    def _repr_html_(self) -> str:
        from neurosim.model.notebook import network_html

        return network_html(self)

    def __repr__(self) -> str:
        return f"<Network '{self.name}': {len(self.populations)} populations, {len(self.projections)} projections>"
