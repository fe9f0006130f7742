"""The rules of a projection written out on its variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from neurosim.compiler.equations.bounds import Change, gated, limited
from neurosim.compiler.equations.dimensions import dimension, expect
from neurosim.compiler.equations.forms import (
    Delivery,
    End,
    Held,
    Learning,
    Limit,
    Path,
    Plasticity,
    PopulationEquations,
    Ref,
    Structure,
    Sum,
    Wiring,
)
from neurosim.compiler.equations.masks import whole_steps
from neurosim.compiler.equations.names import SECOND, part_of, renamed, renamed_statements
from neurosim.compiler.equations.noise import check_noise
from neurosim.compiler.equations.paths import delays_named, path_of
from neurosim.compiler.equations.scope import Scope
from neurosim.compiler.equations.signals import Signals
from neurosim.compiler.equations.weights import weight_dimension
from neurosim.errors import DescriptionError, SignalMissing, UnknownNameError
from neurosim.model.expressions import (
    DRAWN,
    Statement,
    check_expression,
    expression,
    names_in,
    parse_statements,
    substitute,
)
from neurosim.model.matrix import check_matrix_expression, scalar_form
from neurosim.model.network import Network
from neurosim.model.parts import Projection
from neurosim.model.rule import Bounds, SynapticRule, Trace
from neurosim.model.structural import GRADIENT, StructuralRule
from neurosim.model.units import DIMENSIONLESS, dimension_of, scalar_in_si
from neurosim.registry import suggest

MOMENTS = ("each_step", "presentation")


@dataclass
class SynapticRules:
    """The rules of a projection while they are written out, one after the other.

    Arguments: projection; network; ends, the populations at 'pre' and 'post'; wiring; scope, where the rules' names
    are declared; delivery, what a synapse does to its target, where rules may stand in for the weight.
    """

    projection: Projection
    network: Network
    ends: Mapping[End, PopulationEquations]
    wiring: Wiring
    scope: Scope
    delivery: Delivery
    traces: dict[str, Held] = field(default_factory=dict)
    totals: dict[str, Sum] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    structure: Structure | None = None
    paths: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        graded = self.projection.synapse.graded is not None
        events = self.projection.events or {}
        self.signals = Signals(self.ends, self.wiring, self.scope, self.traces, graded, events)
        self._endings: list[Limit | Statement] = []
        self._learning = {moment: Learning() for moment in MOMENTS}

    def read(self, rule: SynapticRule) -> None:
        """Write out a rule: its constants, signals, traces, changes and what follows them."""
        title = f"{type(rule).__name__} on {self.scope.where}"
        names = self._names(rule, title)
        self._read_traces(rule, names, title)
        self._ending(rule, names, title)
        if rule.then is not None:
            self._limit(rule.then, type(rule).__name__, rule.prefix, names)
        self._read_events(rule, names, title)
        self._learn(rule, names, title)
        self._pass_on(rule, names, title)
        if isinstance(rule, StructuralRule):
            self._read_structure(rule, names, title)

    def read_sums(self, population: PopulationEquations) -> None:
        """Note the sums over these connections that rules of a population read."""
        for name, (projection, total) in population.totals.items():
            if projection == self.projection.name:
                own = population.refs[name].name
                self.scope.add(own, population.dimensions[name])
                self.totals[own] = total

    def finish(self) -> Plasticity:
        """Return what all rules do together."""
        self._check_kernel()
        self._read_sign()
        self._gate()
        step, presentation = (self._learning[moment] for moment in MOMENTS)
        for method, derivatives in step.systems.items():
            check_noise(derivatives, method, self.scope.where, step.changes)
        moments = ("on_pre", "on_post", *(path.name for path in self.paths))
        at_spikes = {s.target for moment in moments for s in self._event(moment)}
        written = _written(step)
        # What follows the changes of a step also follows those at spikes, or stands alone.
        always = "w" in written | at_spikes or all(rule.clock != "sample" for rule in self.projection.rules)
        return Plasticity(
            traces=self.traces,
            totals=self.totals,
            on_pre=self._event("on_pre"),
            on_post=self._event("on_post"),
            paths=tuple(replace(path, statements=self._event(path.name)) for path in self.paths),
            each_step=replace(step, after=self._ended(written, always)),
            presentation=replace(
                presentation, after=self._ended(_written(presentation), "w" in _written(presentation))
            ),
            structure=self.structure,
            limits=tuple(self.limits),
        )

    def _check_kernel(self) -> None:
        """Refuse rules that a kernel cannot have."""
        kernel, rules = self.wiring.kernel, self.projection.rules
        if kernel is None or not rules:
            return
        names = ", ".join(type(rule).__name__ for rule in rules)
        kept = self.traces or self.totals or self.structure or self.scope.states.keys() - {"w"}
        if kept or any(rule.clock != "sample" or rule.after for rule in rules):
            raise DescriptionError(
                f"{names} on {self.scope.where}: positions share kernels: use rules of the clock 'sample' that read "
                "outputs, without traces, totals or 'after'"
            )
        if kernel.described.padding or kernel.described.per_channel:
            raise DescriptionError(
                f"{names} on {self.scope.where}: a rule needs whole windows of all channels: set padding=0 and "
                "per_channel=False"
            )

    # What a rule speaks of -----------------------------------------------------------------------------------------

    def _names(self, rule: SynapticRule, title: str) -> dict[str, str]:
        """Return what the rule may speak of, each with its expression, declared in the scope."""
        names = {"w": "w"}
        delays = delays_named(rule.pathways)
        for name, value in ((n, v) for n, v in rule.values().items() if n not in delays):
            names[name] = f"{rule.prefix}_{name}"
            self.scope.parameter(names[name], value, None, rule.parameters[name])
            self._check_one(rule, name, names[name], title)
        for name, trace in rule.traces.items():
            names[name] = f"{rule.prefix}_{name}"
            self.scope.declare(names[name], dimension_of(trace.start(rule)))
        for name, signal in rule.signals.items():
            names[name] = self.signals.read(signal, f"{rule.prefix}_{name}", title)
        for name, other in rule.other_weights.items():
            names[name] = self._other_weights(other, f"{title}, {name}")
        for name, population in rule.modulators.items():
            names[name] = self.scope.modulator(self.network, population, self.ends["post"].size, title)
        return names | self.scope.units(rule.texts, {*names, *rule.totals})

    def _check_one(self, rule: SynapticRule, name: str, own: str, title: str) -> None:
        """Refuse a value for each connection where there is no place for it."""
        if not self.scope.constants[own].ndim:
            return
        places = {
            "it also acts outside equations, once for all connections": isinstance(rule, StructuralRule),
            "positions share kernels": self.wiring.kernel is not None,
            "dW reads it, for all connections at once": rule.dW is not None
            and name in expression(rule.dW).symbols,
        }
        for reason in (reason for reason, here in places.items() if here):
            raise DescriptionError(
                f"{title}: '{name}' must be one number for the whole projection, since {reason}: give one"
            )

    def _other_weights(self, name: str, where: str) -> str:
        """Return the name of all weights of another projection."""
        projections = self.network.projections
        if name not in projections:
            raise UnknownNameError(f"{where}: no projection '{name}': {suggest(name, projections)}")
        if not projections[name].connect.dense:
            raise DescriptionError(
                f"{where}: '{name}' is not all-to-all: a matrix rule reads only such projections"
            )
        dim = weight_dimension(projections[name], self.network)
        return self.scope.refer(part_of("weights", "of", name), Ref(name, "w", "matrix"), dim)

    def _read_traces(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        apart = self._apart(rule, names)
        for name, trace in rule.traces.items():
            where, own = f"{title}, d{name}/dt", names[name]
            noises = self._noises(rule, trace.derivative)
            if noises and trace.place != "synapse":
                raise DescriptionError(
                    f"{where}: white noise belongs to dw and to synapse.variable, not to a trace per neuron"
                )
            known = names | noises
            text = None if trace.derivative is None else renamed(trace.derivative, known, where)
            self._without_draws(text, where)
            start = self._start(rule, trace, names, f"{title}, {name} at the start")
            if trace.place == "synapse":
                self.scope.states[own] = np.broadcast_to(start, (self.wiring.edges.size,))
                if text is not None:
                    self._add("each_step", own, text, rule)
            else:
                end: End = "post" if trace.place == "post" else "pre"
                level = "edge" if name in apart else self.signals.level(end)
                self.traces[own] = Held(level, text or "0", start, end)

    def _start(self, rule: SynapticRule, trace: Trace, names: dict[str, str], where: str) -> Any:
        """Return the value of a variable at the start, one number or one of each edge."""
        if isinstance(trace.initial, str):
            return self.scope.constants[names[trace.initial]]
        return scalar_in_si(trace.initial, self.scope.dimensions[names[trace.variable]], where)

    def _apart(self, rule: SynapticRule, names: dict[str, str]) -> set[str]:
        """Return the traces per neuron that follow parameters with a value for each edge: each edge needs its own."""
        varied = {n for n in rule.parameters if n in names and self.scope.constants[names[n]].ndim}
        writes = [(n, t.derivative or "0") for n, t in rule.traces.items() if t.place != "synapse"]
        writes += [(n, t.initial) for n, t in rule.traces.items() if isinstance(t.initial, str)]
        for text in (rule.on_pre, rule.on_post, *(p.statements for p in rule.pathways.values())):
            writes += [(s.target, s.expression) for s in parse_statements(text, type(rule).__name__)]
        found, before = set(varied), set[str]()
        while found != before:
            before = set(found)
            found |= {target for target, text in writes if names_in(text) & found}
        return found & rule.traces.keys()

    def _noises(self, rule: SynapticRule, text: str | None) -> dict[str, str]:
        return self.scope.noises(text, (*rule.parameters, *rule.traces, *rule.signals), rule.prefix)

    # What happens at spikes ----------------------------------------------------------------------------------------

    def _read_events(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        tails = self.signals.take_tails()
        for end, text in (("pre", rule.on_pre), ("post", rule.on_post)):
            written = self._statements(rule, text, names, title, f"on_{end}")
            if written or tails[end]:
                self.signals.needs_spikes(end, title, text if rule.clock == "continuous" else "")
                self.changes.append(Change(type(rule).__name__, f"on_{end}", (*written, *tails[end])))

        for name, pathway in rule.pathways.items():
            statements = self._statements(rule, pathway.statements, names, title, name)
            path = path_of(
                f"{rule.prefix}_{name}", pathway, (), rule.values(), self.projection, self.network, self.ends,
                self.wiring, f"{title}, {name}", False,
            )  # fmt: skip
            self.paths.append(path)
            self.changes.append(Change(type(rule).__name__, path.name, tuple(statements)))

    def _statements(
        self, rule: SynapticRule, text: str, names: dict[str, str], title: str, moment: str
    ) -> list[Statement]:
        """Return statements of a rule in names of the network, with random numbers and the gate."""
        self._check_no_totals(rule, text, f"{title}, {moment}")
        written = renamed_statements(text, names, ("w", *rule.traces), f"{title}, {moment}")
        written = [replace(s, expression=self.scope.drawn(s.expression, rule.prefix)) for s in written]
        return [self._times_gate(rule, s, names, title) for s in written]

    def _event(self, moment: str) -> tuple[Statement, ...]:
        """Return what all rules do at one moment, with bounds."""
        held = (change.held(self.limits) for change in self.changes if change.moment == moment)
        return self._shut([s for statements in held for s in statements], set())

    @staticmethod
    def _check_no_totals(rule: SynapticRule, text: str, title: str) -> None:
        """Refuse what happens at a spike if it reads a sum over connections, which is not kept up to date there."""
        for statement in parse_statements(text, title):
            for name in sorted(expression(statement.expression).symbols & rule.totals.keys()):
                raise DescriptionError(
                    f"{title}: '{statement}' reads the total '{name}': only dw and after may"
                )

    def _pass_on(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        """Put the rule's efficacy in the place of the weight in what is delivered."""
        if rule.efficacy is None:
            return
        if not self.delivery.spike and not self.delivery.paths:
            raise SignalMissing(f"{title}: it acts on what spikes deliver: use a pulse synapse")
        if self.wiring.dendritic:
            raise DescriptionError(
                f"{title}: efficacy is what a spike finds on arrival, after on_pre, if there is a dendritic_delay: "
                "give the whole delay as delay"
            )
        check_expression(rule.efficacy, f"{title}, efficacy")
        passed = self.scope.drawn(renamed(rule.efficacy, names, f"{title}, efficacy"), rule.prefix)
        weight = {"w": f"({passed})"}
        self._deliver(lambda s: Statement(s.target, s.op, substitute(s.expression, weight)))

    def _deliver(self, change: Callable[[Statement], Statement]) -> None:
        """Change the statements of what is delivered at spikes."""
        spike = tuple(map(change, self.delivery.spike))
        paths = tuple(replace(p, statements=tuple(map(change, p.statements))) for p in self.delivery.paths)
        self.delivery = replace(self.delivery, spike=spike, paths=paths)

    # What is learned in every step or after a presentation -----------------------------------------------------------

    def _add(self, moment: str, variable: str, text: str, rule: SynapticRule) -> None:
        learning = self._learning[moment]
        before, method = learning.changes.get(variable), learning.methods.get(variable, rule.method)
        if method != rule.method:
            others = (type(r).__name__ for r in self.projection.rules if r.method == method)
            raise DescriptionError(
                f"{self.scope.where}: {next(others)} changes '{variable}' by the method '{method}', "
                f"{type(rule).__name__} by '{rule.method}': give both one method"
            )
        text = text if before is None else f"({before}) + ({text})"
        self._learning[moment] = replace(
            learning,
            changes={**learning.changes, variable: text},
            methods={**learning.methods, variable: method},
        )

    def _learn(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        """Write out what the rule changes in every step or after a presentation."""
        moment = "presentation" if rule.clock == "sample" else "each_step"
        if rule.dW is not None:
            self._read_matrix(rule, rule.dW, moment, names, title)
        if rule.dw is None:
            return
        check_expression(rule.dw, f"{title}, dw")
        known = {**names, **self._totalled(rule, names, [rule.dw], "sum", title)}
        if moment == "each_step":
            known |= self._noises(rule, rule.dw)
        text = renamed(rule.dw, known, f"{title}, dw")
        self._without_draws(text, f"{title}, dw")
        self._add(moment, "w", self._changed(rule, "dw", text, names, title), rule)

    def _read_matrix(
        self, rule: SynapticRule, matrix: str, moment: str, names: dict[str, str], title: str
    ) -> None:
        """Write out the change of the whole weight matrix."""
        if not self.projection.connect.dense and self.wiring.kernel is None:
            raise DescriptionError(f"{title}: a matrix rule needs an all-to-all projection: make it one")
        check_matrix_expression(matrix, f"{title}, dW")
        text = renamed(matrix, {**names, "W": "W"}, f"{title}, dW")
        text = self._changed(rule, "dW", text, names, title)
        learning = self._learning[moment]
        joined = text if learning.matrix is None else f"({learning.matrix}) + ({text})"
        self._learning[moment] = replace(learning, matrix=joined)
        per = DIMENSIONLESS if moment == "presentation" else SECOND
        known = {**self.scope.dimensions, "W": self.scope.dimensions["w"]}
        expect(scalar_form(text), known["W"] / per, known, f"{title}, dW")

    def _changed(self, rule: SynapticRule, moment: str, text: str, names: dict[str, str], title: str) -> str:
        """Return the change of the weight by a rule times its gate, noted for checks."""
        change = self._times_gate(rule, Statement("w", "+=", text), names, title)
        self.changes.append(Change(type(rule).__name__, moment, (change,)))
        return change.expression

    def _times_gate(
        self, rule: SynapticRule, change: Statement, names: dict[str, str], title: str
    ) -> Statement:
        """Return a change of the weight times the rule's gate, other statements as they are."""
        if rule.gate is None or change.target != "w":
            return change
        if rule.gate not in names:
            raise DescriptionError(
                f"{title}: gate '{rule.gate}' is no symbol of it: {suggest(rule.gate, names)}"
            )
        if change.op not in ("+=", "-="):
            raise DescriptionError(
                f"{title}: a gate multiplies changes, but '{change}' sets the weight: write 'w += ...'"
            )
        return replace(change, expression=f"{names[rule.gate]} * ({change.expression})")

    def _totalled(
        self, rule: SynapticRule, names: dict[str, str], texts: Iterable[str], word: str, title: str
    ) -> dict[str, str]:
        """Return the names of the totals that texts of one moment read, each declared with its expression."""
        found, read = {}, frozenset().union(*(expression(text).symbols for text in texts))
        for name in (n for n in rule.totals if n in read):
            found[name] = part_of(rule.prefix, name, word)
            where = f"{title}, total {name}"
            text = renamed(rule.totals[name].expression, names, where)
            self.scope.add(found[name], dimension(text, self.scope.dimensions, where))
            self.totals[found[name]] = Sum("pre" if rule.totals[name].place == "pre" else "post", text)
        return found

    @staticmethod
    def _without_draws(text: str | None, where: str) -> None:
        """Refuse random numbers in a text that is no event."""
        if text is not None and expression(text).calls & DRAWN:
            raise DescriptionError(
                f"{where}: random numbers belong to events: draw them in on_pre, on_post, efficacy"
            )

    # What follows changes --------------------------------------------------------------------------------------------

    def _ending(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        """Note what the rule does to the weight after the changes of all rules."""
        texts = [s.expression for s in parse_statements(rule.after, title)]
        for text in texts:
            self._without_draws(text, f"{title}, after")
        known = {**names, **self._totalled(rule, names, texts, "sum_after", title)}
        statements = renamed_statements(rule.after, known, ("w",), f"{title}, after")
        self._endings += statements
        if statements:
            self.changes.append(Change(type(rule).__name__, "after", tuple(statements)))

    def _ended(self, changed: set[str], whole: bool) -> tuple[Statement, ...]:
        """Return what follows the changes of some variables, in the order of the rules; whole, with `after`."""
        own = {s.target for s in self._endings if isinstance(s, Statement)} if whole else set()
        statements = (
            ending.statement if isinstance(ending, Limit) else ending
            for ending in self._endings
            if (ending.variable in changed | own if isinstance(ending, Limit) else whole)
        )
        return self._shut(list(statements), changed)

    def _limit(self, bounds: Bounds, owner: str, prefix: str, names: Mapping[str, str]) -> None:
        """Keep a variable of a rule within bounds after each change."""
        limit = limited(bounds, owner, prefix, names, self.scope)
        self.limits.append(limit)
        self._endings.append(limit)

    def _read_sign(self) -> None:
        """Bound plastic weights by the sign of the projection."""
        if self.projection.rules and self.projection.sign:
            bounds = Bounds(0.0, "inf") if self.projection.sign > 0 else Bounds("-inf", 0.0)
            self._limit(bounds, "sign", "sign", {"w": "w"})

    # Connections that come and go ------------------------------------------------------------------------------------

    def _read_structure(self, rule: StructuralRule, names: dict[str, str], title: str) -> None:
        """Note the rule that lets connections come and go, and what it sees."""
        if self.structure is not None:
            raise DescriptionError(
                f"{title}: {type(self.structure.rule).__name__} changes its connections already: keep one of the two"
            )
        whole_steps(float(np.asarray(rule.interval)), self.network.step, f"{title}: interval")
        seen = {name: names[name] for name in (*rule.signals, *rule.traces, *rule.modulators)}
        if any(names_in(text) & self.scope.lates.keys() for text in seen.values()):
            raise DescriptionError(f"{title}: it reads signals that are on their way: set the delay to 0*ms")
        self.structure = Structure(rule, seen | rule.gradients, self.scope.states["w"])

    def _gate(self) -> None:
        """Let edges that are not there pass nothing on and count for nothing."""
        if self.structure is None:
            return
        for name, variable in self.structure.rule.gradients.items():
            if variable not in {*self.scope.states, GRADIENT} - {"w"}:
                raise SignalMissing(
                    f"{type(self.structure.rule).__name__} on {self.scope.where}: {name} = '{variable}' is not kept "
                    f"per synapse by a rule: {suggest(variable, {*self.scope.states, GRADIENT} - {'w'})}"
                )
        self.scope.declare("mask", DIMENSIONLESS)
        self.scope.states["mask"] = np.ones(self.wiring.edges.size)
        graded = self.delivery.graded
        self._deliver(gated)
        self.delivery = replace(self.delivery, graded=None if graded is None else f"mask * ({graded})")
        for name, total in self.totals.items():
            self.totals[name] = replace(total, expression=f"mask * ({total.expression})")

    def _shut(self, statements: list[Statement], changed: set[str]) -> tuple[Statement, ...]:
        """Return statements that leave the weight at 0 where there is no connection; changed, what they follow."""
        if self.structure is None or "w" not in changed | {s.target for s in statements}:
            return tuple(statements)
        return (*statements, Statement("w", "=", "mask * w"))


def _written(learning: Learning) -> set[str]:
    """Return the variables that learning changes."""
    return {*learning.changes, *(("w",) if learning.matrix is not None else ())}
