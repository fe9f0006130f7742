"""From a population to its equations: options filled in, gains and activity written out, random draws named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
from brian2 import second
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION

from neurosim.compiler.equations.bounds import check_limits
from neurosim.compiler.equations.dimensions import dimension, expect, expect_condition, expect_statements
from neurosim.compiler.equations.events import Event
from neurosim.compiler.equations.forms import PopulationEquations, Regular, System
from neurosim.compiler.equations.groups import Grouped, sizes_in, with_groups
from neurosim.compiler.equations.names import (
    ACTIVE,
    FOREVER,
    LAST_SPIKE,
    RESERVED,
    SECOND,
    check_variable,
    defines,
    local,
    part_of,
)
from neurosim.compiler.equations.neuron_rules import NeuronRules
from neurosim.compiler.equations.noise import check_noise, is_noise, white_noises
from neurosim.compiler.equations.scope import Scope
from neurosim.compiler.equations.synapses import KeptSynapses
from neurosim.compiler.equations.timed import Timed, on_grid, with_signals
from neurosim.errors import DescriptionError
from neurosim.model.computed import computed
from neurosim.model.expressions import (
    GROUPED,
    Statement,
    check_expression,
    expression,
    names_in,
    parse_statements,
    substitute,
    substitute_all,
)
from neurosim.model.network import Network
from neurosim.model.neuron import METHODS, texts_of
from neurosim.model.parts import Population
from neurosim.model.source import SourceModel
from neurosim.model.timed import TimedSignal
from neurosim.model.times import nearest_step
from neurosim.model.units import DIMENSIONLESS, Dimension, quantity, scalar_in_si
from neurosim.model.values import Distribution, resolve
from neurosim.registry import suggest

NEVER = -1e4
"""The time of the last spike of a neuron that has not spiked, as in Brian2 (s)."""


def population_equations(
    population: Population, network: Network, seed: int
) -> tuple[PopulationEquations, Mapping[str, Event]]:
    """Return the population written out and its events; DescriptionError on units, names or rules that do not fit."""
    written = _Model(population, network.step, seed)
    rules = NeuronRules(written, network)
    for rule in population.rules:
        rules.read(rule)
    written.read_operations(network)
    written.change(rules.adjusted())
    kept = KeptSynapses(written, network)
    for projection in network.projections.values():
        kept.read(projection)
    kept.feed()
    kept.answer(written.events)
    found = PopulationEquations(
        written.scope.variables,
        population,
        derivatives=written.derivatives,
        frozen=frozenset(written.frozen),
        definitions=written.definitions,
        maps=written.maps,
        ports=(*written.ports, *written.groups),
        groups=written.groups,
        threshold=written.threshold,
        refractory=written.refractory,
        rests=written.rests,
        reset=(*written.reset, *rules.reset, *kept.reset),
        each_step=rules.each_step,
        presentation=rules.presentation,
        synapses=tuple(kept.systems),
        gains=rules.gains,
        output_gains=tuple(rules.output_gains),
        totals=rules.totals,
        operations=tuple(written.operations),
        stops=written.stops,
        signals=written.signals,
    )
    _check(found, written)
    check_limits(rules.limits, found.constants, found.states, written.scope.where)
    return found, written.events


class _Model:
    """The equations of a population's model, which rules add to."""

    def __init__(self, population: Population, step: float, seed: int) -> None:
        self.population = population
        self.step = step
        self.model = population.model
        self.scope = Scope(population.name, f"population '{population.name}'", "output", seed)
        self.derivatives: dict[str, str] = {}
        self.definitions: dict[str, str] = {}
        self.maps: dict[str, str] = {}
        self.ports: list[str] = []
        self.groups: dict[str, Grouped] = {}
        self.frozen: set[str] = set()
        self.given: set[str] = set()
        self._sizes: set[str] = set()
        self._own = {*self.model.parameters, *self.model.parsed()}
        self.threshold: str | None = None
        self.events: dict[str, Event] = {}
        self.reset: list[Statement] = []
        self.refractory: str | None = None
        self.rests: str | None = None
        self.operations: list[Regular] = []
        self.stops: dict[str, str] = {}
        self.signals: dict[str, Timed] = {}
        self._read_parameters()
        self._read_refractoriness()
        self._read_equations()
        self._read_events()
        self._read_output()
        self._close_groups()

    def state(self, name: str, dim: Dimension, initial: Any) -> None:
        """Declare a state and its value at the start, unless the population gives another."""
        scope, size = self.scope, self.population.size
        scope.declare(name, dim)
        initial = self._given(name, initial)
        value = resolve(initial, dim, size, scope.seed, f"{self.population.name}.{name}")
        scope.states[name] = np.broadcast_to(value, (size,)).copy()

    def change(self, texts: Mapping[str, str]) -> None:
        """Replace names by expressions wherever the model itself reads them."""
        self.definitions = {n: substitute(t, texts) for n, t in self.definitions.items()}
        self.derivatives = {n: substitute(t, texts) for n, t in self.derivatives.items()}
        self.maps = {n: substitute(t, texts) for n, t in self.maps.items()}
        self.groups = {
            n: replace(g, expression=substitute(g.expression, texts)) for n, g in self.groups.items()
        }
        self.threshold = None if self.threshold is None else substitute(self.threshold, texts)
        self.reset = [Statement(s.target, s.op, substitute(s.expression, texts)) for s in self.reset]
        for event in self.events.values():
            event.condition = substitute(event.condition, texts)
            event.statements = [
                Statement(s.target, s.op, substitute(s.expression, texts)) for s in event.statements
            ]

    def refuse_name(self, fact: str, name: str, known: Iterable[str]) -> NoReturn:
        """Refuse the name that a fact of the model gives."""
        raise DescriptionError(
            f"{self.scope.where}: {type(self.model).__name__}.{fact} is '{name}', which does not exist: "
            f"{suggest(name, known)}"
        )

    def _read_parameters(self) -> None:
        if not isinstance(self.model, SourceModel):
            for name, value in self.model.values().items():
                if isinstance(value, TimedSignal):
                    where = f"{self.population.name}.{name}"
                    self.signals[name] = on_grid(value, self.population.size, self.step, where)
                    continue
                self.scope.parameter(name, value, self.population.size, self.model.parameters[name])

    def _read_equations(self) -> None:
        maps = self.model.maps()
        for name, equation in self.model.parsed().items():
            if equation.type == PARAMETER and "input" in equation.flags:
                self.scope.declare(name, equation.dim)
                self.ports.append(name)
            elif {"constant", "shared"} & {*equation.flags}:
                self._constant(name, equation.dim, "shared" in equation.flags)
            elif equation.type == SUBEXPRESSION:
                self.scope.declare(name, equation.dim)
                self.definitions[name] = self._drawn(equation.expr.code)
            else:
                self.state(name, equation.dim, self._initial(name, equation.dim))
                if equation.type == DIFFERENTIAL_EQUATION:
                    self.derivatives[name] = self._drawn(equation.expr.code)
                if name in maps:
                    self.maps[name] = self._mapped(name, maps[name])
                if "unless refractory" in equation.flags:
                    self.frozen.add(name)

    def _read_refractoriness(self) -> None:
        """Note how long neurons rest, and declare the time of the last spike if the model speaks of it."""
        model, text = self.model, self.model.refractory
        if text is not None and not text.isidentifier():
            check_expression(text, f"{self.scope.where}.refractory")
            self.rests = text
            text = self.scope.made(part_of("refractory", "period"), FOREVER * self.step * second)
        self.refractory = text
        spoken = (
            *texts_of(model.parsed()).values(),
            *model.maps().values(),
            *model.events.values(),
            *model.on_event.values(),
            model.threshold or "",
            model.reset,
        )
        words = {word for spoken_of in (*spoken, self.rests or "") for word in re.findall(r"\w+", spoken_of)}
        if "not_refractory" in words:
            if text is None:
                raise DescriptionError(
                    f"{self.scope.where}: not_refractory, of a model without refractory: give one, or remove it"
                )
            self.scope.add(ACTIVE, DIMENSIONLESS)
        if LAST_SPIKE in words:
            if model.threshold is None:
                raise DescriptionError(
                    f"{self.scope.where}: lastspike, of a model without threshold: give one"
                )
            self.scope.add(LAST_SPIKE, SECOND)
            start = self.population.initial.get(LAST_SPIKE, NEVER * second)
            value = resolve(
                start, SECOND, self.population.size, self.scope.seed, f"{self.scope.name}.{LAST_SPIKE}"
            )
            self.scope.states[LAST_SPIKE] = np.broadcast_to(value, (self.population.size,)).copy()
            self.reset.append(Statement(LAST_SPIKE, "=", "t"))

    def _mapped(self, name: str, text: str) -> str:
        """Return the new value of a state that is a map."""
        if white_noises(text, self._own):
            raise DescriptionError(
                f"{self.scope.where}, {name}': white noise is of equations in time: use randn()"
            )
        return self._drawn(text)

    def _close_groups(self) -> None:
        """Declare what is worked out over groups, once all that it reads is known; sizes of groups are no constants."""
        for name, group in self.groups.items():
            self.scope.add(name, dimension(group.expression, self.scope.dimensions, self.scope.where))
        for name in self._sizes:
            self.scope.constants.pop(name, None)
            self.scope.dimensions.pop(name, None)

    def _group(self, group: Grouped) -> str:
        """Return the name of what is worked out over groups."""
        known = next((n for n, g in self.groups.items() if g == group), None)
        name = known or part_of(group.function, str(len(self.groups)))
        self.groups[name] = group
        return name

    def _read_events(self) -> None:
        if self.model.threshold is not None:
            check_expression(self.model.threshold, f"{self.scope.where}.threshold", self.model.calls)
            self.threshold = self._drawn(self.model.threshold)
        self.reset += self._statements(self.model.reset, f"{self.scope.where}.reset")
        if self.rests is not None:
            self.rests = self._drawn(self.rests)
        for name, condition in self.model.events.items():
            where = f"{self.scope.where}, event '{name}'"
            check_expression(condition, where)
            self.events[name] = Event(
                self._drawn(condition), self._statements(self.model.on_event.get(name, ""), where)
            )

    def _statements(self, text: str, where: str) -> list[Statement]:
        """Return statements, with draws named and variables of their own as locals."""
        own: dict[str, str] = {}
        found, statements = list[Statement](), parse_statements(text, where, self.model.calls)
        for place, s in enumerate(statements):
            value = substitute(self._drawn(s.expression), own)
            if defines(statements, place, {*self.scope.dimensions, *own}):
                check_variable(s.target, RESERVED, where)
                own[s.target] = local(s.target)
            found.append(Statement(own.get(s.target, s.target), s.op, value))
        return found

    def read_operations(self, network: Network) -> None:
        """Note what is done at regular times, and conditions that end a run, of this population."""
        for number, operation in enumerate(network.operations):
            if operation.target != self.population.name:
                continue
            where = f"operation {number} on '{operation.target}'"
            every = scalar_in_si(operation.every, SECOND, where) / self.step
            if abs(every - round(every)) > 1e-6 or round(every) < 1:
                raise DescriptionError(
                    f"{where}: every = {operation.every} is not a whole number of steps of {network.dt}: change it"
                )
            first = int(nearest_step(scalar_in_si(operation.start, SECOND, where), self.step))
            statements = self._statements(operation.statements, where)
            if any(ACTIVE in names_in(s.expression) for s in statements):
                raise DescriptionError(
                    f"{where}: not_refractory belongs into dx/dt, threshold or reset: move it"
                )
            expect_statements(statements, self.scope.dimensions, self.scope.states, where)
            self.operations.append(Regular(first, round(every), tuple(statements)))
        for number, stop in enumerate(network.stops.values()):
            if stop.target == self.population.name:
                check_expression(stop.condition, f"{stop}", self.model.calls)
                text = self._drawn(stop.condition)
                expect_condition(text, self.scope.dimensions, f"{stop}")
                self.stops[stop.name] = self.scope.add(part_of("stop", str(number)), DIMENSIONLESS)
                self.definitions[self.stops[stop.name]] = f"int({text})"

    def _read_output(self) -> None:
        output, known = self.model.output, {*self.scope.states, *self.definitions}
        if output is None:
            return
        if output not in known:
            self.refuse_name("output", output, known)
        self.scope.add("output", self.scope.dimensions[output])
        self.definitions["output"] = output

    def _constant(self, name: str, dim: Dimension, shared: bool) -> None:
        """Declare a variable that no event changes, with one value for all neurons or one for each."""
        size = self.population.size
        value = self._given(name, self._initial(name, dim))
        where = f"{self.population.name}.{name}"
        if shared and np.ndim(value):
            raise DescriptionError(f"{where} is (shared), one number for all neurons: give one")
        self.scope.declare(name, dim)
        found = resolve(value, dim, 1 if shared else size, self.scope.seed, where)
        self.scope.constants[name] = found.reshape(()) if shared else np.broadcast_to(found, (size,)).copy()
        self.given.add(name)

    def _given(self, name: str, otherwise: Any) -> Any:
        """Return the value that the population gives a variable, a text with the parameters of the model."""
        parameters = {
            n: v for n, v in self.model.values().items() if not isinstance(v, Distribution | TimedSignal)
        }
        return computed(self.population.initial.get(name, otherwise), parameters)

    def _initial(self, name: str, dim: Dimension) -> Any:
        value = self.model.initial.get(name, quantity(0.0, dim))
        if not isinstance(value, str):
            return value
        if value not in self.model.parameters:
            self.refuse_name(f"initial {name}", value, self.model.parameters)
        return getattr(self.model, value)

    def _drawn(self, text: str) -> str:
        """Replace xi and other random numbers by variables that hold one draw per unit and step."""
        text = substitute(text, self.scope.noises(text, self._own))
        text = substitute(text, {"not_refractory": ACTIVE})
        text = substitute(text, self.scope.units(text, {*self._own, *self.scope.dimensions}))
        where = self.scope.where
        text = with_signals(
            text,
            self.signals,
            lambda signal, late: self.scope.look(self.signals[signal], signal, late),
            where,
        )
        text = self.scope.drawn(text, whole=True)
        if not expression(text).calls & GROUPED:
            return text
        constants = {n: v for n, v in self.scope.constants.items() if n in self.model.parameters}
        self._sizes |= sizes_in(text) & constants.keys()
        return with_groups(text, constants, self.population.size, self._group, self.scope.where)


