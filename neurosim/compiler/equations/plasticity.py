"""Synaptic rules written out on the named variables of a projection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from neurosim.compiler.equations.bounds import Change, Limit, gated
from neurosim.compiler.equations.connection import ConnectionDraft
from neurosim.compiler.equations.dimensions import dimension, expect
from neurosim.compiler.equations.draws import Draw, draws_in, with_draws
from neurosim.compiler.equations.forms import End, Held, Level, Structure, Sum
from neurosim.compiler.equations.masks import whole_steps
from neurosim.compiler.equations.names import SECOND, modulator_name, renamed, renamed_statements
from neurosim.errors import DescriptionError, SignalMissing
from neurosim.model.expressions import Statement, check_expression, names_in, parse_statements, substitute
from neurosim.model.matrix import check_matrix_expression, scalar_form
from neurosim.model.rule import Bounds, RuleSignal, SynapticRule
from neurosim.model.structural import GRADIENT, StructuralRule
from neurosim.model.units import (
    DIMENSIONLESS,
    dimension_of,
    scalar_in_si,
)
from neurosim.registry import suggest


class RuleDraft(ConnectionDraft):
    """A projection while rules are written out on it, one after the other."""

    def read_rule(self, rule: SynapticRule) -> None:
        """Write out a rule: its constants, signals, traces, changes and what follows them."""
        title = f"{type(rule).__name__} on {self.where}"
        names = {"w": "w"}
        for name, value in rule.values().items():
            names[name] = f"{rule.prefix}_{name}"
            self.constant(names[name], value)
        for name, trace in rule.traces.items():
            names[name] = f"{rule.prefix}_{name}"
            self.declare(names[name], dimension_of(trace.start(rule)))
        tail: dict[str, list[Statement]] = {"pre": [], "post": []}
        for name, signal in rule.signals.items():
            names[name] = self.signal(rule, name, signal, tail, title)
        for name, population in rule.modulators.items():
            names[name] = modulator_name(self.network, population, self.ends["post"].size, title)
            if self.populations[population].size > 1:
                self.each.add(names[name])
            self.dimensions[names[name]] = self.populations[population].dimensions["output"]
        for name, trace in rule.traces.items():
            course = trace.derivative
            text = None if course is None else renamed(course, names, f"{title}, d{name}/dt")
            self.without_draws(text, f"{title}, d{name}/dt")
            start = scalar_in_si(
                trace.start(rule), self.dimensions[names[name]], f"{title}, {name} at the start"
            )
            self.trace(names[name], trace.place, text, start)
        self.ending(rule, names, title)
        if rule.then is not None:
            self.limit(rule.then, type(rule).__name__, rule.prefix, names)
        for end, text in (("pre", rule.on_pre), ("post", rule.on_post)):
            self.check_no_totals(rule, text, f"{title}, on_{end}")
            written = renamed_statements(text, names, ("w", *rule.traces), f"{title}, on_{end}")
            written = [replace(s, expression=self.drawn(s.expression, rule.prefix)) for s in written]
            written = [self.times_gate(rule, s, names, title) for s in written]
            if written or tail[end]:
                self.needs_spikes(end, title)
                self.changes.append(Change(type(rule).__name__, f"on_{end}", (*written, *tail[end])))
        self.continuous(rule, names, title)
        self.pass_on(rule, names, title)
        if isinstance(rule, StructuralRule):
            self.read_structure(rule, names, title)

    def times_gate(
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

    def read_structure(self, rule: StructuralRule, names: dict[str, str], title: str) -> None:
        """Note the rule that lets connections come and go, and what it sees."""
        if self.structure is not None:
            raise DescriptionError(
                f"{title}: {type(self.structure.rule).__name__} changes its connections already: keep one of the two"
            )
        whole_steps(float(np.asarray(rule.interval)), self.network.step, f"{title}: interval")
        seen = {name: names[name] for name in (*rule.signals, *rule.traces, *rule.modulators)}
        self.structure = Structure(rule, seen | rule.gradients, self.states["w"])

    def gate(self) -> None:
        """Let edges that are not there pass nothing on and count for nothing."""
        if self.structure is None:
            return
        for name, variable in self.structure.rule.gradients.items():
            if variable not in {*self.states, GRADIENT} - {"w"}:
                raise SignalMissing(
                    f"{type(self.structure.rule).__name__} on {self.where}: {name} = '{variable}' is not kept per "
                    f"synapse by a rule: {suggest(variable, {*self.states, GRADIENT} - {'w'})}"
                )
        self.declare("mask", DIMENSIONLESS)
        self.states["mask"] = np.ones(self.edges.size)
        self.deliver = tuple(gated(s) for s in self.deliver)
        self.graded = None if self.graded is None else f"mask * ({self.graded})"
        self.totals = {
            name: replace(total, expression=f"mask * ({total.expression})")
            for name, total in self.totals.items()
        }

    def pass_on(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        """Put the rule's efficacy in the place of the weight in what is delivered."""
        if rule.efficacy is None:
            return
        if not self.deliver:
            raise SignalMissing(f"{title}: it acts on what spikes deliver: use a pulse synapse")
        check_expression(rule.efficacy, f"{title}, efficacy")
        text = {"w": f"({self.drawn(renamed(rule.efficacy, names, f'{title}, efficacy'), rule.prefix)})"}
        self.deliver = tuple(Statement(s.target, s.op, substitute(s.expression, text)) for s in self.deliver)

    def drawn(self, text: str, prefix: str) -> str:
        """Replace rand() and randn() by variables that hold one draw per edge and step."""

        def draw(call: str, kind: Draw) -> str:
            name = f"{prefix}_{call}_draw_{len(self.draws)}"
            self.draws[name] = kind
            self.declare(name, DIMENSIONLESS)
            return name

        return with_draws(text, draw, self.where)

    @staticmethod
    def without_draws(text: str | None, where: str) -> None:
        """Refuse random numbers in a text that is no event."""
        if text is not None and draws_in(text):
            raise DescriptionError(
                f"{where}: random numbers belong to events: use rand() and randn() in on_pre, on_post, efficacy"
            )

    def continuous(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        """Write out what the rule changes in every step or after a presentation."""
        if rule.dW is not None:
            self.read_matrix(rule, names, title)
        if rule.dw is None:
            return
        check_expression(rule.dw, f"{title}, dw")
        known = {**names, **self.totalled(rule, names, [rule.dw], "sum", title)}
        text = renamed(rule.dw, known, f"{title}, dw")
        self.without_draws(text, f"{title}, dw")
        change = self.times_gate(rule, Statement("w", "+=", text), names, title)
        text = change.expression
        self.changes.append(Change(type(rule).__name__, "dw", (change,)))
        changes = self.samples if rule.clock == "sample" else self.derivatives
        changes["w"] = f"({changes['w']}) + ({text})" if "w" in changes else text

    def read_matrix(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        """Write out the change of the whole weight matrix."""
        if not self.projection.connect.dense:
            raise DescriptionError(f"{title}: a matrix rule needs an all-to-all projection: make it one")
        check_matrix_expression(rule.dW or "", f"{title}, dW")
        text = renamed(rule.dW or "", {**names, "W": "W"}, f"{title}, dW")
        change = self.times_gate(rule, Statement("w", "+=", text), names, title)
        text = change.expression
        self.changes.append(Change(type(rule).__name__, "dW", (change,)))
        self.matrix = text if self.matrix is None else f"({self.matrix}) + ({text})"
        per = DIMENSIONLESS if rule.clock == "sample" else SECOND
        known = {**self.dimensions, "W": self.dimensions["w"]}
        expect(scalar_form(text), known["W"] / per, known, f"{title}, dW")

    def ending(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        """Note what the rule does to the weight after the changes of all rules."""
        texts = [s.expression for s in parse_statements(rule.after, title)]
        for text in texts:
            self.without_draws(text, f"{title}, after")
        known = {**names, **self.totalled(rule, names, texts, "sum_after", title)}
        statements = renamed_statements(rule.after, known, ("w",), f"{title}, after")
        self.endings += statements
        if statements:
            self.changes.append(Change(type(rule).__name__, "after", tuple(statements)))

    def totalled(
        self, rule: SynapticRule, names: dict[str, str], texts: Iterable[str], word: str, title: str
    ) -> dict[str, str]:
        """Return the names of the totals that texts of one moment read, each declared with its expression."""
        found, read = {}, frozenset().union(*map(names_in, texts))
        for name in (n for n in rule.totals if n in read):
            found[name] = f"{rule.prefix}_{name}_{word}"
            where = f"{title}, total {name}"
            text = renamed(rule.totals[name].expression, names, where)
            self.declare(found[name], dimension(text, self.dimensions, where))
            self.totals[found[name]] = Sum("pre" if rule.totals[name].place == "pre" else "post", text)
        return found

    @staticmethod
    def check_no_totals(rule: SynapticRule, text: str, title: str) -> None:
        """Refuse what happens at a spike if it reads a sum over connections, which is not kept up to date there."""
        for statement in parse_statements(text, title):
            for name in sorted(names_in(statement.expression) & rule.totals.keys()):
                raise DescriptionError(
                    f"{title}: '{statement}' reads the total '{name}': only dw and after may"
                )

    def limit(self, bounds: Bounds, owner: str, prefix: str, names: dict[str, str]) -> None:
        """Keep a variable of a rule within bounds after each change."""
        if bounds.variable not in names:
            raise DescriptionError(
                f"{self.where}: {owner}.then bounds '{bounds.variable}': {suggest(bounds.variable, names)}"
            )
        variable = names[bounds.variable]
        low = self.bound(bounds.low, names, f"{prefix}_low", variable)
        high = self.bound(bounds.high, names, f"{prefix}_high", variable)
        limit = Limit(owner, variable, low, high)
        self.limits.append(limit)
        self.endings.append(limit)

    def read_sign(self) -> None:
        """Bound plastic weights by the sign of the projection."""
        if self.projection.rules and self.projection.sign:
            bounds = Bounds(0.0, "inf") if self.projection.sign > 0 else Bounds("-inf", 0.0)
            self.limit(bounds, "sign", "sign", {"w": "w"})

    def event(self, moment: str) -> tuple[Statement, ...]:
        """Return what all rules do at one moment, with bounds."""
        held = (change.held(self.limits) for change in self.changes if change.moment == moment)
        return self.shut([s for statements in held for s in statements], set())

    def after(self) -> tuple[Statement, ...]:
        """Return what follows the changes of every step."""
        changed = {*self.derivatives, *(("w",) if self.matrix and not self.sampled else ())}
        at_spikes = {s.target for moment in ("on_pre", "on_post") for s in self.event(moment)}
        return self.ended(changed, "w" in changed | at_spikes or not self.sampled)

    def after_sample(self) -> tuple[Statement, ...]:
        """Return what follows the changes after a presentation."""
        changed = {*self.samples, *(("w",) if self.matrix and self.sampled else ())}
        return self.ended(changed, "w" in changed)

    def ended(self, changed: set[str], whole: bool) -> tuple[Statement, ...]:
        """Return what follows the changes of some variables, in the order of the rules; whole, with `after`."""
        own = {s.target for s in self.endings if isinstance(s, Statement)} if whole else set()
        statements = (
            ending.statement if isinstance(ending, Limit) else ending
            for ending in self.endings
            if (ending.variable in changed | own if isinstance(ending, Limit) else whole)
        )
        return self.shut(list(statements), changed)

    def shut(self, statements: list[Statement], changed: set[str]) -> tuple[Statement, ...]:
        """Return statements that leave the weight at 0 where there is no connection; changed, what they follow."""
        if self.structure is None or "w" not in changed | {s.target for s in statements}:
            return tuple(statements)
        return (*statements, Statement("w", "=", "mask * w"))

    @property
    def sampled(self) -> bool:
        """Whether a rule has the clock 'sample'."""
        return any(rule.clock == "sample" for rule in self.projection.rules)

    def bound(self, bound: float | str, names: dict[str, str], name: str, variable: str) -> str:
        """Return the name of a bound, a parameter or a number that becomes a constant of that name."""
        if isinstance(bound, str) and bound not in ("inf", "-inf"):
            if bound not in names:
                raise DescriptionError(
                    f"{self.where}: bound '{bound}' is not a parameter: {suggest(bound, names)}"
                )
            return names[bound]
        # A number bounds a weight of any unit, so it becomes a constant that carries the unit of the weight.
        self.declare(name, self.dimensions[variable])
        self.constants[name] = np.array(float(bound))
        return name

    def trace(self, name: str, where: str, derivative: str | None, start: float) -> None:
        """Note a variable that a rule keeps, per neuron or per edge."""
        if where == "synapse":
            self.states[name] = np.broadcast_to(float(start), (self.edges.size,))
            if derivative is not None:
                self.derivatives[name] = derivative
        else:
            level: Level = "post" if where == "post" else "pre" if self.delays is None else "edge"
            self.traces[name] = Held(level, derivative or "0", start)

    def signal(
        self, rule: SynapticRule, name: str, signal: RuleSignal, tail: dict[str, list[Statement]], title: str
    ) -> str:
        """Return the expression of a signal; activity of spikes becomes a trace, which `tail` adds to."""
        end: End = "pre" if signal.place == "pre" else "post"
        population = self.ends[end]
        if signal.name == "gain":
            if not population.graded:
                raise SignalMissing(
                    f"{title}: '{population.name}' has no gain of its output: use a rate population"
                )
            return " * ".join(f"{gain}_{end}" for gain in population.output_gains) or "1"
        if signal.name != "activity":
            if signal.name not in population.dimensions:
                raise SignalMissing(
                    f"{title}: it needs '{signal.name}', which '{population.name}' does not have: "
                    f"{suggest(signal.name, population.dimensions)}"
                )
            if signal.number and population.dimensions[signal.name] is not DIMENSIONLESS:
                raise SignalMissing(
                    f"{title}: it needs '{signal.name}' of '{population.name}' without unit: use rate units"
                )
            return f"{signal.name}_{end}"
        if population.graded:
            return self.graded_activity(end)
        if not population.spiking:
            raise SignalMissing(
                f"{title}: '{population.name}' has no activity: use a spiking or rate population"
            )
        trace, window, reference = (
            f"{rule.prefix}_{name}{suffix}" for suffix in ("", "_window", "_reference")
        )
        self.declare(trace, DIMENSIONLESS)
        self.constant(window, population.described.activity_window)
        self.constant(reference, population.described.reference_rate)
        self.traces[trace] = Held(
            "edge" if end == "pre" and self.delays is not None else end, f"-{trace}/{window}", 0.0
        )
        tail[end].append(Statement(trace, "+=", f"1/({window}*{reference})"))
        return trace

    def graded_activity(self, end: End) -> str:
        """Return the expression of a graded output over its reference."""
        population = self.ends[end]
        if self.dimensions[f"output_{end}"] is DIMENSIONLESS:
            return f"output_{end}"
        reference = f"reference_{end}"
        if reference not in self.constants:
            self.constant(reference, population.described.reference_rate)
        return f"output_{end}/{reference}"

    def needs_spikes(self, end: str, title: str) -> None:
        """Refuse a rule at spikes of a population that has none."""
        population = self.ends[end]
        if not population.spiking:
            raise SignalMissing(
                f"{title}: it needs spikes of '{population.name}', which does not spike: use a spiking population, or "
                "a rule with the clock 'continuous'"
            )
