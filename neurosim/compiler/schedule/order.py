"""The order of one step: a network written out becomes a program, an ordered list of blocks.

The order is the schedule: draw, inputs, recall (of what comes late), operate, clamp, graded signals, remember, record,
matrix, learn, adapt, decay of traces, integrate, threshold, note (of spikes that arrive), deliver, on_pre, on_post
(each followed by pathways of their own), reset, external, record_end (what is recorded after a step). What answers to
an event of a population is a population after all others. A rule may ask for deliver to follow on_pre. Apart from it
stand the blocks of a presentation:
accumulate adds a change to its sum, apply makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from neurosim.compiler.equations.forms import (
    End,
    Level,
    NetworkEquations,
    PopulationEquations,
    ProjectionEquations,
    Ref,
    System,
)
from neurosim.compiler.equations.names import CLOCK, part_of
from neurosim.compiler.schedule.exact import Linear
from neurosim.compiler.schedule.graded import follows_input, graded_order, group_order, reads_input
from neurosim.compiler.schedule.integration import (
    check_divisions,
    in_substeps,
    joined,
    linear_system,
    update_statements,
)
from neurosim.compiler.schedule.program import (
    RESTS,
    SPIKES,
    Block,
    BlockKind,
    Program,
    Propagator,
    inline,
    sum_of,
)
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, names_in, substitute


def lower(equations: NetworkEquations) -> Program:
    """Return the program of a network; raises DescriptionError where a method does not apply or on a cycle."""
    return _Lowering(equations).program()


class _Lowering:
    def __init__(self, equations: NetworkEquations) -> None:
        self.equations = equations
        self.populations, self.projections = equations.populations, equations.projections
        self.propagators: list[Propagator] = []
        self.stored = {
            name: self.stored_definitions(population) for name, population in self.populations.items()
        }

    def program(self) -> Program:
        blocks, presentation = (
            tuple(block.real() for block in blocks)
            for blocks in (self.clamped(self.blocks()), self.presentation())
        )
        return Program(self.equations, blocks, tuple(self.propagators), presentation, self.stored)

    def blocks(self) -> Iterator[Block]:
        populations, projections = self.populations.values(), self.projections.values()
        yield from (Block("draw", u.name) for u in populations if u.draws)
        yield from (Block("draw", k.name) for k in projections if k.draws)
        yield from (Block("input", u.name) for u in populations if "value" in u.states)
        yield from (Block("recall", k.name) for k in projections if k.late)
        yield from (
            Block("operate", u.name, self.operated(u, regular.statements), regular=regular)
            for u in populations
            for regular in u.operations
        )
        yield from (Block("clamp", c.owner, clamp=c) for c in self.equations.clamps if c.free is None)
        yield from self.graded()
        yield from (
            Block("remember", name) for name in dict.fromkeys(p for p, _ in self.equations.remembered)
        )
        yield Block("record", "")
        for population in populations:
            yield from self.sums("learn", population, population.each_step.texts)
        for projection in projections:
            yield from self.learn(projection)
        yield from (self.adapt(population) for population in populations if population.each_step.changes)
        yield from (
            self.decay(projection, level) for projection in projections for level in self.levels(projection)
        )
        yield from (block for population in populations for block in self.integrate(population))
        yield from (self.threshold(population) for population in populations if population.spiking)
        noted = {probe.target for probe in self.equations.probes if probe.spikes}
        yield from (Block("note", k.name) for k in projections if k.name in noted)
        yield from self.deliver(late=False)
        yield from self.paths("pre")
        yield from self.deliver(late=True)
        yield from self.paths("post")
        yield from (Block("reset", u.name, self.defined(u, u.reset)) for u in populations if u.reset)
        yield from (Block("external", name) for name in self.equations.network.externals)
        if any(recorder.after for recorder in self.equations.probes):
            yield Block("record_end", "")

    def deliver(self, late: bool) -> Iterator[Block]:
        """Yield what is passed on at spikes, before plasticity or `late`."""
        for k in self.projections.values():
            if k.delivery.late is late and k.delivery.spike:
                yield Block("deliver", k.name, self.inlined(k, k.delivery.spike))
            for path in k.delivery.paths if k.delivery.late is late else ():
                yield Block("deliver", k.name, self.inlined(k, path.statements), path=path)

    def paths(self, end: End) -> Iterator[Block]:
        """Yield what rules do at spikes of an end, those of a projection in the order of its pathways."""
        kind: BlockKind = "on_pre" if end == "pre" else "on_post"
        for k in self.projections.values():
            own = k.plasticity.on_pre if end == "pre" else k.plasticity.on_post
            if own:
                yield Block(kind, k.name, self.inlined(k, own))
            for path in (path for path in k.plasticity.paths if path.end == end and path.statements):
                yield Block(kind, k.name, self.inlined(k, path.statements), path=path)

    def clamped(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Repeat each clamp after every block that writes its variable."""
        for block in blocks:
            yield block
            if block.kind == "clamp":
                continue
            written = self.written(block)
            yield from (
                Block("clamp", c.owner, clamp=c)
                for c in self.equations.clamps
                if c.free is None and (c.owner, c.variable) in written
            )

    def written(self, block: Block) -> set[tuple[str, str]]:
        if block.kind == "external":
            return {(name, "value") for name in self.equations.network.externals[block.owner].writes}
        known = self.equations.part(block.owner).refs if block.owner else {}
        refs = (known[name] for name in block.writes & known.keys())
        own = {(block.owner, name) for name in block.writes - known.keys()}
        return {(ref.owner, ref.name) for ref in refs} | own

    # Graded signals ----------------------------------------------------------------------------------------------

    def stored_definitions(self, population: PopulationEquations) -> tuple[str, ...]:
        """Return the definitions kept as arrays: those that projections, other populations and recorders read."""
        wanted = {r.variable for r in self.equations.probes if r.target == population.name}
        wanted |= self.read.get(population.name, set())
        return tuple(name for name in population.definitions if name in wanted)

    @cached_property
    def read(self) -> dict[str, set[str]]:
        """What projections and modulators read of each population between spikes."""
        found: dict[str, set[str]] = {}
        late = (ref for k in self.projections.values() for ref in k.late.values())
        read = (ref for k in self.projections.values() for ref in _read_in_steps(k))
        for ref in (*self.modulators, *read, *late):
            found.setdefault(ref.owner, set()).add(ref.name)
        return found

    @cached_property
    def modulators(self) -> list[Ref]:
        """All modulators. They are held during a step, so whatever reads them reads what was stored."""
        parts = (*self.populations.values(), *self.projections.values())
        return [ref for part in parts for ref in part.modulators.values()]

    def graded(self) -> Iterator[Block]:
        # What depends on states alone comes first, so that recurrent projections read it before any sum.
        for population in self.populations.values():
            yield from self.grouped(population, following=False)
            yield from self.shifts(population, False)
            yield from self.evaluate(
                population, [d for d in self.stored[population.name] if not follows_input(population, d)]
            )
        for name in graded_order(self.equations):
            population = self.populations[name]
            incoming = [
                projection
                for projection in self.projections.values()
                if projection.delivery.graded is not None and projection.target == name
            ]
            if incoming:
                yield Block(
                    "clear",
                    name,
                    tuple(
                        Statement(p, "=", "0.0") for p in sorted({k.delivery.port or "" for k in incoming})
                    ),
                )
            for projection in incoming:
                port = part_of(projection.delivery.port or "", "post")
                sum_up = Statement(port, "+=", projection.delivery.graded or "")
                yield Block("graded", projection.name, (sum_up,))
            yield from self.grouped(population, following=True)
            yield from self.shifts(population, True)
            yield from self.evaluate(
                population, [d for d in self.stored[name] if follows_input(population, d)]
            )

    def grouped(self, population: PopulationEquations, following: bool) -> Iterator[Block]:
        """Yield what is worked out over groups: what follows the input of the step, or else from states alone."""
        for name in group_order(population):
            if follows_input(population, name) is following:
                text = self.inline(population, population.groups[name].expression)
                yield Block("group", population.name, (Statement(name, "=", text),))

    def shifts(self, population: PopulationEquations, fed: bool) -> Iterator[Block]:
        """Yield the blocks that find how far clamps shift definitions, of those that follow input or of others."""
        for clamp in self.equations.clamps:
            free = clamp.free
            if free is not None and clamp.owner == population.name and reads_input(population, free) == fed:
                text = self.inline(population, free)
                yield Block("evaluate", population.name, (Statement(clamp.variable, "=", text),))
                yield Block("clamp", population.name, clamp=clamp)
                yield Block("evaluate", population.name, (Statement(clamp.variable, "-=", text),))

    def evaluate(self, population: PopulationEquations, definitions: list[str]) -> Iterator[Block]:
        if definitions:
            texts = {d: self.inline(population, population.definitions[d]) for d in definitions}
            yield Block(
                "evaluate", population.name, tuple(Statement(d, "=", text) for d, text in texts.items())
            )

    def inline(self, population: PopulationEquations, text: str) -> str:
        return inline(self.equations, population, text)

    def defined(
        self, population: PopulationEquations, statements: Iterable[Statement]
    ) -> tuple[Statement, ...]:
        return tuple(Statement(s.target, s.op, self.inline(population, s.expression)) for s in statements)

    def operated(
        self, population: PopulationEquations, statements: Iterable[Statement]
    ) -> tuple[Statement, ...]:
        frozen = population.frozen if population.refractory is not None else frozenset()
        return tuple(_unless_refractory(s, frozen) for s in self.defined(population, statements))

    def inlined(
        self, projection: ProjectionEquations, statements: Iterable[Statement]
    ) -> tuple[Statement, ...]:
        """Write out definitions of the two ends, whose stored values are those of the start of the step."""
        texts: dict[str, str] = {}
        for name, ref in projection.refs.items():
            if ref.of_projection or ref.modulator:
                continue
            population = self.populations[ref.owner]
            if ref.name in population.definitions:
                whole = self.inline(population, population.definitions[ref.name])
                texts[name] = substitute(
                    whole, {n: part_of(n, ref.end) for n in names_in(whole) - CLOCK.keys()}
                )
        return tuple(Statement(s.target, s.op, substitute(s.expression, texts)) for s in statements)

    # Changes over time -------------------------------------------------------------------------------------------

    def learn(self, projection: ProjectionEquations) -> Iterator[Block]:
        """Yield what rules do to the edges of a projection in every step: matrix, derivatives, what follows them."""
        plasticity, name = projection.plasticity, projection.name
        changes, matrix = plasticity.each_step.changes, plasticity.each_step.matrix
        (_, first), *rest = plasticity.in_turn(plasticity.each_step.after)
        if matrix is not None:
            alone = () if changes else first
            yield Block("matrix", name, (Statement("w", "+=", f"dt*({matrix})"), *alone), matrix=True)
        if changes or (first and matrix is None):
            yield from self.total("learn", projection, plasticity.read_totals(changes.values()))
            yield Block("learn", name, (*self.changed(name, plasticity.each_step.systems), *first))
        for totals, statements in rest:
            yield from self.total("learn", projection, totals)
            yield Block("learn", name, tuple(statements))

    def total(
        self, kind: BlockKind, projection: ProjectionEquations, totals: Iterable[str]
    ) -> Iterator[Block]:
        """Yield the block that works out totals, if there are any."""
        sums = tuple(Statement(name, "+=", projection.totals[name].expression) for name in totals)
        if sums:
            yield Block(
                kind, projection.name, sums if kind == "learn" else self.inlined(projection, sums), total=True
            )

    def sums(self, kind: BlockKind, population: PopulationEquations, texts: Iterable[str]) -> Iterator[Block]:
        """Yield the blocks that work out the sums over connections that rules of a population read."""
        for name, totals in population.read_totals(texts).items():
            yield from self.total(kind, self.projections[name], totals)

    def presentation(self) -> Iterator[Block]:
        """Yield the blocks of a presentation: what each adds, then what is done after the last one."""
        for projection in self.projections.values():
            yield from self.presented(projection)
        for population in self.populations.values():
            if population.presentation.changes:
                texts = {n: self.inline(population, t) for n, t in population.presentation.changes.items()}
                added = tuple(Statement(sum_of(n), "+=", t) for n, t in texts.items())
                yield from self.sums("accumulate", population, population.presentation.texts)
                yield Block("accumulate", population.name, added)
                yield Block("apply", population.name, (*_taken(texts), *population.presentation.after))

    def presented(self, projection: ProjectionEquations) -> Iterator[Block]:
        """Yield the blocks of a presentation for the edges of a projection."""
        plasticity, name = projection.plasticity, projection.name
        changes, matrix = plasticity.presentation.changes, plasticity.presentation.matrix
        added = [Statement(sum_of(n), "+=", t) for n, t in changes.items()]
        if added:
            yield from self.total("accumulate", projection, plasticity.read_totals(changes.values()))
            yield Block("accumulate", name, self.inlined(projection, added))
        if matrix is not None:
            change = self.inlined(projection, [Statement(sum_of("w"), "+=", matrix)])
            yield Block("accumulate", name, change, matrix=True)
        if changes or matrix is not None:
            (_, first), *rest = plasticity.in_turn(plasticity.presentation.after)
            yield Block("apply", name, (*_taken(changes or ("w",)), *first))
            for totals, statements in rest:
                yield from self.total("apply", projection, totals)
                yield Block("apply", name, tuple(statements))

    def adapt(self, population: PopulationEquations) -> Block:
        systems = {
            method: {n: self.inline(population, t) for n, t in changes.items()}
            for method, changes in population.each_step.systems.items()
        }
        statements = self.changed(population.name, systems)
        return Block("adapt", population.name, (*statements, *population.each_step.after))

    def changed(self, owner: str, systems: Mapping[str, Mapping[str, str]]) -> tuple[Statement, ...]:
        """Return the step of what rules change, by method, each from the values at the start of the step."""
        if systems.keys() == {"euler"}:
            return _euler(systems["euler"])
        where, found = f"rules of '{owner}'", list[tuple[Statement, ...]]()
        for method, derivatives in systems.items():
            check_divisions(derivatives, where)
            if method == "exact":
                constants = frozenset(self.equations.part(owner).constants)
                found.append(self.exact(owner, derivatives, constants, frozenset(), where))
            else:
                found.append(update_statements(derivatives, method, where))
        return joined(found, {name for changes in systems.values() for name in changes})

    def integrate(self, population: PopulationEquations) -> Iterator[Block]:
        """Yield the blocks that advance the model, then each synapse that is kept here."""
        where, substeps = f"population '{population.name}'", population.described.substeps
        model = System(where, population.method, population.derivatives, substeps)
        if population.rests is not None:
            yield Block(
                "rest", population.name, (Statement(RESTS, "=", self.inline(population, population.rests)),)
            )
        if population.maps:
            yield Block("integrate", population.name, self.mapped(population))
        yield from (self.advance(population, s) for s in (model, *population.synapses) if s.derivatives)

    def mapped(self, population: PopulationEquations) -> tuple[Statement, ...]:
        """Return the assignments of maps, all from the values before."""
        texts = {name: self.inline(population, text) for name, text in population.maps.items()}
        if len(texts) == 1:
            return tuple(Statement(name, "=", text) for name, text in texts.items())
        new = [Statement(f"_{name}", "=", text) for name, text in texts.items()]
        return (*new, *(Statement(name, "=", f"_{name}") for name in texts))

    def advance(self, population: PopulationEquations, system: System) -> Block:
        where = system.where
        derivatives = {name: self.inline(population, text) for name, text in system.derivatives.items()}
        check_divisions(derivatives, where)
        frozen = population.frozen & derivatives.keys() if population.refractory is not None else frozenset()
        if system.method == "exact":
            return Block(
                "integrate",
                population.name,
                self.exact(population.name, derivatives, frozenset(population.constants), frozen, where),
            )
        held = {n: f"int(active)*({t})" if n in frozen else t for n, t in derivatives.items()}
        statements = in_substeps(update_statements(held, system.method, where), system.substeps)
        return Block("integrate", population.name, tuple(_unless_refractory(s, frozen) for s in statements))

    def decay(self, projection: ProjectionEquations, level: Level) -> Block:
        derivatives = {n: t.derivative for n, t in projection.traces.items() if t.level == level}
        where = f"projection '{projection.name}', traces"
        check_divisions(derivatives, where)
        try:
            statements = self.exact(
                projection.name, derivatives, frozenset(projection.constants), frozenset(), where
            )
        except DescriptionError:
            # Not linear, as when a trace follows the square of another: each alone, the others held for the step.
            statements = update_statements(derivatives, "exponential_euler", where)
        return Block("decay", projection.name, statements, level=level)

    @staticmethod
    def levels(projection: ProjectionEquations) -> list[Level]:
        return list(dict.fromkeys(trace.level for trace in projection.traces.values()))

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

    def threshold(self, population: PopulationEquations) -> Block:
        if population.source is not None:
            return Block("source", population.name)
        condition = self.inline(population, population.threshold or "")
        if population.refractory is not None:
            condition = f"({condition}) and active"
        return Block("threshold", population.name, (Statement(SPIKES, "=", condition),))


