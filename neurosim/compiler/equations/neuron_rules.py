"""The rules of a population written out on its variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from neurosim.compiler.equations.bounds import Change, limited
from neurosim.compiler.equations.dimensions import dimension
from neurosim.compiler.equations.forms import Learning, Limit, Ref, Sum
from neurosim.compiler.equations.names import part_of, renamed, renamed_statements
from neurosim.compiler.equations.noise import check_noise
from neurosim.compiler.equations.scope import Scope
from neurosim.compiler.equations.weights import weight_dimension
from neurosim.errors import DescriptionError, SignalMissing, UnknownNameError
from neurosim.model.expressions import Statement, check_expression
from neurosim.model.network import Network
from neurosim.model.parts import Population
from neurosim.model.rule import NeuronRule, OwnTotal, RuleSignal
from neurosim.model.units import DIMENSIONLESS, Dimension, dimension_of, quantity
from neurosim.registry import suggest

_LEADS = {"post": "lead to", "pre": "leave"}


class Model(Protocol):
    """The equations of a population's model, as far as rules need them."""

    population: Population
    scope: Scope
    derivatives: dict[str, str]
    definitions: dict[str, str]
    ports: list[str]
    threshold: str | None

    def state(self, name: str, dim: Dimension, initial: Any) -> None:
        """Declare a state."""


