"""What synapses with equations keep at a population: states, parameters and currents, under names of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, SingleEquation

from neurosim.compiler.equations.dimensions import expect, expect_statements
from neurosim.compiler.equations.events import Event
from neurosim.compiler.equations.forms import End, System
from neurosim.compiler.equations.names import (
    CLOCK,
    RESERVED,
    SECOND,
    check_variable,
    part_of,
    renamed,
    renamed_statements,
)
from neurosim.compiler.equations.neuron_rules import visible
from neurosim.compiler.equations.noise import white_noises
from neurosim.compiler.equations.scope import Scope
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, check_expression, names_in
from neurosim.model.network import Network
from neurosim.model.neuron import METHODS, parse_equations
from neurosim.model.parts import Population, Projection
from neurosim.model.units import Dimension, product_of_bases, quantity
from neurosim.model.values import Distribution, resolve, value_dimension
from neurosim.registry import suggest

CURRENT = "current"
"""The name of what a port receives of a synapse whose states are kept at the target."""


def kept_name(name: str, projection: str) -> str:
    """Return the name that a population gives to what the synapse of a projection keeps there."""
    return part_of(name, "of", projection)


def input_advice(port: str, parsed: Mapping[str, SingleEquation], inputs: list[str]) -> str:
    """Return what to write where a port is no input of a model: its flag, if it is a variable without equation."""
    if port in parsed and parsed[port].type == PARAMETER:
        return f"write '{port} : {product_of_bases(parsed[port].dim)} (input)' in the equations"
    return suggest(port, inputs)


class Model(Protocol):
    """The equations of a population's model, as far as synapses need them."""

    population: Population
    scope: Scope
    definitions: dict[str, str]
    ports: list[str]


@dataclass
class _Names:
    """What texts of a synapse may hold: the name of each in the population, and its dimension."""

    here: dict[str, str]
    dimensions: dict[str, Dimension]

    def add(self, name: str, here: str, dimension: Dimension) -> None:
        self.here[name], self.dimensions[name] = here, dimension


