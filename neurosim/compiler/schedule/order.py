"""The order of one step: a network written out becomes a program, an ordered list of blocks.

The order is the schedule: draw, inputs, clamp, graded signals, record, matrix, learn, adapt, decay of traces,
integrate, threshold, deliver, on_pre, on_post, reset, external. Apart from it stand the blocks of the clock 'sample':
accumulate adds a change to x___sum, apply makes it. Names ending in _pre and _post belong to the two ends of a link,
and x__of__p is variable x of population p: of its one unit or, for a name in `each`, of the unit at the neuron's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from neurosim.compiler.equations.forms import Expanded, Link, Unit
from neurosim.compiler.equations.names import OF
from neurosim.compiler.schedule.exact import Linear
from neurosim.compiler.schedule.graded import follows_input, graded_order
from neurosim.compiler.schedule.integration import linear_system, update_statements
from neurosim.compiler.schedule.program import Block, Kind, Place, Program, Propagator, inline
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, names_in, substitute


def lower(expanded: Expanded) -> Program:
    """Return the program of a network; raises DescriptionError where a method does not apply or on a cycle."""
    return _Lowering(expanded).program()


class _Lowering:
    def __init__(self, expanded: Expanded) -> None:
        self.expanded = expanded
        self.units, self.links = expanded.units, expanded.links
        self.propagators: list[Propagator] = []
        self.stored = {name: self.stored_definitions(unit) for name, unit in self.units.items()}

    def program(self) -> Program:
        blocks = tuple(self.clamped(self.blocks()))
        return Program(self.expanded, blocks, tuple(self.propagators), tuple(self.samples()), self.stored)

    def blocks(self) -> Iterator[Block]:
        units, links = self.units.values(), self.links.values()
        yield from (Block("draw", u.name) for u in units if u.draws)
        yield from (Block("draw", k.name) for k in links if k.draws)
        yield from (Block("input", u.name) for u in units if "value" in u.states)
        yield from (Block("clamp", c.unit, clamp=c) for c in self.expanded.clamps)
        yield from self.graded()
        yield Block("record", "")
        for link in links:
            yield from self.learn(link)
        yield from (self.adapt(unit) for unit in units if unit.adaptation)
        yield from (self.decay(link, place) for link in links for place in self.places(link))
        yield from (self.integrate(unit) for unit in units if unit.derivatives)
        yield from (self.threshold(unit) for unit in units if unit.spiking)
        yield from (Block("deliver", k.name, self.inlined(k, k.deliver)) for k in links if k.deliver)
        yield from (Block("on_pre", k.name, self.inlined(k, k.on_pre)) for k in links if k.on_pre)
        yield from (Block("on_post", k.name, self.inlined(k, k.on_post)) for k in links if k.on_post)
        yield from (Block("reset", u.name, self.defined(u, u.reset)) for u in units if u.reset)
        yield from (Block("external", name) for name in self.expanded.network.externals)

    def clamped(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Repeat each clamp after every block that writes its variable."""
        for block in blocks:
            yield block
            if block.kind == "clamp":
                continue
            written = self.written_in_units(block)
            yield from (
                Block("clamp", c.unit, clamp=c)
                for c in self.expanded.clamps
                if (c.unit, c.variable) in written
            )

    def written_in_units(self, block: Block) -> set[tuple[str, str]]:
        if block.kind == "external":
            return {(name, "value") for name in self.expanded.network.externals[block.owner].writes}
        link = self.links.get(block.owner)
        if link is None:
            return {(block.owner, name) for name in block.writes}
        ends = {"_pre": link.source, "_post": link.target}
        return {(ends[e], name.removesuffix(e)) for name in block.writes for e in ends if name.endswith(e)}

    # Graded signals ----------------------------------------------------------------------------------------------

    def stored_definitions(self, unit: Unit) -> tuple[str, ...]:
        """Return the definitions kept as arrays: those that links, rules of other populations and recorders read."""
        wanted = {r.variable for r in self.expanded.network.recorders if r.target == unit.name}
        for link in self.links.values():
            traces = (trace.derivative for trace in link.traces.values())
            sums = (total.expression for total in link.totals.values())
            names = names_of([link.graded, link.matrix, *link.derivatives.values(), *sums, *traces])
            wanted |= {
                n.removesuffix("_pre") for n in names if link.source == unit.name and n.endswith("_pre")
            }
            wanted |= {
                n.removesuffix("_post") for n in names if link.target == unit.name and n.endswith("_post")
            }
        # A modulator is held during a step, so whatever reads it reads what was stored.
        wanted |= {
            n.removesuffix(f"{OF}{unit.name}") for n in self.modulators if n.endswith(f"{OF}{unit.name}")
        }
        return tuple(name for name in unit.definitions if name in wanted)

    @cached_property
    def modulators(self) -> set[str]:
        """The names by which rules read modulators."""
        texts: list[str | None] = []
        for link in self.links.values():
            events = (*link.on_pre, *link.on_post, *link.deliver)
            texts += [link.matrix, link.matrix_sample, *(s.expression for s in events)]
            texts += [
                *link.derivatives.values(),
                *(total.expression for total in link.totals.values()),
                *link.samples.values(),
                *(t.derivative for t in link.traces.values()),
            ]
        for unit in self.units.values():
            texts += [*unit.adaptation.values(), *unit.samples.values(), *(s.expression for s in unit.reset)]
        return {name for name in names_of(texts) if OF in name}

    def graded(self) -> Iterator[Block]:
        # What depends on states alone comes first, so that recurrent links read it before any sum.
        for unit in self.units.values():
            yield from self.evaluate(unit, [d for d in self.stored[unit.name] if not follows_input(unit, d)])
        for name in graded_order(self.expanded):
            unit = self.units[name]
            incoming = [
                link for link in self.links.values() if link.graded is not None and link.target == name
            ]
            if incoming:
                yield Block(
                    "clear",
                    name,
                    tuple(Statement(p, "=", "0.0") for p in sorted({k.port or "" for k in incoming})),
                )
            for link in incoming:
                yield Block("graded", link.name, (Statement(f"{link.port}_post", "+=", link.graded or ""),))
            yield from self.evaluate(unit, [d for d in self.stored[name] if follows_input(unit, d)])

    def evaluate(self, unit: Unit, definitions: list[str]) -> Iterator[Block]:
        if definitions:
            texts = {d: self.inline(unit, unit.definitions[d]) for d in definitions}
            yield Block("evaluate", unit.name, tuple(Statement(d, "=", text) for d, text in texts.items()))

    def inline(self, unit: Unit, text: str) -> str:
        return inline(self.expanded, unit, text)

    def defined(self, unit: Unit, statements: Iterable[Statement]) -> tuple[Statement, ...]:
        return tuple(Statement(s.target, s.op, self.inline(unit, s.expression)) for s in statements)

    def inlined(self, link: Link, statements: Iterable[Statement]) -> tuple[Statement, ...]:
        """Write out definitions of the two ends, whose stored values are those of the start of the step."""
        texts: dict[str, str] = {}
        for end, unit in (("pre", self.units[link.source]), ("post", self.units[link.target])):
            for name in unit.definitions:
                whole = self.inline(unit, unit.definitions[name])
                ends = {n: f"{n}_{end}" for n in names_in(whole) - {"t", "dt", "t_in_timesteps"}}
                texts[f"{name}_{end}"] = substitute(whole, ends)
        return tuple(Statement(s.target, s.op, substitute(s.expression, texts)) for s in statements)

    # Changes over time -------------------------------------------------------------------------------------------

    def learn(self, link: Link) -> Iterator[Block]:
        """Yield what rules do to the edges of a link in every step: matrix, derivatives, what follows them."""
        (_, first), *rest = link.in_turn(link.after)
        if link.matrix is not None:
            change = Statement("w", "+=", f"dt*({link.matrix})")
            alone = () if link.derivatives else first
            yield Block("matrix", link.name, (change, *alone), matrix=True)
        if link.derivatives or (first and link.matrix is None):
            yield from self.total("learn", link, link.read_totals(link.derivatives.values()))
            yield Block("learn", link.name, (*_euler(link.derivatives), *first))
        for totals, statements in rest:
            yield from self.total("learn", link, totals)
            yield Block("learn", link.name, tuple(statements))

    def total(self, kind: Kind, link: Link, totals: Iterable[str]) -> Iterator[Block]:
        """Yield the block that works out totals, if there are any."""
        sums = tuple(Statement(name, "+=", link.totals[name].expression) for name in totals)
        if sums:
            yield Block(kind, link.name, sums if kind == "learn" else self.inlined(link, sums), total=True)

    def samples(self) -> Iterator[Block]:
        """Yield the blocks of the clock 'sample': what a presentation adds, then what is done after the last one."""
        for link in self.links.values():
            added = [Statement(f"{n}___sum", "+=", t) for n, t in link.samples.items()]
            if added:
                yield from self.total("accumulate", link, link.read_totals(link.samples.values()))
                yield Block("accumulate", link.name, self.inlined(link, added))
            if link.matrix_sample is not None:
                change = self.inlined(link, [Statement("w___sum", "+=", link.matrix_sample)])
                yield Block("accumulate", link.name, change, matrix=True)
            if link.samples or link.matrix_sample is not None:
                names = link.samples or {"w": ""}
                made = [
                    s
                    for n in names
                    for s in (Statement(n, "+=", f"{n}___sum"), Statement(f"{n}___sum", "=", "0.0"))
                ]
                (_, first), *rest = link.in_turn(link.after_sample)
                yield Block("apply", link.name, (*made, *first))
                for totals, statements in rest:
                    yield from self.total("apply", link, totals)
                    yield Block("apply", link.name, tuple(statements))
        for unit in self.units.values():
            if unit.samples:
                texts = {n: self.inline(unit, t) for n, t in unit.samples.items()}
                yield Block(
                    "accumulate", unit.name, tuple(Statement(f"{n}___sum", "+=", t) for n, t in texts.items())
                )
                made = [
                    s
                    for n in texts
                    for s in (Statement(n, "+=", f"{n}___sum"), Statement(f"{n}___sum", "=", "0.0"))
                ]
                yield Block("apply", unit.name, tuple(made))

    def adapt(self, unit: Unit) -> Block:
        return Block(
            "adapt", unit.name, _euler({n: self.inline(unit, t) for n, t in unit.adaptation.items()})
        )

    def integrate(self, unit: Unit) -> Block:
        where = f"population '{unit.name}'"
        derivatives = {name: self.inline(unit, text) for name, text in unit.derivatives.items()}
        frozen = unit.frozen if unit.refractory is not None else frozenset()
        if unit.method == "exact":
            return Block(
                "integrate",
                unit.name,
                self.exact(unit.name, derivatives, frozenset(unit.constants), frozen, where),
            )
        held = {n: f"int(active)*({t})" if n in frozen else t for n, t in derivatives.items()}
        statements = update_statements(held, unit.method, where)
        return Block("integrate", unit.name, tuple(_unless_refractory(s, frozen) for s in statements))

    def decay(self, link: Link, place: Place) -> Block:
        derivatives = {n: t.derivative for n, t in link.traces.items() if t.place == place}
        where = f"projection '{link.name}', traces"
        try:
            statements = self.exact(link.name, derivatives, frozenset(link.constants), frozenset(), where)
        except DescriptionError:
            # Not linear, as when a trace follows the square of another: each alone, the others held for the step.
            statements = update_statements(derivatives, "exponential_euler", where)
        return Block("decay", link.name, statements, place=place)

    @staticmethod
    def places(link: Link) -> list[Place]:
        return list(dict.fromkeys(trace.place for trace in link.traces.values()))

    def exact(
        self,
        owner: str,
        derivatives: Mapping[str, str],
        constants: frozenset[str],
        frozen: frozenset[str],
        where: str,
    ) -> tuple[Statement, ...]:
        linear = linear_system(derivatives, constants, where)
        self.propagators.append(Propagator(owner, linear))
        free = _exact_step(linear, "", linear.reach())
        depends = [
            n
            for i, n in enumerate(linear.states)
            if n not in frozen and linear.reach()[i, _rows(linear, frozen)].any()
        ]
        held = {}
        if depends:
            self.propagators.append(Propagator(owner, linear, frozen, "H"))
            held = _exact_step(linear, "H", linear.reach(frozen))
        held |= {name: name for name in frozen}
        chosen = {
            n: f"select(active, {free[n]}, {held[n]})" if n in {*depends, *frozen} else free[n] for n in free
        }
        new = [Statement(f"_{name}", "=", text) for name, text in chosen.items()]
        return (*new, *(Statement(name, "=", f"_{name}") for name in chosen))

    # Spikes ------------------------------------------------------------------------------------------------------

    def threshold(self, unit: Unit) -> Block:
        if unit.source is not None:
            return Block("source", unit.name)
        condition = self.inline(unit, unit.threshold or "")
        if unit.refractory is not None:
            condition = f"({condition}) and active"
        return Block("threshold", unit.name, (Statement("_spikes", "=", condition),))