class NeuronRules:
    """What the rules of a population add to its model, one after the other.

    reset, statements after those of the model; gains, of what is delivered to states; output_gains, of the output;
    limits, of what rules keep within bounds.
    """

    def __init__(self, model: Model, network: Network) -> None:
        self.model, self.network = model, network
        self.scope, self.population = model.scope, model.population
        self.reset: list[Statement] = []
        self.gains: dict[str, tuple[str, ...]] = {}
        self.output_gains: list[str] = []
        self.limits: list[Limit] = []
        self.totals: dict[str, tuple[str, Sum]] = {}
        self._active = False
        self._changes: dict[str, str] = {}
        self._presented: dict[str, str] = {}
        self._methods: dict[str, str] = {}
        self._factors: dict[str, list[str]] = {}
        self._offsets: dict[str, list[str]] = {}

    @property
    def each_step(self) -> Learning:
        """What changes in every step."""
        learning = self._learning(self._changes)
        for method, derivatives in learning.systems.items():
            check_noise(derivatives, method, f"rules of {self.scope.where}", self._changes)
        return learning

    @property
    def presentation(self) -> Learning:
        """What changes after a presentation."""
        return self._learning(self._presented)

    def _learning(self, changes: Mapping[str, str]) -> Learning:
        held = (limit.statement for limit in self.limits if limit.variable in changes)
        return Learning(changes, {name: self._methods[name] for name in changes}, after=tuple(held))

    def read(self, rule: NeuronRule) -> None:
        """Write out a rule: its constants, signals, variables, gains and offsets, and what it does at spikes."""
        title = f"{type(rule).__name__} on {self.scope.where}"
        own_names = (*rule.parameters, *rule.traces, *rule.gains, *rule.offsets)
        names = {name: f"{rule.prefix}_{name}" for name in own_names}
        for name, value in rule.values().items():
            self.scope.parameter(names[name], value, self.population.size, rule.parameters[name])
        for name, signal in rule.signals.items():
            names[name] = (
                self._activity(title) if signal.name == "activity" else self._variable(signal, title)
            )
        for name, population in rule.modulators.items():
            names[name] = self.scope.modulator(self.network, population, self.population.size, title)
        names |= self.scope.units(rule.texts, (*names, *rule.totals))
        own = dict(names)
        names |= {name: self._total(rule, name, total, title) for name, total in rule.totals.items()}
        for name, trace in rule.traces.items():
            start = trace.start(rule)
            self.model.state(names[name], dimension_of(start), start)
            known = names | self._noises(rule, trace.derivative)
            self._changes[names[name]] = renamed(trace.derivative or "0", known, f"{title}, d{name}/dt")
            self._methods[names[name]] = rule.method
        for name, gain in rule.gains.items():
            self.model.state(names[name], DIMENSIONLESS, gain.initial)
            self._multiply(gain.multiplies, names[name], title)
            self._change(rule, name, names, title)
        for name, offset in rule.offsets.items():
            self._add(offset.adds_to, names[name], title)
            self._change(rule, name, names, title)
        if rule.then is not None:
            kept = {name: names[name] for name in own_names}
            self.limits.append(limited(rule.then, type(rule).__name__, rule.prefix, kept, self.scope))
        self._on_spike(rule, own, title)

    def adjusted(self) -> dict[str, str]:
        """Return what the model reads in place of graded ports and constants; rules go on reading the plain values."""
        found = {}
        for name in {**self._factors, **self._offsets}:
            product = " * ".join([*self._factors.get(name, ()), name])
            found[name] = "(" + " + ".join([product, *self._offsets.get(name, ())]) + ")"
        return found

    def _total(self, rule: NeuronRule, name: str, total: OwnTotal, title: str) -> str:
        """Declare a sum over connections and return its name."""
        known, where = self.network.projections, f"{title}, total {name}"
        if total.projection not in known:
            raise UnknownNameError(
                f"{where}: no projection '{total.projection}': {suggest(total.projection, known)}"
            )
        projection, own = known[total.projection], self.population.name
        end = projection.target if total.place == "post" else projection.source
        if end != own:
            raise DescriptionError(
                f"{where}: the connections of '{total.projection}' {_LEADS[total.place]} '{end}', not '{own}': name "
                "another projection, or the other place"
            )
        weights = {"w": weight_dimension(projection, self.network)}
        found = part_of(rule.prefix, name)
        ref = Ref(total.projection, part_of(own, rule.prefix, name), "total")
        self.totals[found] = total.projection, Sum(total.place, total.expression)
        return self.scope.refer(found, ref, dimension(total.expression, weights, where))

    def _change(self, rule: NeuronRule, name: str, names: Mapping[str, str], title: str) -> None:
        text = getattr(rule, f"d{name}", None)
        if text is None:
            if not rule.on_spike:
                raise DescriptionError(
                    f"{type(rule).__name__}.{name}: nothing changes it: give d{name} = '...'"
                )
            return
        check_expression(text, f"{type(rule).__name__}.d{name}")
        changes = self._presented if rule.clock == "sample" else self._changes
        known = names if rule.clock == "sample" else {**names, **self._noises(rule, text)}
        changes[names[name]] = renamed(text, known, f"{title}, d{name}")
        self._methods[names[name]] = rule.method

    def _noises(self, rule: NeuronRule, text: str | None) -> dict[str, str]:
        return self.scope.noises(
            text, (*rule.parameters, *rule.traces, *rule.gains, *rule.offsets), rule.prefix
        )

    def _on_spike(self, rule: NeuronRule, names: Mapping[str, str], title: str) -> None:
        kept = (*rule.traces, *rule.gains, *rule.offsets)
        statements = renamed_statements(rule.on_spike, names, kept, f"{title}, on_spike")
        if statements and self.model.threshold is None:
            raise SignalMissing(
                f"{title}: it needs spikes, which '{self.population.name}' does not have: use a LIF"
            )
        self.reset += Change(type(rule).__name__, "on_spike", tuple(statements)).held(self.limits)

    def _multiply(self, port: str, gain: str, title: str) -> None:
        definitions, derivatives = self.model.definitions, self.model.derivatives
        if port == "output":
            if "output" not in definitions:
                raise SignalMissing(f"{title}: it has no graded output: use a rate unit")
            definitions["output"] = f"{gain} * ({definitions['output']})"
            self.output_gains.append(gain)
        elif port in self.model.ports:
            self._factors.setdefault(port, []).append(gain)
        elif port in derivatives:
            self.gains[port] = (*self.gains.get(port, ()), gain)
        else:
            known = [*self.model.ports, *derivatives, "output"]
            raise SignalMissing(f"{title}: no port '{port}': {suggest(port, known)}")

    def _add(self, adds_to: str, offset: str, title: str) -> None:
        known = [*self.model.ports, *self.scope.constants]
        if adds_to not in known:
            raise SignalMissing(f"{title}: no '{adds_to}' to add to: {suggest(adds_to, known)}")
        dim = self.scope.dimensions[adds_to]
        self.model.state(offset, dim, quantity(0.0, dim))
        self._offsets.setdefault(adds_to, []).append(offset)

    def _variable(self, signal: RuleSignal, title: str) -> str:
        name, known = signal.name, self.scope.dimensions
        if signal.number and known.get(name, DIMENSIONLESS) is not DIMENSIONLESS:
            raise SignalMissing(f"{title}: it needs '{name}' without unit: use a rate unit")
        if name not in known:
            model = type(self.population.model).__name__
            raise SignalMissing(
                f"{title}: it needs '{name}', which {model} has not: {suggest(name, visible(known))}"
            )
        return name

    def _activity(self, title: str) -> str:
        """Return the name of the population's activity before any gain, adding it where it is not there yet."""
        if self._active:
            return "activity"
        self._active = True
        if self.population.model.output is not None:
            text = self._normalised(self.population.model.output)
            self.model.definitions[self.scope.declare("activity", DIMENSIONLESS)] = text
            return "activity"
        if self.model.threshold is None:
            raise SignalMissing(f"{title}: a spike source has no activity: use a neuron")
        self.model.state("activity", DIMENSIONLESS, 0.0)
        self.scope.constant("activity_window", self.population.activity_window)
        self.scope.constant("reference_rate", self.population.reference_rate)
        self.model.derivatives["activity"] = "-activity/activity_window"
        self.reset.append(Statement("activity", "+=", "1/(activity_window*reference_rate)"))
        return "activity"

    def _normalised(self, output: str) -> str:
        """Return the expression of a graded output over the reference rate, if it has the unit of a rate."""
        dim = self.scope.dimensions[output]
        if dim is DIMENSIONLESS:
            return output
        if dim is not dimension_of(self.population.reference_rate):
            raise SignalMissing(
                f"{self.scope.where}: its output '{output}' is neither a number nor a rate: no activity"
            )
        if "reference_rate" not in self.scope.constants:
            self.scope.constant("reference_rate", self.population.reference_rate)
        return f"{output}/reference_rate"


def visible(names: Iterable[str]) -> list[str]:
    """Return the names that a user may know."""
    return [name for name in names if "__" not in name]
