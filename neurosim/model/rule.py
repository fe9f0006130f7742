"""Plasticity rules as data: the signals they read, the traces they keep, and the equations that say what changes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from neurosim.errors import DescriptionError, brief
from neurosim.model.divisors import check_divisors
from neurosim.model.expressions import check_expression, names_in, parse_statements
from neurosim.model.facts import check_facts
from neurosim.model.parameters import Described, Option, Parameter
from neurosim.model.registries import enter, rules
from neurosim.registry import suggest

RULE_METHODS = ("euler", "heun", "rk2", "rk4", "exponential_euler", "exact", "milstein", "euler_maruyama")
Place = Literal["pre", "post", "own", "synapse"]


@dataclass(frozen=True)
class RuleSignal:
    """What a rule reads: `activity`, or a variable of the population such as `v`.

    Arguments:
        place: whose variable it is.
        name: of the variable.
        number: whether the variable must be dimensionless.
    """

    place: Place
    name: str
    number: bool = False


@dataclass(frozen=True)
class Trace:
    """A variable that a rule keeps: one number per presynaptic neuron, per postsynaptic neuron, or per synapse.

    Arguments:
        place: what it is kept for.
        variable: its name.
        derivative: how it evolves between events, or None if only events change it.
        initial: its value at the start, a number, a quantity, or the name of a parameter of the rule, in the unit of
            the variable.
    """

    place: Place
    variable: str
    derivative: str | None
    initial: Any = 0.0

    def start(self, rule: Rule) -> Any:
        """Return the initial value for a rule, with its unit."""
        return getattr(rule, self.initial) if isinstance(self.initial, str) else self.initial


@dataclass(frozen=True)
class Modulator(Option):
    """A named signal of the network that a rule reads: the output of one neuron, or of one for each it acts on."""


def modulator(population: str, doc: str) -> Any:
    """Declare a modulator, such as reward or dopamine.

    A population of one neuron is one signal for all; a population of as many neurons as the rule acts on (those of the
    target, for a synaptic rule) gives each neuron a signal of its own, such as an error that is projected back.

    Arguments:
        population: name of the population whose output it is, unless an instance names another.
        doc: what it means.
    """
    return Modulator(population, doc)


@dataclass(frozen=True)
class OtherWeights(Option):
    """The weights of another projection, which a matrix rule reads."""


def projection(name: str, doc: str = "weights that the rule reads") -> Any:
    """Declare the weights of another all-to-all projection, a matrix (targets, sources) in `dW`.

    Arguments:
        name: of the projection, unless an instance names another.
        doc: what it means.
    """
    return OtherWeights(name, doc)


@dataclass(frozen=True)
class OwnTotal:
    """The sum of an expression of `w` over the connections of a neuron in one projection.

    Arguments:
        projection: its name.
        expression: what is summed.
        place: 'post' for the connections onto the neuron, 'pre' for those that leave it.
    """

    projection: str
    expression: str
    place: Literal["pre", "post"]


@dataclass(frozen=True)
class Gain:
    """A state of a neuron that multiplies an input port ('I', 'g_e', ...) or the 'output'; 1 means no effect."""

    multiplies: str
    initial: float = 1.0


@dataclass(frozen=True)
class Offset:
    """A state of a neuron that is added to an input port ('I') or to a constant of its model ('v_threshold')."""

    adds_to: str


@dataclass(frozen=True)
class Total:
    """The sum of an expression over the connections of a neuron, evaluated where it is read.

    Arguments:
        place: 'post' for the connections onto a postsynaptic neuron, 'pre' for those that leave a presynaptic one.
        expression: what is summed.
    """

    place: Place
    expression: str


@dataclass(frozen=True)
class Pathway:
    """Statements at spikes or events of one end of a synapse, a while after them.

    Arguments:
        place: which end.
        statements: what happens.
        event: of the neuron, or None for what the projection answers to at that end, by default spikes.
        delay: from the spike to the statements: a time, or the name of a parameter; None for that of the projection.
    """

    place: Place
    statements: str
    event: str | None = None
    delay: Any = None


_HEADING = re.compile(r"^[ \t]*(Source|Checked):", re.MULTILINE)
_DERIVATIVE = re.compile(r"^\s*d(\w+)/dt\s*=\s*(.+?)\s*$", re.DOTALL)


def _trace(place: Place, equation: str, initial: Any) -> Trace:
    match = _DERIVATIVE.match(equation)
    if match is None:
        raise DescriptionError(f"trace '{equation[:60]}' is not of the form 'dx/dt = ...': correct it")
    if ":" in equation:
        unit = equation[equation.index(":") :]
        raise DescriptionError(
            f"trace '{equation[:60]}': its unit follows from the equation: leave '{unit}' out"
        )
    check_expression(match.group(2), f"trace d{match.group(1)}/dt")
    return Trace(place, match.group(1), match.group(2), initial)


@dataclass(frozen=True)
class _End:
    """The presynaptic, postsynaptic or own neuron, as a rule refers to it."""

    place: Place

    @property
    def activity(self) -> RuleSignal:
        """The rate of a rate neuron, or the filtered spike train of a spiking neuron over its reference rate (1)."""
        return RuleSignal(self.place, "activity")

    @property
    def v(self) -> RuleSignal:
        """The membrane potential."""
        return RuleSignal(self.place, "v")

    def variable(self, name: str, *, number: bool = False) -> RuleSignal:
        """Any variable of the population, by name; `number` requires it to be dimensionless."""
        return RuleSignal(self.place, name, number)

    def trace(self, equation: str, initial: Any = 0.0) -> Trace:
        """A variable kept per neuron, which evolves by `dx/dt = ...` and to which `on_pre` or `on_post` may add.

        Arguments:
            equation: how it evolves between events, 'dx/dt = ...'.
            initial: a number, a quantity, or the name of a parameter, in the unit of the variable.
        """
        return _trace(self.place, equation, initial)


@dataclass(frozen=True)
class _Own(_End):
    def gain(self, multiplies: str, initial: float = 1.0) -> Gain:
        """A gain of the neuron, a state of its own apart from the weights."""
        return Gain(multiplies, initial)

    def offset(self, adds_to: str) -> Offset:
        """An offset of an input port or of a constant of the neuron's model, 0 at the start."""
        return Offset(adds_to)

    def total(self, projection: str, expression: str, place: Literal["pre", "post"] = "post") -> OwnTotal:
        """The sum of an expression of `w`, such as `w**2`, over the neuron's connections in a projection.

        Arguments:
            projection: its name.
            expression: what is summed.
            place: 'post' for the connections onto the neuron, 'pre' for those that leave it.
        """
        check_expression(expression, f"total '{expression[:60]}'")
        for name in sorted(names_in(expression) - {"w"}):
            raise DescriptionError(
                f"total '{expression[:60]}' of '{projection}' reads '{name}': it may read w alone"
            )
        if place not in ("pre", "post"):
            raise DescriptionError(f"total '{expression[:60]}': place = {place!r}: give 'pre' or 'post'")
        return OwnTotal(projection, expression, place)


