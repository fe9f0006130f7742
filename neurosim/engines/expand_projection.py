"""From a projection to a link: edges drawn, weights resolved, rules written out on named variables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from neurosim.engines.dimensions import dimension, expect, expect_statement
from neurosim.engines.draw_calls import Kind, draws_in, with_draws
from neurosim.engines.expand_population import CLOCK, RESERVED, SECOND, check_variable, modulator_name
from neurosim.engines.expanded import OF, EdgeList, Held, Link, Structure, Sum, Unit
from neurosim.engines.limits import Change, Limit, check_limits, check_together, gated
from neurosim.engines.rule_text import renamed, renamed_statements
from neurosim.engines.structure import whole_steps
from neurosim.errors import DescriptionError, SignalMissing
from neurosim.model.connectivity import edge_order
from neurosim.model.expressions import Statement, check_expression, names_in, parse_statements, substitute
from neurosim.model.matrix import check_matrix_expression, scalar_form
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection, Tied
from neurosim.model.rule import Bounds, Signal, SynapticRule
from neurosim.model.structural import GRADIENT, StructuralRule
from neurosim.model.units import (
    DIMENSIONLESS,
    Dimension,
    dimension_of,
    in_si,
    quantity,
    scalar_in_si,
    unit_name,
)
from neurosim.model.values import Distribution, resolve, value_dimension
from neurosim.registry import suggest
from neurosim.rng import generator

End = Literal["pre", "post"]
Place = Literal["pre", "post", "edge"]


class _Draft:
    """A link while it is written out; `finish` checks units and freezes it."""

    def __init__(self, projection: Projection, network: Network, units: dict[str, Unit], seed: int) -> None:
        self.projection = projection
        self.network = network
        self.units = units
        self.seed = seed
        self.where = f"projection '{projection.name}'"
        self.ends: dict[str, tuple[Population, Unit]] = {
            "pre": (network.populations[projection.source], units[projection.source]),
            "post": (network.populations[projection.target], units[projection.target]),
        }
        self.dimensions: dict[str, Dimension] = dict(CLOCK)
        for end, (_, unit) in self.ends.items():
            self.dimensions.update(
                {f"{name}_{end}": dim for name, dim in unit.dimensions.items() if name not in CLOCK}
            )
        self.constants: dict[str, np.ndarray] = {}
        self.states: dict[str, np.ndarray] = {}
        self.traces: dict[str, Held] = {}
        self.edge_free: dict[str, str] = {}
        self.changes: list[Change] = []
        self.limits: list[Limit] = []
        self.endings: list[Limit | Statement] = []
        self.totals: dict[str, Sum] = {}
        self.structure: Structure | None = None
        self.derivatives: dict[str, str] = {}
        self.samples: dict[str, str] = {}
        self.draws: dict[str, Kind] = {}
        self.each: set[str] = set()
        self.matrix: str | None = None
        self.deliver: tuple[Statement, ...] = ()
        self.port: str | None = None
        self.graded: str | None = None
        self.tied = projection.weight if isinstance(projection.weight, Tied) else None

    def declare(self, name: str, dim: Dimension) -> None:
        check_variable(name, {*self.dimensions, *RESERVED - {"w"}}, self.where)
        self.dimensions[name] = dim

    def constant(self, name: str, value: Any) -> None:
        if isinstance(value, Distribution) or np.ndim(value):
            raise DescriptionError(
                f"{self.where}: '{name}' must be one number for the whole projection: give one"
            )
        dim = dimension_of(value)
        self.declare(name, dim)
        self.constants[name] = resolve(value, dim, 1, self.seed, f"{self.projection.name}.{name}")

    # Edges and weights ---------------------------------------------------------------------------------------------

    def read_edges(self) -> None:
        rng = generator(self.seed, f"{self.projection.name} connectivity")
        sources, targets = (unit.size for _, unit in self.ends.values())
        connect: Any = self.projection.connect
        if not connect.autapses and self.projection.source != self.projection.target:
            connect = replace(connect, autapses=True)
        self.order: np.ndarray | slice = slice(None)
        self.delays: np.ndarray | None = None
        if (
            connect.dense
            and np.ndim(self.projection.delay) == 0
            and not isinstance(self.projection.delay, Distribution)
        ):
            # All pairs are in order as they are, and are not even listed.
            self.edges = EdgeList(np.arange(sources + 1) * targets, None, targets)
            self.delay = int(self.delay_steps(sources * targets))
            return
        pre, post = connect.pairs(sources, targets, rng, self.where)
        steps = self.delay_steps(pre.size)
        self.order = edge_order(pre, steps, post) if steps.ndim else edge_order(pre, post)
        self.edges = EdgeList(
            np.searchsorted(pre[self.order], np.arange(sources + 1)), post[self.order], targets
        )
        self.delays = steps[self.order].astype(np.int32) if steps.ndim else None
        self.delay = int(steps.max(initial=0))

    def read_weight(self) -> None:
        weight: Any = self.projection.weight
        if self.tied is not None:
            self.read_tied(self.tied)
            return
        where = f"{self.projection.name}.w"
        dim = value_dimension(weight, where)
        self.declare("w", dim)
        if not isinstance(weight, Distribution) and np.ndim(weight) == 2:
            weight = quantity(self.flat(in_si(weight, dim, where)), dim)
        si = resolve(weight, dim, self.edges.size, self.seed, where)
        if si.ndim and not isinstance(weight, Distribution):
            si = si[self.order]
        self.check_sign(si)
        if si.ndim == 0 and not self.projection.rules:
            self.constants["w"] = si
        else:
            self.states["w"] = np.broadcast_to(si, (self.edges.size,))

    def flat(self, matrix: np.ndarray) -> np.ndarray:
        targets, sources = self.ends["post"][1].size, self.ends["pre"][1].size
        if not self.projection.connect.dense or matrix.shape != (targets, sources):
            raise DescriptionError(
                f"{self.where}: a weight of shape {matrix.shape} needs all-to-all connectivity and the shape "
                f"({targets}, {sources}), targets by sources: change it"
            )
        return matrix.T.ravel()

    def read_tied(self, tied: Tied) -> None:
        if tied.parameter not in self.network.parameters:
            hint = suggest(tied.parameter, self.network.parameters)
            raise DescriptionError(f"{self.where}: no named parameter '{tied.parameter}': {hint}")
        if self.projection.rules:
            raise DescriptionError(
                f"{self.where}: a tied weight cannot be plastic: give the projection its own weight"
            )
        named = self.network.parameters[tied.parameter]
        self.declare("w", dimension_of(named.value))
        index = (
            np.broadcast_to(np.array(tied.index, dtype=np.int64), (self.edges.size,))
            if len(tied.index) == 1
            else np.array(tied.index)
        )
        if index.shape != (self.edges.size,):
            raise DescriptionError(
                f"{self.where}: {index.size} tied indices for {self.edges.size} edges: give one per edge"
            )
        if index.size and (index.min() < 0 or index.max() >= np.size(named.value)):
            raise DescriptionError(
                f"{self.where}: a tied index lies outside '{named.name}', which has {np.size(named.value)} values"
            )
        self.tied = Tied(tied.parameter, tuple(index[self.order]))
        self.states["w"] = constrained(named.value, named.sign)[np.array(self.tied.index, dtype=np.int64)]

    def check_sign(self, si: np.ndarray) -> None:
        sign = self.projection.sign
        if sign and np.any(si * sign < 0):
            raise DescriptionError(
                f"{self.where}: weights must have the sign {sign:+d}, but some have the other: correct them"
            )

    # What the synapse does -------------------------------------------------------------------------------------------

    def read_synapse(self) -> None:
        synapse, (_, target) = self.projection.synapse, self.ends["post"]
        for name, value in synapse.values().items():
            self.constant(name, value)
        port = synapse.port
        if port not in {*target.ports, *target.states}:
            known = [*target.ports, *target.derivatives]
            raise DescriptionError(
                f"{self.where}: '{target.name}' has no port '{port}': {suggest(port, known)}"
            )
        if synapse.on_pre is not None:
            self.read_pulse(synapse.text(synapse.on_pre), port, target)
        if synapse.graded is not None:
            self.read_graded(synapse.text(synapse.graded), port, target)

    def read_pulse(self, text: str, port: str, target: Unit) -> None:
        if not self.ends["pre"][1].spiking:
            raise DescriptionError(
                f"{self.where}: '{self.projection.source}' does not spike: use a graded synapse"
            )
        if port in target.ports:
            raise DescriptionError(
                f"{self.where}: '{port}' takes graded input, not spikes: choose a state such as g_e"
            )
        gain = target.gains.get(port)
        statements = parse_statements(text, self.where)
        scale = {} if gain is None else {f"{port}_post": " * ".join(f"{g}_post" for g in gain.split(" * "))}
        self.deliver = tuple(
            Statement(
                s.target, s.op, f"{scale[s.target]} * ({s.expression})" if s.target in scale else s.expression
            )
            for s in statements
        )

    def read_graded(self, text: str, port: str, target: Unit) -> None:
        if port not in target.ports:
            raise DescriptionError(
                f"{self.where}: '{port}' of '{target.name}' is not an input: choose {target.ports}"
            )
        if "output_pre" in names_in(text) and not self.ends["pre"][1].graded:
            raise DescriptionError(
                f"{self.where}: '{self.projection.source}' has no graded output: use a pulse synapse"
            )
        if self.delay:
            raise DescriptionError(f"{self.where}: a graded synapse has no delay: set delay to 0*ms")
        check_expression(text, self.where)
        self.port, self.graded = port, text

    def delay_steps(self, edges: int) -> np.ndarray:
        """Return delays in steps: 0-d, or one per edge; drawn ones are rounded to the nearest step."""
        where, dt = f"{self.where}: delay", self.network.step
        delay = self.projection.delay
        steps = resolve(delay, SECOND, edges, self.seed, where) / dt
        whole = np.rint(steps)
        if isinstance(delay, Distribution):
            steps = whole
        if np.any(steps < 0) or np.any(np.abs(steps - whole) > 1e-6 * np.maximum(1.0, whole)):
            raise DescriptionError(
                f"{where} {delay} is not a whole number (from 0) of steps of {self.network.dt}: change it or dt"
            )
        return whole.astype(np.int64)

    # Rules -----------------------------------------------------------------------------------------------------------

    def read_rule(self, rule: SynapticRule) -> None:
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
            names[name] = modulator_name(self.network, population, self.ends["post"][1].size, title)
            if self.units[population].size > 1:
                self.each.add(names[name])
            self.dimensions[names[name]] = self.units[population].dimensions["output"]
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
            written = [self.gated(rule, s, names, title) for s in written]
            if written or tail[end]:
                self.needs_spikes(end, title)
                self.changes.append(Change(type(rule).__name__, f"on_{end}", (*written, *tail[end])))
        self.continuous(rule, names, title)
        self.pass_on(rule, names, title)
        if isinstance(rule, StructuralRule):
            self.read_structure(rule, names, title)

    def gated(self, rule: SynapticRule, change: Statement, names: dict[str, str], title: str) -> Statement:
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

        def draw(call: str, kind: Kind) -> str:
            name = f"{prefix}_{call}_draw_{len(self.draws)}"
            self.draws[name] = kind
            self.declare(name, DIMENSIONLESS)
            return name

        return with_draws(text, draw, self.where)

    @staticmethod
    def without_draws(text: str | None, where: str) -> None:
        if text is not None and draws_in(text):
            raise DescriptionError(
                f"{where}: random numbers belong to events: use rand() and randn() in on_pre, on_post, efficacy"
            )

    def continuous(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        if rule.dW is not None:
            self.read_matrix(rule, names, title)
        if rule.dw is None:
            return
        check_expression(rule.dw, f"{title}, dw")
        known = {**names, **self.totalled(rule, names, [rule.dw], "sum", title)}
        text = renamed(rule.dw, known, f"{title}, dw")
        self.without_draws(text, f"{title}, dw")
        change = self.gated(rule, Statement("w", "+=", text), names, title)
        text = change.expression
        self.changes.append(Change(type(rule).__name__, "dw", (change,)))
        changes = self.samples if rule.clock == "sample" else self.derivatives
        changes["w"] = f"({changes['w']}) + ({text})" if "w" in changes else text

    def read_matrix(self, rule: SynapticRule, names: dict[str, str], title: str) -> None:
        if not self.projection.connect.dense:
            raise DescriptionError(f"{title}: a matrix rule needs an all-to-all projection: make it one")
        check_matrix_expression(rule.dW or "", f"{title}, dW")
        text = renamed(rule.dW or "", {**names, "W": "W"}, f"{title}, dW")
        change = self.gated(rule, Statement("w", "+=", text), names, title)
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
        if self.projection.rules and self.projection.sign:
            bounds = Bounds(0.0, "inf") if self.projection.sign > 0 else Bounds("-inf", 0.0)
            self.limit(bounds, "sign", "sign", {"w": "w"})

    def event(self, moment: str) -> tuple[Statement, ...]:
        held = (change.held(self.limits) for change in self.changes if change.moment == moment)
        return self.shut([s for statements in held for s in statements], set())

    def after(self) -> tuple[Statement, ...]:
        changed = {*self.derivatives, *(("w",) if self.matrix and not self.sampled else ())}
        at_spikes = {s.target for moment in ("on_pre", "on_post") for s in self.event(moment)}
        return self.ended(changed, "w" in changed | at_spikes or not self.sampled)

    def after_sample(self) -> tuple[Statement, ...]:
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
        return any(rule.clock == "sample" for rule in self.projection.rules)

    def bound(self, bound: float | str, names: dict[str, str], name: str, variable: str) -> str:
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
        if where == "synapse":
            self.states[name] = np.broadcast_to(float(start), (self.edges.size,))
            if derivative is not None:
                self.derivatives[name] = derivative
        else:
            place: Place = "post" if where == "post" else "pre" if self.delays is None else "edge"
            self.traces[name] = Held(place, derivative or "0", start)

    def signal(
        self, rule: SynapticRule, name: str, signal: Signal, tail: dict[str, list[Statement]], title: str
    ) -> str:
        end: End = "pre" if signal.place == "pre" else "post"
        population, unit = self.ends[end]
        if signal.name == "gain":
            if not unit.graded:
                raise SignalMissing(
                    f"{title}: '{unit.name}' has no gain of its output: use a rate population"
                )
            return " * ".join(f"{gain}_{end}" for gain in unit.output_gains) or "1"
        if signal.name != "activity":
            if signal.name not in unit.dimensions:
                raise SignalMissing(
                    f"{title}: it needs '{signal.name}', which '{unit.name}' does not have: "
                    f"{suggest(signal.name, unit.dimensions)}"
                )
            if signal.number and unit.dimensions[signal.name] is not DIMENSIONLESS:
                raise SignalMissing(
                    f"{title}: it needs '{signal.name}' of '{unit.name}' without unit: use rate units"
                )
            return f"{signal.name}_{end}"
        if unit.graded:
            return self.graded_activity(end)
        if not unit.spiking:
            raise SignalMissing(f"{title}: '{unit.name}' has no activity: use a spiking or rate population")
        trace, window, reference = (
            f"{rule.prefix}_{name}{suffix}" for suffix in ("", "_window", "_reference")
        )
        self.declare(trace, DIMENSIONLESS)
        self.constant(window, population.activity_window)
        self.constant(reference, population.reference_rate)
        self.traces[trace] = Held(
            "edge" if end == "pre" and self.delays is not None else end, f"-{trace}/{window}", 0.0
        )
        tail[end].append(Statement(trace, "+=", f"1/({window}*{reference})"))
        return trace

    def graded_activity(self, end: End) -> str:
        population, _ = self.ends[end]
        if self.dimensions[f"output_{end}"] is DIMENSIONLESS:
            return f"output_{end}"
        reference = f"reference_{end}"
        if reference not in self.constants:
            self.constant(reference, population.reference_rate)
        return f"output_{end}/{reference}"

    def needs_spikes(self, end: str, title: str) -> None:
        _, unit = self.ends[end]
        if not unit.spiking:
            raise SignalMissing(
                f"{title}: it needs spikes of '{unit.name}', which does not spike: use a spiking population, or a rule "
                "with the clock 'continuous'"
            )

    # Checks --------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        known = self.dimensions
        own = (*self.states, *self.traces)
        ends = [f"{name}_{end}" for end, (_, unit) in self.ends.items() for name in unit.states]
        for statement in self.deliver:
            expect_statement(statement, known, ends, self.where)
        for statement in (*self.event("on_pre"), *self.event("on_post"), *self.after(), *self.after_sample()):
            expect_statement(statement, known, own, self.where)
        for name, held in self.traces.items():
            expect(held.derivative, known[name] / SECOND, known, f"{self.where}, d{name}/dt")
            self.check_writer(name, "post" if held.place == "post" else "pre")
            self.check_reader(name, held)
        for name, text in self.derivatives.items():
            expect(text, known[name] / SECOND, known, f"{self.where}, d{name}/dt")
        for name, text in self.samples.items():
            expect(text, known[name], known, f"{self.where}, change of {name}")
        if self.graded is not None:
            expect(
                self.graded,
                known[f"{self.port}_post"],
                known,
                f"{self.where}: weight in {unit_name(known['w'])}",
            )
        check_together(self.changes, self.where)
        start = {**self.states, **{name: np.array(held.initial) for name, held in self.traces.items()}}
        check_limits(self.limits, self.constants, start, self.where)

    def check_writer(self, trace: str, place: Place) -> None:
        # A trace per neuron changes once per spike of that neuron; written elsewhere it would differ by synapse.
        end = "post" if place == "post" else "pre"
        wrong = self.event("on_post" if end == "pre" else "on_pre")
        right = self.event(f"on_{end}")
        other = {*self.draws, *(self.each if end == "pre" else ())}
        mixed = {name for s in right if s.target == trace for name in names_in(s.expression) & other}
        if mixed:
            raise DescriptionError(
                f"{self.where}: '{trace}' is kept per {end}synaptic neuron, but changes by '{min(mixed)}', which "
                "differs from synapse to synapse: use synapse.variable for a variable per synapse"
            )
        if any(s.target == trace for s in wrong):
            raise DescriptionError(
                f"{self.where}: '{trace}' is kept per {end}synaptic neuron, so only on_{end} may write it: "
                "use synapse.variable for a variable per synapse"
            )

    def check_reader(self, trace: str, held: Held) -> None:
        end = "post" if held.place == "post" else "pre"
        own = {name for name, other in self.traces.items() if other.place == held.place}
        own |= {f"{name}_{end}" for name in self.ends[end][1].dimensions}
        for name in names_in(held.derivative) - {*CLOCK, *self.constants, *own}:
            if OF not in name or (name in self.each and held.place != "post"):
                raise DescriptionError(
                    f"{self.where}: d{trace}/dt reads '{name}', but the trace is kept per {end}synaptic neuron: "
                    "use synapse.variable for a variable per synapse"
                )

    def finish(self) -> Link:
        self.check()
        return Link(
            name=self.projection.name,
            source=self.projection.source,
            target=self.projection.target,
            edges=self.edges,
            dense=self.edges.listed is None,
            delay=self.delay,
            delays=self.delays,
            dimensions=self.dimensions,
            constants=self.constants,
            states=self.states,
            traces=self.traces,
            deliver=self.deliver,
            port=self.port,
            graded=self.graded,
            on_pre=self.event("on_pre"),
            on_post=self.event("on_post"),
            derivatives=self.derivatives,
            after=self.after(),
            samples=self.samples,
            after_sample=self.after_sample(),
            matrix=None if self.sampled else self.matrix,
            matrix_sample=self.matrix if self.sampled else None,
            totals=self.totals,
            tied=self.tied,
            structure=self.structure,
            draws=self.draws,
            each=frozenset(self.each),
        )


def constrained(value: Any, sign: int) -> np.ndarray:
    """Return the effective value of a named parameter: max(value, 0) for sign +1, min(value, 0) for -1."""
    si = np.atleast_1d(np.array(value, dtype=np.float64))
    return np.maximum(si, 0.0) if sign > 0 else np.minimum(si, 0.0) if sign < 0 else si


def expand_projection(projection: Projection, network: Network, units: dict[str, Unit], seed: int) -> Link:
    """Return the projection written out; raises DescriptionError on units, shapes, signals or rules that do not fit."""
    draft = _Draft(projection, network, units, seed)
    draft.read_edges()
    draft.read_weight()
    draft.read_synapse()
    for rule in projection.rules:
        draft.read_rule(rule)
    draft.read_sign()
    draft.gate()
    return draft.finish()
