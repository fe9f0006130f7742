"""From a population to a unit: options filled in, gains and activity written out, random draws named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION

from neurosim.compiler.equations.dimensions import expect, expect_condition, expect_statement
from neurosim.compiler.equations.draws import Draw, with_draws
from neurosim.compiler.equations.forms import PopulationEquations
from neurosim.compiler.equations.names import (
    CLOCK,
    RESERVED,
    SECOND,
    check_variable,
    modulator_name,
    output_dimension,
    renamed,
    renamed_statements,
)
from neurosim.errors import DescriptionError, SignalMissing
from neurosim.model.expressions import (
    Statement,
    check_expression,
    names_in,
    parse_statements,
    substitute,
)
from neurosim.model.network import Network
from neurosim.model.neuron import METHODS
from neurosim.model.parameters import Parameter
from neurosim.model.parts import Population
from neurosim.model.rule import NeuronRule, RuleSignal
from neurosim.model.source import SourceModel
from neurosim.model.units import DIMENSIONLESS, Dimension, dimension_of, quantity
from neurosim.model.values import resolve, value_dimension
from neurosim.registry import suggest


class _Draft:
    """A unit while it is written out; `finish` checks units and freezes it."""

    def __init__(self, population: Population, network: Network, seed: int) -> None:
        self.population = population
        self.network = network
        self.model = population.model
        self.where = f"population '{population.name}'"
        self.seed = seed
        self.dimensions: dict[str, Dimension] = dict(CLOCK)
        self.derivatives: dict[str, str] = {}
        self.definitions: dict[str, str] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.states: dict[str, np.ndarray] = {}
        self.ports: list[str] = []
        self.frozen: set[str] = set()
        self.draws: dict[str, Draw] = {}
        self.adaptation: dict[str, str] = {}
        self.samples: dict[str, str] = {}
        self.each: set[str] = set()
        self.gains: dict[str, str] = {}
        self.output_gains: list[str] = []
        self.factors: dict[str, list[str]] = {}
        self.offsets: dict[str, list[str]] = {}
        self.model_resets = 0
        self.reset: tuple[Statement, ...] = ()
        self.threshold: str | None = None

    def declare(self, name: str, dim: Dimension) -> None:
        check_variable(name, {*self.dimensions, *RESERVED - {"output"}}, self.where)
        self.dimensions[name] = dim

    def constant(self, name: str, value: Any, declared: Parameter | None = None) -> None:
        where = f"{self.population.name}.{name}"
        dim = value_dimension(value, where)
        self.declare(name, dim)
        self.constants[name] = resolve(value, dim, self.population.size, self.seed, where)
        if declared is not None:
            declared.check_bounds(self.constants[name], where)

    def state(self, name: str, dim: Dimension, initial: Any) -> None:
        self.declare(name, dim)
        initial = self.population.initial.get(name, initial)
        value = resolve(initial, dim, self.population.size, self.seed, f"{self.population.name}.{name}")
        self.states[name] = np.broadcast_to(value, (self.population.size,)).copy()

    def read_model(self) -> None:
        if not isinstance(self.model, SourceModel):
            for name, value in self.model.values().items():
                self.constant(name, value, self.model.parameters[name])
        for name, equation in self.model.parsed().items():
            if equation.type == PARAMETER and "state" not in equation.flags:
                self.declare(name, equation.dim)
                self.ports.append(name)
            elif equation.type == SUBEXPRESSION:
                self.declare(name, equation.dim)
                self.definitions[name] = self.drawn(equation.expr.code)
            else:
                self.state(name, equation.dim, self.initial(name, equation.dim))
                if equation.type == DIFFERENTIAL_EQUATION:
                    self.derivatives[name] = self.drawn(equation.expr.code)
                if "unless refractory" in equation.flags:
                    self.frozen.add(name)
        if self.model.threshold is not None:
            check_expression(self.model.threshold, f"{self.where}.threshold")
            self.threshold = self.drawn(self.model.threshold)
        statements = parse_statements(self.model.reset, f"{self.where}.reset")
        self.reset = tuple(Statement(s.target, s.op, self.drawn(s.expression)) for s in statements)
        self.model_resets = len(self.reset)
        if self.model.output is not None:
            if self.model.output not in {*self.states, *self.definitions}:
                self.refuse_name("output", self.model.output, {*self.states, *self.definitions})
            self.dimensions["output"] = self.dimensions[self.model.output]
            self.definitions["output"] = self.model.output

    def initial(self, name: str, dim: Dimension) -> Any:
        value = self.model.initial.get(name, _zero(dim))
        if not isinstance(value, str):
            return value
        if value not in self.model.parameters:
            self.refuse_name(f"initial {name}", value, self.model.parameters)
        return getattr(self.model, value)

    def refuse_name(self, fact: str, name: str, known: Iterable[str]) -> NoReturn:
        model = type(self.model).__name__
        raise DescriptionError(
            f"{self.where}: {model}.{fact} is '{name}', which is not there: {suggest(name, known)}"
        )

    def drawn(self, text: str) -> str:
        """Replace xi, rand() and randn() by variables that hold one draw per unit and step."""
        if "xi" in names_in(text):
            # Not named xi_...: Brian2 takes that for noise of its own.
            self.draw("draw_xi", "normal")
            text = substitute(text, {"xi": "(draw_xi / sqrt(dt))"})
        return with_draws(
            text, lambda call, kind: self.draw(f"{call}_draw_{len(self.draws)}", kind), self.where
        )

    def draw(self, name: str, kind: Draw) -> str:
        if name not in self.draws:
            self.draws[name] = kind
            self.declare(name, DIMENSIONLESS)
        return name

    def read_rule(self, rule: NeuronRule) -> None:
        title = f"{type(rule).__name__} on {self.where}"
        own_names = (*rule.parameters, *rule.traces, *rule.gains, *rule.offsets)
        names = {name: f"{rule.prefix}_{name}" for name in own_names}
        for name, value in rule.values().items():
            self.constant(names[name], value, rule.parameters[name])
        for name, signal in rule.signals.items():
            names[name] = self.activity(rule) if signal.name == "activity" else self.variable(rule, signal)
        for name, population in rule.modulators.items():
            names[name] = modulator_name(self.network, population, self.population.size, title)
            if self.network.populations[population].size > 1:
                self.each.add(names[name])
            self.dimensions[names[name]] = output_dimension(self.network, population)
        for name, trace in rule.traces.items():
            start = trace.start(rule)
            self.state(names[name], dimension_of(start), start)
            self.adaptation[names[name]] = renamed(trace.derivative or "0", names, f"{title}, d{name}/dt")
        for name, gain in rule.gains.items():
            self.state(names[name], DIMENSIONLESS, gain.initial)
            self.multiply(gain.multiplies, names[name], rule)
            self.change(rule, name, names)
        for name, offset in rule.offsets.items():
            if offset.adds_to not in {*self.ports, *self.constants}:
                known = [*self.ports, *self.constants]
                raise SignalMissing(
                    f"{title}: no '{offset.adds_to}' to add to: {suggest(offset.adds_to, known)}"
                )
            self.state(names[name], self.dimensions[offset.adds_to], _zero(self.dimensions[offset.adds_to]))
            self.offsets.setdefault(offset.adds_to, []).append(names[name])
            self.change(rule, name, names)
        self.on_spike(rule, names, title)

    def change(self, rule: NeuronRule, name: str, names: dict[str, str]) -> None:
        text = getattr(rule, f"d{name}", None)
        if text is None:
            if not rule.on_spike:
                raise DescriptionError(
                    f"{type(rule).__name__}.{name}: nothing changes it: give d{name} = '...'"
                )
            return
        check_expression(text, f"{type(rule).__name__}.d{name}")
        changes = self.samples if rule.clock == "sample" else self.adaptation
        changes[names[name]] = renamed(text, names, f"{type(rule).__name__} on {self.where}, d{name}")

    def on_spike(self, rule: NeuronRule, names: dict[str, str], title: str) -> None:
        kept = (*rule.traces, *rule.gains, *rule.offsets)
        statements = renamed_statements(rule.on_spike, names, kept, f"{title}, on_spike")
        if statements and self.threshold is None:
            raise SignalMissing(
                f"{title}: it needs spikes, which '{self.population.name}' does not have: use a LIF"
            )
        self.reset += tuple(statements)

    def multiply(self, port: str, gain: str, rule: NeuronRule) -> None:
        if port == "output":
            if "output" not in self.definitions:
                raise SignalMissing(
                    f"{type(rule).__name__} on {self.where}: it has no graded output: use a rate unit"
                )
            self.definitions["output"] = f"{gain} * ({self.definitions['output']})"
            self.output_gains.append(gain)
        elif port in self.ports:
            self.factors.setdefault(port, []).append(gain)
        elif port in self.derivatives:
            earlier = self.gains.get(port)
            self.gains[port] = gain if earlier is None else f"{earlier} * {gain}"
        else:
            known = [*self.ports, *self.derivatives, "output"]
            raise SignalMissing(
                f"{type(rule).__name__} on {self.where}: no port '{port}': {suggest(port, known)}"
            )

    def adjust(self) -> None:
        """Write gains of graded ports and offsets into the model's own texts; rules go on reading the plain values."""
        changed = {}
        for name in {**self.factors, **self.offsets}:
            product = " * ".join([*self.factors.get(name, ()), name])
            changed[name] = "(" + " + ".join([product, *self.offsets.get(name, ())]) + ")"
        self.definitions = {n: substitute(t, changed) for n, t in self.definitions.items()}
        self.derivatives = {n: substitute(t, changed) for n, t in self.derivatives.items()}
        self.threshold = None if self.threshold is None else substitute(self.threshold, changed)
        model, rest = self.reset[: self.model_resets], self.reset[self.model_resets :]
        self.reset = (*(Statement(s.target, s.op, substitute(s.expression, changed)) for s in model), *rest)

    def variable(self, rule: NeuronRule, signal: RuleSignal) -> str:
        name = signal.name
        if signal.number and self.dimensions.get(name, DIMENSIONLESS) is not DIMENSIONLESS:
            raise SignalMissing(
                f"{type(rule).__name__} on {self.where}: it needs '{name}' without unit: use a rate unit"
            )
        if name not in self.dimensions:
            raise SignalMissing(
                f"{type(rule).__name__} on {self.where}: it needs '{name}', which {type(self.model).__name__} has not: "
                f"{suggest(name, self.dimensions)}"
            )
        return name

    def activity(self, rule: NeuronRule) -> str:
        """Return the name of the population's activity before any gain, adding it where it is not there yet."""
        if "activity" in self.dimensions:
            return "activity"
        if self.model.output is not None:
            self.declare("activity", DIMENSIONLESS)
            self.definitions["activity"] = normalised(self, self.model.output)
            return "activity"
        if self.threshold is None:
            raise SignalMissing(
                f"{type(rule).__name__} on {self.where}: a spike source has no activity: use a neuron"
            )
        self.state("activity", DIMENSIONLESS, 0.0)
        self.constant("activity_window", self.population.activity_window)
        self.constant("reference_rate", self.population.reference_rate)
        self.derivatives["activity"] = "-activity/activity_window"
        self.reset += (Statement("activity", "+=", "1/(activity_window*reference_rate)"),)
        return "activity"

    def check(self) -> None:
        known = self.dimensions
        if self.model.method not in METHODS:
            raise DescriptionError(
                f"{self.where}: method '{self.model.method}': {suggest(self.model.method, METHODS)}"
            )
        if "draw_xi" in self.draws and self.model.method != "euler":
            raise DescriptionError(
                f"{self.where}: white noise xi needs method 'euler', not '{self.model.method}'"
            )
        for name, text in self.definitions.items():
            expect(text, known[name], known, f"{self.where}, '{name}'")
        for name, text in {**self.derivatives, **self.adaptation}.items():
            expect(text, known[name] / SECOND, known, f"{self.where}, d{name}/dt")
        for name, text in self.samples.items():
            expect(text, known[name], known, f"{self.where}, change of {name}")
        for statement in self.reset:
            expect_statement(statement, known, self.states, f"{self.where}, reset")
        if self.threshold is not None:
            expect_condition(self.threshold, known, f"{self.where}, threshold")
        if self.model.refractory is not None:
            seconds = [name for name in self.constants if known[name] is SECOND]
            if self.model.refractory not in seconds:
                self.refuse_name("refractory", self.model.refractory, seconds)
        for name in {**self.population.initial, **self.model.initial}:
            if name not in self.states:
                raise DescriptionError(
                    f"{self.where}: initial '{name}' is not a state: {suggest(name, self.states)}"
                )

    def finish(self) -> PopulationEquations:
        self.check()
        return PopulationEquations(
            described=self.population,
            dimensions=self.dimensions,
            derivatives=self.derivatives,
            frozen=frozenset(self.frozen),
            definitions=self.definitions,
            ports=tuple(self.ports),
            constants=self.constants,
            states=self.states,
            threshold=self.threshold,
            reset=self.reset,
            refractory=self.model.refractory,
            method=self.model.method,
            adaptation=self.adaptation,
            samples=self.samples,
            draws=self.draws,
            gains=self.gains,
            each=frozenset(self.each),
            output_gains=tuple(self.output_gains),
            source=self.model if isinstance(self.model, SourceModel) else None,
            graded=self.model.output is not None,
        )


def normalised(draft: _Draft, output: str) -> str:
    """Return the expression of a graded output over the reference rate, if it has the unit of a rate."""
    if draft.dimensions[output] is DIMENSIONLESS:
        return output
    if draft.dimensions[output] is not dimension_of(draft.population.reference_rate):
        raise SignalMissing(
            f"{draft.where}: its output '{output}' is neither a number nor a rate: no activity"
        )
    if "reference_rate" not in draft.constants:
        draft.constant("reference_rate", draft.population.reference_rate)
    return f"{output}/reference_rate"


def _zero(dim: Dimension) -> Any:
    return quantity(0.0, dim)


def population_equations(population: Population, network: Network, seed: int) -> PopulationEquations:
    """Return the population written out; raises DescriptionError on units, names or rules that do not fit."""
    draft = _Draft(population, network, seed)
    draft.read_model()
    for rule in population.rules:
        draft.read_rule(rule)
    draft.adjust()
    return draft.finish()