def _unless_refractory(statement: Statement, frozen: frozenset[str]) -> Statement:
    # A derivative of 0 is not enough: the exponential Euler method divides by its slope.
    if statement.target not in frozen:
        return statement
    new = statement.expression
    if statement.op != "=":
        new = f"{statement.target} {statement.op[:-1]} ({new})"
    return Statement(statement.target, "=", f"select(active, {new}, {statement.target})")


def _read_in_steps(projection: ProjectionEquations) -> list[Ref]:
    """Return what the texts of a projection read of its two ends between spikes."""
    plasticity = projection.plasticity
    learned = (*plasticity.each_step.after, *plasticity.presentation.after)
    texts = [
        *([projection.delivery.graded] if projection.delivery.graded is not None else []),
        *plasticity.each_step.texts,
        *(statement.expression for statement in learned),
        *(total.expression for total in plasticity.totals.values()),
        *(trace.derivative for trace in plasticity.traces.values()),
    ]
    read = frozenset().union(*map(names_in, texts))
    return [ref for name, ref in projection.refs.items() if name in read]


def _taken(names: Iterable[str]) -> tuple[Statement, ...]:
    """Return the statements that add the sums of changes to variables and clear them."""
    return tuple(s for n in names for s in (Statement(n, "+=", sum_of(n)), Statement(sum_of(n), "=", "0.0")))


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
        terms = [f"{part_of(f'{prefix}P', name, linear.states[j])}*{linear.states[j]}" for j in row]
        terms += [
            f"{part_of(f'{prefix}Q', name, linear.states[j])}*({linear.input_offsets[j]})"
            for j in row
            if j in linear.input_offsets
        ]
        if any(j in linear.constant_offsets for j in row):
            terms.append(part_of(f"{prefix}c", name))
        texts[name] = " + ".join(terms)
    return texts