def _check(found: PopulationEquations, written: _Model) -> None:
    known, where = found.dimensions, written.scope.where
    if found.method not in METHODS:
        raise DescriptionError(f"{where}: method '{found.method}': {suggest(found.method, METHODS)}")
    if found.described.substeps > 1 and found.method == "exact":
        raise DescriptionError(f"{where}: method 'exact' has no error that substeps lower: remove them")
    texts = {n: substitute_all(t, found.definitions) for n, t in found.dynamics.items()}
    if found.described.substeps > 1 and any(
        is_noise(x) for n in found.derivatives for x in names_in(texts[n])
    ):
        raise DescriptionError(f"{where}: white noise is drawn once in a step: lower dt in place of substeps")
    for system in (System(where, found.method, found.derivatives), *found.synapses) if found.draws else ():
        check_noise({n: texts[n] for n in system.derivatives}, system.method, system.where, found.dynamics)
    if found.maps and found.derivatives:
        raise DescriptionError(
            f"{where}: '{min(found.maps)}' is a map and '{min(found.derivatives)}' follows an equation in time: put "
            "them into two populations"
        )
    for name, text in found.maps.items():
        expect(text, known[name], known, f"{where}, {name}'")
    for name, text in found.definitions.items():
        if ACTIVE in names_in(text):
            raise DescriptionError(
                f"{where}, '{name}': not_refractory belongs into dx/dt, threshold or reset: move it"
            )
        expect(text, known[name], known, f"{where}, '{name}'")
    for name, text in {**found.derivatives, **found.each_step.changes}.items():
        expect(text, known[name] / SECOND, known, f"{where}, d{name}/dt")
    for name, text in found.presentation.changes.items():
        expect(text, known[name], known, f"{where}, change of {name}")
    expect_statements(found.reset, known, found.states, f"{where}, reset")
    if found.threshold is not None:
        expect_condition(found.threshold, known, f"{where}, threshold")
    for name, event in written.events.items():
        title = f"{where}, event '{name}'"
        expect_condition(event.condition, known, title)
        expect_statements(event.statements, known, found.states, title)
        if any(
            ACTIVE in names_in(text) for text in (event.condition, *(s.expression for s in event.statements))
        ):
            raise DescriptionError(
                f"{title}: not_refractory belongs into dx/dt, threshold or reset: read lastspike or a state of your own"
            )
    if found.rests is not None:
        expect_condition(found.rests, known, f"{where}, refractory")
    if written.frozen and found.refractory is None:
        raise DescriptionError(
            f"{where}: '{min(written.frozen)}' is (unless refractory), but the model has no refractory: give one, or "
            "remove the flag"
        )
    if found.refractory is not None:
        seconds = [name for name in found.constants if known[name] is SECOND]
        if found.refractory not in seconds:
            written.refuse_name("refractory", found.refractory, seconds)
    for name in {**found.described.initial, **found.described.model.initial}:
        if name not in found.states and name not in written.given:
            hint = suggest(name, [*found.states, *written.given])
            raise DescriptionError(f"{where}: initial '{name}' is not a state: {hint}")