class KeptSynapses:
    """What the synapses of all projections keep at one population, read one after the other.

    systems, their differential equations; reset, statements that a spike of the population runs.
    """

    def __init__(self, model: Model, network: Network) -> None:
        self.model, self.network = model, network
        self.scope, self.population = model.scope, model.population
        self.systems: list[System] = []
        self.reset: list[Statement] = []
        self._at_events: list[tuple[str, Statement]] = []
        self._own = {n: self.scope.dimensions[n] for n in visible(self.scope.dimensions) if n not in CLOCK}
        self._currents: dict[str, list[str]] = {}

    def read(self, projection: Projection) -> None:
        """Write out what the synapse of a projection keeps here, if anything."""
        synapse = projection.synapse
        ends: dict[End, str] = {"pre": projection.source, "post": projection.target}
        if not synapse.equations or ends[synapse.end] != self.population.name:
            return
        where = f"projection '{projection.name}', {type(synapse).__name__}"
        unit = self._unit(projection, where)
        names = _Names({}, dict(CLOCK))
        for name, dim in self._own.items():
            names.add(f"{name}_{synapse.end}", name, dim)
        equations = parse_equations(synapse.filled(synapse.equations, unit), type(synapse).__name__)
        for name, value in synapse.values().items():
            self._constant(name, value, names, projection.name, where)
        texts = [e.expr.code for e in equations.values() if e.expr is not None]
        texts += [synapse.filled(text) for text in (synapse.on_pre, synapse.current) if text]
        for name, kept in self.scope.units(" ".join(texts), {*names.here, *equations}).items():
            names.add(name, kept, self.scope.dimensions[kept])
        for name, equation in equations.items():
            self._declare(name, equation, names, projection.name, where)
        self._equations(projection, {n: e for n, e in equations.items() if e.expr is not None}, names, where)
        if synapse.end == "pre":
            self._spikes(
                projection, [n for n, e in equations.items() if e.type != SUBEXPRESSION], names, where
            )
        else:
            self._current(projection, unit, names, where)

    def feed(self) -> None:
        """Let each port that synapses send currents to be the sum of its graded input and of these."""
        for port, currents in self._currents.items():
            part = part_of(port, "fed")
            self.scope.add(part, self.scope.dimensions[port])
            self.model.ports[self.model.ports.index(port)] = part
            self.model.definitions[port] = " + ".join([part, *currents])

    def answer(self, events: Mapping[str, Event]) -> None:
        """Add to events of the population what its synapses do at them."""
        for event, statement in self._at_events:
            events[event].statements.append(statement)

    def _unit(self, projection: Projection, where: str) -> Dimension:
        """Return the unit of the port of the target."""
        target = self.network.populations[projection.target]
        parsed, port = target.model.parsed(), projection.synapse.port
        inputs = [n for n, e in parsed.items() if "input" in e.flags]
        if port not in inputs:
            raise DescriptionError(
                f"{where}: '{projection.target}' has no input '{port}' to send a current to: "
                f"{input_advice(port, parsed, inputs)}"
            )
        return parsed[port].dim

    def _constant(self, name: str, value: Any, names: _Names, projection: str, where: str) -> None:
        check_variable(name, {*names.here, *RESERVED}, where)
        if isinstance(value, Distribution) or np.ndim(value):
            raise DescriptionError(
                f"{where}: '{name}' must be one number for the whole projection, whose states are kept per neuron: "
                "give one, or keep them per connection by a rule with synapse.variable"
            )
        dim, kept = value_dimension(value, where), kept_name(name, projection)
        self.scope.constants[kept] = resolve(value, dim, 1, self.scope.seed, f"{projection}.{name}")
        names.add(name, self.scope.add(kept, dim), dim)

    def _declare(
        self, name: str, equation: SingleEquation, names: _Names, projection: str, where: str
    ) -> None:
        check_variable(name, {*names.here, *RESERVED, CURRENT}, where)
        if equation.type == PARAMETER and {*equation.flags} - {"state"}:
            raise DescriptionError(
                f"{where}: '{name}' is ({', '.join(equation.flags)}), which a synapse has not: write (state), or "
                "dx/dt = ..., and for a constant a parameter"
            )
        if "unless refractory" in equation.flags:
            raise DescriptionError(f"{where}: '{name}' (unless refractory): synapses do not rest: remove it")
        kept = self.scope.add(kept_name(name, projection), equation.dim)
        names.add(name, kept, equation.dim)

    def _equations(
        self, projection: Projection, equations: Mapping[str, SingleEquation], names: _Names, where: str
    ) -> None:
        synapse, derivatives = projection.synapse, {}
        if synapse.method not in METHODS:
            raise DescriptionError(f"{where}: method '{synapse.method}': {suggest(synapse.method, METHODS)}")
        for name, equation in equations.items():
            moves, text = equation.type == DIFFERENTIAL_EQUATION, equation.expr.code
            title = f"{where}, d{name}/dt" if moves else f"{where}, '{name}'"
            if "output_pre" in names_in(text) and "output_pre" not in names.here:
                raise DescriptionError(f"{title}: '{projection.source}' has no graded output: read a state")
            for xi in white_noises(text, names.here) if moves else ():
                drawn = self.scope.draw("normal", "draw", xi, "of", projection.name)
                names.add(xi, f"({drawn} / sqrt(dt))", SECOND**-0.5)
            here = self.scope.drawn(renamed(text, names.here, title))
            expect(text, equation.dim / SECOND if moves else equation.dim, names.dimensions, title)
            if moves:
                derivatives[names.here[name]] = here
            else:
                self.model.definitions[names.here[name]] = here
        states = [n for n in names.here if self._is_state(n, projection.name, names)]
        for name in synapse.initial:
            if name not in states:
                raise DescriptionError(f"{where}: initial '{name}' is not a state: {suggest(name, states)}")
        for name in states:
            self._start(name, projection, names, where)
        self.systems.append(System(where, synapse.method, derivatives))

    def _is_state(self, name: str, projection: str, names: _Names) -> bool:
        kept = names.here[name]
        own = kept == kept_name(name, projection)
        return own and kept not in self.scope.constants and kept not in self.model.definitions

    def _start(self, name: str, projection: Projection, names: _Names, where: str) -> None:
        synapse, size, dim = projection.synapse, self.population.size, names.dimensions[name]
        value = synapse.initial.get(name, quantity(0.0, dim))
        if isinstance(value, str):
            if value not in synapse.parameters:
                raise DescriptionError(f"{where}: initial {name}: {suggest(value, synapse.parameters)}")
            value = getattr(synapse, value)
        start = resolve(value, dim, size, self.scope.seed, f"{projection.name}.{name}")
        self.scope.states[names.here[name]] = np.broadcast_to(start, (size,)).copy()

    def _spikes(self, projection: Projection, states: list[str], names: _Names, where: str) -> None:
        """Add what a spike of the source does to states that are kept at it."""
        synapse = projection.synapse
        if synapse.on_pre is None:
            return
        event = projection.event("pre")
        if event is None and not self.population.model.spiking:
            raise DescriptionError(
                f"{where}: '{projection.source}' does not spike: use a synapse without on_pre"
            )
        text = synapse.filled(synapse.on_pre)
        plain = renamed_statements(text, {n: n for n in names.here}, states, where, "state")
        expect_statements(plain, names.dimensions, states, f"{where}, on_pre")
        written = renamed_statements(text, names.here, states, where, "state")
        found = [Statement(s.target, s.op, self.scope.drawn(s.expression)) for s in written]
        if event is None:
            self.reset += found
        else:
            self._at_events += [(event, statement) for statement in found]

    def _current(self, projection: Projection, unit: Dimension, names: _Names, where: str) -> None:
        """Add the current to what the port of the target receives."""
        synapse = projection.synapse
        text = synapse.filled(synapse.current or "")
        check_expression(text, f"{where}, current")
        here = self.scope.drawn(renamed(text, names.here, f"{where}, current"))
        expect(text, unit, names.dimensions, f"{where}, current")
        kept = self.scope.add(kept_name(CURRENT, projection.name), unit)
        self.model.definitions[kept] = here
        self._currents.setdefault(synapse.port, []).append(kept)