@dataclass(frozen=True)
class _Side(_End):
    @property
    def gain(self) -> RuleSignal:
        """The gain by which rules multiply the neuron's output; 1 where none does."""
        return RuleSignal(self.place, "gain")

    def at(self, statements: str, event: str | None = None, delay: Any = None) -> Pathway:
        """A pathway of its own: statements at spikes of this end, beside `on_pre` and `on_post`.

        Arguments:
            statements: what happens, such as 'c += c_pre'.
            event: an event of the neuron that takes the place of its spikes.
            delay: from the spike to the statements, a time or the name of a parameter, by default the delay of the
                projection at this end.
        """
        return Pathway(self.place, statements, event, delay)

    def total(self, expression: str) -> Total:
        """The sum of an expression, such as `abs(w)`, over the neuron's connections of the projection."""
        check_expression(expression, f"total '{expression[:60]}'")
        return Total(self.place, expression)


pre = _Side("pre")
post = _Side("post")
own = _Own("own")


@dataclass(frozen=True)
class _Synapse:
    def variable(self, equation: str, initial: Any = 0.0) -> Trace:
        """A variable kept per synapse, such as an eligibility.

        Arguments:
            equation: how it evolves between events, 'dx/dt = ...', or a name alone for a variable that only events
                change.
            initial: as for `trace`.
        """
        if equation.isidentifier():
            return Trace("synapse", equation, None, initial)
        return _trace("synapse", equation, initial)


synapse = _Synapse()


@dataclass(frozen=True)
class Bounds:
    """Keeps a variable of a rule within bounds after every change.

    Arguments:
        low, high: the bounds, each a number or the name of a parameter.
        variable: the weight `w` or a variable of a synaptic rule, or a gain, an offset or a trace of a neuron rule.
    """

    low: float | str = 0.0
    high: float | str = "inf"
    variable: str = "w"