def _unless_refractory(statement: Statement, frozen: frozenset[str]) -> Statement:
    # A derivative of 0 is not enough: the exponential Euler method divides by its slope.
    if statement.target not in frozen:
        return statement
    return Statement(statement.target, "=", f"select(active, {statement.expression}, {statement.target})")


def names_of(texts: Iterable[str | None]) -> frozenset[str]:
    """Return the names that any of the expressions reads."""
    return frozenset().union(*(names_in(text) for text in texts if text is not None))


def _rows(linear: Linear, names: frozenset[str]) -> list[int]:
    return [i for i, name in enumerate(linear.states) if name in names]


def _euler(derivatives: Mapping[str, str]) -> tuple[Statement, ...]:
    if len(derivatives) == 1:
        return tuple(Statement(name, "+=", f"dt*({text})") for name, text in derivatives.items())
    new = [Statement(f"_{name}", "=", f"{name} + dt*({text})") for name, text in derivatives.items()]
    return (*new, *(Statement(name, "=", f"_{name}") for name in derivatives))


def _exact_step(linear: Linear, prefix: str, reach: object) -> dict[str, str]:
    """Return the expression of each state after a step, in the coefficients of a Propagator of that prefix."""
    texts = {}
    for i, name in enumerate(linear.states):
        row = [j for j in range(len(linear.states)) if reach[i, j]]  # type: ignore[index]
        terms = [f"{prefix}P_{name}_{linear.states[j]}*{linear.states[j]}" for j in row]
        terms += [
            f"{prefix}Q_{name}_{linear.states[j]}*({linear.input_offsets[j]})"
            for j in row
            if j in linear.input_offsets
        ]
        if any(j in linear.constant_offsets for j in row):
            terms.append(f"{prefix}c_{name}")
        texts[name] = " + ".join(terms)
    return texts