class Rule(Described):
    """What synaptic and neuron rules share: a citation (the docstring), a family, and an entry in the registry.

    `family` is the page of the catalogue that shows the rule, where its kind and clock do not determine it.
    """

    family: ClassVar[str] = ""
    method: ClassVar[str] = "euler"
    clock: ClassVar[Literal["spike", "continuous", "sample", "interval"]] = "continuous"
    _clocks: ClassVar[tuple[str, ...]] = ("spike", "continuous", "sample")
    places: ClassVar[tuple[Place, ...]] = ()
    _parts: ClassVar[tuple[type, ...]] = ()
    signals: ClassVar[Mapping[str, RuleSignal]] = {}
    traces: ClassVar[Mapping[str, Trace]] = {}

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        own_facts = vars(cls)
        if cls.method not in RULE_METHODS:
            raise DescriptionError(
                f"{cls.__name__}.method = {brief(cls.method)}: {suggest(str(cls.method), RULE_METHODS)}"
            )
        if cls.clock not in cls._clocks:
            raise DescriptionError(
                f"{cls.__name__}.clock = {brief(cls.clock)}: {suggest(str(cls.clock), cls._clocks)}"
            )
        cls.signals = {**cls.signals, **{k: v for k, v in own_facts.items() if isinstance(v, RuleSignal)}}
        found = {k: v for k, v in own_facts.items() if isinstance(v, Trace)}
        for name, trace in found.items():
            if trace.variable != name:
                raise DescriptionError(
                    f"{cls.__name__}.{name}: its equation is written for '{trace.variable}': use one name for both"
                )
            if isinstance(trace.initial, str) and trace.initial not in cls.parameters:
                raise DescriptionError(
                    f"{cls.__name__}.{name}: it starts at '{trace.initial}', which is not a parameter: "
                    f"{suggest(trace.initial, cls.parameters)}"
                )
        cls.traces = {**cls.traces, **found}
        places = {name: s.place for name, s in cls.signals.items()} | {
            n: t.place for n, t in cls.traces.items()
        }
        for name, place in places.items():
            if place not in cls.places:
                known = " or ".join(cls.places)
                raise DescriptionError(f"{cls.__name__}.{name} is of '{place}': make it with {known}")
        if cls.method != "euler" and not cls._integrates():
            raise DescriptionError(
                f"{cls.__name__}.method has no effect: the rule integrates nothing, so remove it"
            )
        if not abstract:
            check_facts(cls, "rule", (Parameter, Option, RuleSignal, Trace, *cls._parts), cls._changes())
            enter(rules, cls)

    @classmethod
    def _changes(cls) -> set[str]:
        """Return the names of the facts that say how what the rule declares changes."""
        return set()

    @classmethod
    def _integrates(cls) -> bool:
        """Return whether the rule has differential equations that its method integrates."""
        kept = any(t.derivative and t.place in ("synapse", "own") for t in cls.traces.values())
        changes = ("dw", *cls._changes())
        return kept or ((cls.clock == "continuous" or kept) and any(getattr(cls, c, None) for c in changes))

    @classmethod
    def citation(cls) -> str:
        """Return what the docstring says after 'Source:', or an empty string."""
        return cls.section("Source")

    @classmethod
    def section(cls, heading: str) -> str:
        """Return what the docstring says after 'Source:' or 'Checked:' up to the other one, or an empty string."""
        parts = _HEADING.split(inspect.getdoc(cls) or "")
        sections = dict(zip(parts[1::2], parts[2::2], strict=True))
        return " ".join(sections.get(heading, "").split())

    @property
    def modulators(self) -> dict[str, str]:
        """The population behind each modulator, by the modulator's name in the rule."""
        return {name: getattr(self, name) for name, o in self.options.items() if isinstance(o, Modulator)}

    @property
    def texts(self) -> str:
        """All that it states as equations and statements, one after the other."""
        kept = [*self.traces.values(), *getattr(type(self), "totals", {}).values()]
        found = [getattr(fact, "derivative", None) or getattr(fact, "expression", None) for fact in kept]
        facts = ("dw", "dW", "on_pre", "on_post", "on_spike", "efficacy", "after", *self._changes())
        found += [getattr(self, name, None) for name in facts]
        found += [pathway.statements for pathway in getattr(type(self), "pathways", {}).values()]
        return "; ".join(text for text in found if text)

    def _check_values(self) -> None:
        check_divisors(self._divided, self.values(), type(self).__name__)

    def _divided(self) -> dict[str, str]:
        """Return the expressions by which nothing of 0 may divide: all but decays of traces per neuron.

        Such a trace that no other follows has a limit: it is gone in the next step.
        """
        followed = {name for n, t in self.traces.items() for name in names_in(t.derivative or "0") - {n}}
        traces = {
            f"d{n}/dt": trace.derivative or "0"
            for n, trace in self.traces.items()
            if trace.place not in ("pre", "post")
            or n in followed
            or names_in(trace.derivative or "0") - {n, *self.parameters}
        }
        facts = {name: getattr(type(self), name, None) for name in ("dw", "efficacy", *self._changes())}
        moments = {n: getattr(type(self), n, "") for n in ("on_pre", "on_post", "on_spike", "after")}
        moments |= {n: p.statements for n, p in getattr(type(self), "pathways", {}).items()}
        events = {
            f"{moment}, '{s}'": s.expression
            for moment, text in moments.items()
            for s in parse_statements(text, type(self).__name__)
        }
        return traces | {name: text for name, text in facts.items() if text} | events

    @property
    def prefix(self) -> str:
        """The rule's name in variables of a network: the class name in lower case with underscores."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(self).__name__).lower()


def _facts(cls: type) -> list[tuple[str, Any]]:
    """Return the attributes of a class and of its bases by name, its own last."""
    return [item for base in reversed(cls.__mro__) for item in vars(base).items()]


def _check_bounds(then: object, owner: str) -> None:
    if not isinstance(then, Bounds | None):
        raise DescriptionError(f"{owner}.then = {brief(then)}: give bounds, as Bounds(0, 'w_max')")


class SynapticRule(Rule, abstract=True):
    """A rule that changes the weight `w` of a projection.

    Facts of a class, besides signals and traces made by `pre`, `post` and `synapse`, and modulators by `modulator`:
        clock: 'spike', 'continuous' or 'sample', when it learns.
        method: how `dw` and the equations of variables per synapse are integrated, one of euler, heun, rk2, rk4,
            exponential_euler, exact; what they read of neurons is held during a step. Traces per neuron are exact.
        dw: the derivative of the weight (clock 'continuous'), or its change after a presentation (clock 'sample').
        dW: instead of `dw`, a matrix expression for a non-local rule on an all-to-all projection: W is the weight
            matrix (targets, sources), and the signals are columns, one row per neuron; besides + - * / (element by
            element) it may use `@`, `.T`, tril(A), diag(A) (a column to a matrix, a matrix to a column), solve(A, b),
            sum(A), mean(A), max(A). `V = projection("back")` are the weights of another all-to-all projection, as they
            stand when the rule's turn comes: rules of projections follow one another in the order in which these were
            added, and after a presentation all changes are found before any is made.
        on_pre, on_post: statements at the arrival of a presynaptic spike and at a postsynaptic spike (clock 'spike'),
            which read traces before they write them.
        late: `late = pre.at("c += c_pre", delay="d")` is a pathway of its own: statements at spikes of one end, or at
            an event of its neurons, after a delay of their own. Those of an end follow `on_pre` (`on_post`) in the
            order of the class; any name will do.
        passes: 'before' or 'after', whether a spike is passed on to the target before or after `on_pre`.
        then: bounds applied after each change.
        gate: a modulator or other symbol of the rule that multiplies every change of the weight.
        efficacy: what a presynaptic spike transmits in place of the weight, such as `w * x`, evaluated when it arrives,
            before `on_pre` (see `passes`).
        after: statements on the weight at the end of learning in every step and of `sample()`, wherever rules of the
            projection may have changed it, in the order of the rules.
        s: `s = post.total("abs(w)")` is the current sum over the connections onto a neuron (`pre`: those that leave
            it), which `dw` and `after` may read; any name will do.
    """

    places: ClassVar[tuple[Place, ...]] = ("pre", "post", "synapse")
    _parts: ClassVar[tuple[type, ...]] = (Total, Pathway)
    pathways: ClassVar[Mapping[str, Pathway]] = {}
    passes: ClassVar[Literal["before", "after"]] = "before"
    dw: ClassVar[str | None] = None
    dW: ClassVar[str | None] = None
    on_pre: ClassVar[str] = ""
    on_post: ClassVar[str] = ""
    efficacy: ClassVar[str | None] = None
    then: ClassVar[Bounds | None] = None
    gate: ClassVar[str | None] = None
    after: ClassVar[str] = ""
    totals: ClassVar[Mapping[str, Total]] = {}

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        cls.totals = {name: fact for name, fact in _facts(cls) if isinstance(fact, Total)}
        cls.pathways = {n: fact for n, fact in dict(_facts(cls)).items() if isinstance(fact, Pathway)}
        if cls.passes not in ("before", "after"):
            raise DescriptionError(f"{cls.__name__}.passes = {brief(cls.passes)}: give 'before' or 'after'")
        _check_bounds(cls.then, cls.__name__)
        super().__init_subclass__(abstract=abstract, **keywords)
        texts = [cls.dw or "", cls.on_pre, cls.on_post, cls.efficacy or "", cls.after]
        texts += [pathway.statements for pathway in cls.pathways.values()]
        for name, fact in cls.options.items():
            if isinstance(fact, OtherWeights) and any(re.search(rf"\b{name}\b", text) for text in texts):
                raise DescriptionError(
                    f"{cls.__name__}.{name}: only dW may read the weights of another projection: write the rule as dW"
                )

    def _check_values(self) -> None:
        # Facts of the class: one that is a property may read what is not there yet.
        cls, name = type(self), type(self).__name__
        events = cls.on_pre or cls.on_post or cls.efficacy or cls.pathways
        changes = cls.dw or cls.dW or events or cls.after or cls.then or cls.traces
        if not changes and cls.clock != "interval":
            raise DescriptionError(f"{name} changes nothing: give dw, on_pre or on_post")
        if cls.clock == "spike" and cls.dw and not events:
            raise DescriptionError(
                f"{name}.clock = 'spike', but nothing happens at spikes: write clock = 'continuous', or give on_pre or "
                "on_post"
            )
        super()._check_values()

    @property
    def other_weights(self) -> dict[str, str]:
        """The projection behind each of the other weights that it reads, by their name in the rule."""
        return {name: getattr(self, name) for name, o in self.options.items() if isinstance(o, OtherWeights)}


class NeuronRule(Rule, abstract=True):
    """A rule that changes a population: a gain, a threshold, an excitability.

    Facts of a class, besides signals made by `own` and modulators by `modulator`:
        clock: 'continuous' or 'sample'.
        method: how its derivatives are integrated, one of euler, heun, rk2, rk4, exponential_euler, exact.
        g: a gain, `g = own.gain(port)`, with its derivative `dg` (clock 'sample': its change after a presentation).
        b: an offset, `b = own.offset(constant)`, with its derivative `db`.
        x: a variable kept per neuron, `x = own.trace('dx/dt = ...')`.
        s: `s = own.total("ahead", "w**2")`, a sum over the neuron's connections in a projection with the weights of
            the start of the step, or before any change of a presentation, which these derivatives may read.
        on_spike: statements on these at each spike of the neuron.
        then: bounds of one of these after each change, such as `Bounds(0, "inf", "g")`.
    """

    places: ClassVar[tuple[Place, ...]] = ("own",)
    _parts: ClassVar[tuple[type, ...]] = (Gain, Offset, OwnTotal)
    on_spike: ClassVar[str] = ""
    then: ClassVar[Bounds | None] = None
    gains: ClassVar[Mapping[str, Gain]] = {}
    offsets: ClassVar[Mapping[str, Offset]] = {}
    totals: ClassVar[Mapping[str, OwnTotal]] = {}

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        cls.gains = {name: fact for name, fact in _facts(cls) if isinstance(fact, Gain)}
        cls.offsets = {name: fact for name, fact in _facts(cls) if isinstance(fact, Offset)}
        cls.totals = {name: fact for name, fact in _facts(cls) if isinstance(fact, OwnTotal)}
        _check_bounds(cls.then, cls.__name__)
        super().__init_subclass__(abstract=abstract, **keywords)
        for name, fact in cls.options.items():
            if isinstance(fact, OtherWeights):
                raise DescriptionError(
                    f"{cls.__name__}.{name}: a neuron rule reads sums of weights: use own.total"
                )

    @classmethod
    def _changes(cls) -> set[str]:
        return {f"d{name}" for name in (*cls.gains, *cls.offsets)}
