"""Prints the blocks of projections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.schedule.program import Block
from neurosim.engines.fused import arrivals
from neurosim.engines.fused.context import Context, indent, size
from neurosim.engines.fused.locations import Location, projection_location
from neurosim.engines.fused.row_tiles import in_blocks
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, names_in

ARRIVING = ("note", "deliver", "on_pre")
"""The kinds of blocks for which spikes arrive."""


def listing(block: Block) -> bool:
    """Return whether a block takes arrivals from the lists of a projection with many delays."""
    return block.kind in ARRIVING and block.path is None


AHEAD = 4
"""How many spikes before its turn the edges of a spike are asked from memory."""


@dataclass
class ProjectionPrinter:
    """Prints loops over the edges of a projection: all of them, those of arriving spikes, those of target spikes."""

    context: Context

    def projection(self, block: Block) -> ProjectionEquations:
        """Return the projection of a block."""
        return self.context.program.equations.projections[block.owner]

    def location(self, projection: ProjectionEquations, name: str) -> Location:
        """Return the location of a name."""
        return projection_location(projection, name, self.context.storage)

    def decay(self, block: Block) -> list[str]:
        """Return the step of traces: one factor for those held scaled, a loop for the others."""
        projection = self.projection(block)
        names = [n for n in dict.fromkeys(s.target for s in block.statements) if not n.startswith("_")]
        scaled = [n for n in names if self.location(projection, n).scale]
        lines = [line for name in scaled for line in self.rescale(projection, name)]
        left = [s for s in block.statements if s.target.removeprefix("_") not in scaled]
        if left:
            array = self.location(projection, left[-1].target).text
            body = self.context.statements(left, lambda n: self.location(projection, n), lambda location: "i")
            lines += [f"for i in range({array}.size):", *indent(body)]
        return lines

    def rescale(self, projection: ProjectionEquations, name: str) -> list[str]:
        """Return the decay of a scaled trace; before the factor gets too small it is multiplied out."""
        location = self.location(projection, name)
        factor = f"{location.text}___factor[0]"
        return [
            f"{factor} *= {self.context.storage.scaled[location.text]}",
            f"if {factor} < 1e-15:",
            f"    for i in range({location.text}.size):",
            f"        {location.text}[i] *= {factor}",
            f"    {factor} = 1.0",
            f"{location.scale} = {factor}",
        ]

    def recall(self, block: Block) -> list[str]:
        """Return the lines that take what reaches the synapses in this step of variables of the two ends."""
        projection, lines = self.projection(block), list[str]()
        head = projection.name
        for name, ref in projection.late.items():
            late, past = f"{head}__{name}", f"{ref.owner}__{ref.name}___past"
            if projection.late_level(name) == "edge":
                lines += [
                    f"for j in range({past}.shape[1]):",
                    f"    for x in range({head}___first[j], {head}___first[j + 1]):",
                    f"        past = (k - np.int64({head}___delays[x])) & ({past}.shape[0] - 1)",
                    f"        {late}[x] = {past}[past, j]",
                ]
                continue
            delay = f"{head}___{'delay' if ref.end == 'pre' else 'dendritic'}"
            lines += [
                f"past = (k - {delay}) & ({past}.shape[0] - 1)",
                f"for i in range({past}.shape[1]):",
                f"    {late}[i] = {past}[past, i]",
            ]
        return lines

    def over_edges(self, block: Block) -> list[str]:
        """Return the loop over all edges, by source; totals start from 0."""
        projection = self.projection(block)
        row = self.row(projection, block.statements, arriving=False)
        cleared = [
            f"{self.location(projection, s.target).text}[:] = 0" for s in block.statements if block.total
        ]
        if projection.dense:
            loop = in_blocks(
                self.context, projection, block.statements, lambda n: self.location(projection, n), row
            )
        else:
            loop = [f"for j in range({size(self.context.population(projection.source))}):", *indent(row)]
        return [*cleared, *loop]

    def arriving(self, block: Block) -> list[str]:
        """Return the loops over arriving spikes and their edges; what is per source runs once per spike.

        With many delays, the edges at which spikes arrive stand in the list of this step, the oldest spikes first.
        """
        projection = self.projection(block)
        if projection.delays is not None and block.path is None:
            # The first of the blocks that read the lists writes on them, the last one clears that of the step.
            blocks = [b for b in self.context.program.blocks if b.owner == block.owner and listing(b)]
            return [
                *(self.schedule(projection) if block.kind == blocks[0].kind else []),
                *(self.note(projection) if block.kind == "note" else self.listed(projection, block)),
                *(self.release(projection) if block.kind == blocks[-1].kind else []),
            ]
        if block.kind == "note":
            return self.note(projection)
        sender, delay = self.way(projection, block)
        lines = [*self.ahead(projection, block.statements, sender), "j = spike"]
        for level, statements in self.groups(projection, block.statements, "pre"):
            edges = level == "edge"
            lines += (
                self.row(projection, statements, arriving=True)
                if edges
                else self.per_spike(projection, statements, "j")
            )
        return [f"d = {delay}", *self.context.spikes_of(sender, "d"), *indent(lines)]

    @staticmethod
    def way(projection: ProjectionEquations, block: Block) -> tuple[str, str]:
        """Return whose spikes a block goes through, and the number that holds their delay."""
        head, path = projection.name, block.path
        if path is not None:
            return path.sender, f"{head}___{path.name}_delay"
        if block.kind == "on_post":
            return projection.sender("post"), f"{head}___dendritic"
        return projection.sender("pre"), f"{head}___{'whole_delay' if block.kind == 'deliver' else 'delay'}"

    def listed(self, projection: ProjectionEquations, block: Block) -> list[str]:
        """Return the loop over the edges in the list of this step, or of that `dendritic` before (see `arrivals`)."""
        head, statements = projection.name, block.statements
        past = self.past(projection) if block.kind == "deliver" else f"{head}___list"
        _, body = self.edges(projection, statements, "")
        return self.in_list(projection, past, self.gated(projection, statements, body))

    def in_list(self, projection: ProjectionEquations, past: str, body: Sequence[str]) -> list[str]:
        """Return the loop over the edges in a list."""
        head = projection.name
        return [
            f"due = np.uint64({past})",
            f"for entry in range({head}___waiting[due]):",
            f"    x = {head}___edge[due, entry]",
            *([f"    j = {head}___pre[x]"] if f"{head}___pre" in self.context.storage.arrays else []),
            f"    i = {head}___post[x]",
            *indent(body),
        ]

    def note(self, projection: ProjectionEquations) -> list[str]:
        """Return the loops over arriving spikes and their edges that record them, with variables of the edges.

        The call asks to stop if another step of spikes might not fit into a recorder's buffer.
        """
        lines = list[str]()
        recorders = self.context.recorders(projection.name, spikes=True)
        for number, recorder in recorders:
            head, at = f"rec{number}", f"rec{number}___n[0]"
            found = [Statement(f"_at{n}", "=", name) for n, name in enumerate(recorder.values)]
            edge = f"j * {size(self.context.population(projection.target))} + i" if projection.dense else "x"
            store = [
                *self.edges(projection, found, "")[1],
                *(f"{head}___values[{at}, {n}] = _at{n}" for n in range(len(found))),
                f"{head}___steps[{at}] = k",
                f"{head}___ids[{at}] = {edge}",
                f"{at} += 1",
            ]
            store = (
                [f"if {head}___wanted[{edge}]:", *indent(store)] if recorder.indices is not None else store
            )
            if projection.structure is not None:
                _, mask = self.edges(projection, [Statement("_there", "=", "mask")], "")
                store = [*mask, "if _there != 0:", *indent(store)]
            lines += store
        room = [f"full |= rec{n}___n[0] + rec{n}___most > rec{n}___steps.size" for n, _ in recorders]
        if projection.delays is not None:
            return [*self.in_list(projection, f"{projection.name}___list", lines), *room]
        row = ["j = spike", *self.in_row(projection, lines)]
        spikes = [*self.context.spikes_of(projection.sender("pre"), "d"), *indent(row)]
        return [f"d = {projection.name}___delay", *spikes, *room]

    def schedule(self, projection: ProjectionEquations) -> list[str]:
        """Return the lines that put the edges of the source's new spikes on the lists of the steps to come.

        The call asks to stop if another step of spikes might not find room there.
        """
        source, head = projection.sender("pre"), projection.name
        row = f"{source}___ring, {source}___now, {source}___count[{source}___now]"
        own = ", ".join(f"{head}___{name}" for name in arrivals.NAMES)
        return [
            f"schedule({row}, {head}___first, {head}___delays, 0, {head}___list, {own})",
            f"full |= lacking({head}___most, {own})",
        ]

    def release(self, projection: ProjectionEquations) -> list[str]:
        """Return the line that clears the list whose spikes have arrived."""
        return [f"{projection.name}___waiting[{self.past(projection)}] = 0"]

    @staticmethod
    def past(projection: ProjectionEquations) -> str:
        """Return the list of the spikes that arrive at the target in this step."""
        head = projection.name
        if not projection.dendritic:
            return f"{head}___list"
        return f"({head}___list + {head}___waiting.size - {head}___dendritic) % {head}___waiting.size"

    def scheduled(self) -> list[ProjectionEquations]:
        """Return the projections with lists of arrivals."""
        owners = {b.owner for b in self.context.program.blocks if listing(b)}
        projections = self.context.program.equations.projections.values()
        return [k for k in projections if k.delays is not None and k.name in owners]

    def ahead(
        self, projection: ProjectionEquations, statements: Sequence[Statement], sender: str
    ) -> list[str]:
        """Return the lines that ask memory for the edges of a spike a few locations on, which lie far from these."""
        if projection.dense:
            return []
        names = {n for s in statements for n in (s.target, *names_in(s.expression))}
        locations = (self.location(projection, name) for name in sorted(names))
        arrays = [
            f"{projection.name}___post",
            *(p.text for p in locations if p.level == "edge" and not p.through),
        ]
        coming = f"{projection.name}___first[{sender}___ring[past, m + {AHEAD}]]"
        return [
            f"if m + {AHEAD} < {sender}___count[past]:",
            *(f"    prefetch({array}, {coming})" for array in arrays),
        ]

    def on_post(self, block: Block) -> list[str]:
        """Return the loops over spikes of the target and the edges that lead to it."""
        projection = self.projection(block)
        lines = ["i = spike"]
        for level, statements in self.groups(projection, block.statements, "post"):
            lines += (
                self.column(projection, statements)
                if level == "edge"
                else self.per_spike(projection, statements, "i")
            )
        sender, delay = self.way(projection, block)
        if not (projection.dendritic if block.path is None else block.path.delay):
            return [*self.context.spikes_of(sender), *indent(lines)]
        return [f"d = {delay}", *self.context.spikes_of(sender, "d"), *indent(lines)]

    def groups(
        self, projection: ProjectionEquations, statements: Sequence[Statement], own: str
    ) -> list[tuple[str, list[Statement]]]:
        """Split statements into runs that act once per spike and runs that act on every edge, in their order."""
        groups: list[tuple[str, list[Statement]]] = []
        for statement in statements:
            level = "spike" if self.location(projection, statement.target).level == own else "edge"
            if level == "spike":
                self.check_per_spike(projection, statement, own)
            if groups and groups[-1][0] == level:
                groups[-1][1].append(statement)
            else:
                groups.append((level, [statement]))
        return groups

    def check_per_spike(self, projection: ProjectionEquations, statement: Statement, own: str) -> None:
        """Refuse a change of a trace per neuron by something that differs from synapse to synapse."""
        for name in names_in(statement.expression):
            if self.location(projection, name).level not in (own, "run", "step"):
                raise DescriptionError(
                    f"projection '{projection.name}': '{statement}' changes a trace per {own}synaptic neuron by "
                    f"'{name}', which differs from synapse to synapse: use synapse.variable"
                )

    def per_spike(
        self, projection: ProjectionEquations, statements: Sequence[Statement], index: str
    ) -> list[str]:
        """Return statements on variables of the spiking unit alone."""
        return self.context.statements(
            statements, lambda n: self.location(projection, n), lambda location: index
        )

    def row(
        self, projection: ProjectionEquations, statements: Sequence[Statement], arriving: bool
    ) -> list[str]:
        """Return the loop over the edges of source j (arriving: only those of delay d, and spared refractory units)."""
        before, body = self.edges(projection, statements, "pre")
        body = self.gated(projection, statements, body) if arriving else body
        return [*before, *self.in_row(projection, body)]

    def in_row(self, projection: ProjectionEquations, body: Sequence[str]) -> list[str]:
        """Return the loop over the edges of source j."""
        if projection.dense:
            return [f"for i in range({size(self.context.population(projection.target))}):", *indent(body)]
        first = f"{projection.name}___first"
        body = [f"i = {projection.name}___post[x]", *body]
        return [f"for x in range({first}[j], {first}[j + 1]):", *indent(body)]

    def column(self, projection: ProjectionEquations, statements: Sequence[Statement]) -> list[str]:
        """Return the loop over the edges that lead to target i."""
        before, body = self.edges(projection, statements, "post")
        if projection.dense:
            return [
                *before,
                f"for j in range({size(self.context.population(projection.source))}):",
                *indent(body),
            ]
        head = projection.name
        lines = [f"x = {head}___tedge[y]", f"j = {head}___tpre[y]", *body]
        return [*before, f"for y in range({head}___tfirst[i], {head}___tfirst[i + 1]):", *indent(lines)]

    def edges(
        self, projection: ProjectionEquations, statements: Sequence[Statement], outer: str
    ) -> tuple[list[str], list[str]]:
        """Return (lines before the inner loop that read what belongs to the outer one, lines of the inner loop)."""
        index = {"pre": "j", "post": "i", "edge": "j, i" if projection.dense else "x"}
        written = {s.target for s in statements}
        read = {n for s in statements for n in names_in(s.expression) if not n.startswith("_")}
        once = sorted(n for n in read - written if self.location(projection, n).level == outer)

        def find(name: str) -> Location:
            if name in once:
                return Location(f"o_{name}", "step")
            location = self.location(projection, name)
            if location.through and projection.dense:
                return replace(
                    location,
                    through=location.through.format(
                        f"j * {size(self.context.population(projection.target))} + i"
                    ),
                )
            matrix = projection.dense and location.level == "edge"
            return (
                replace(location, text=self.context.matrix(projection, location.text)) if matrix else location
            )

        before = [f"o_{n} = {self.location(projection, n).read(index[outer])}" for n in once]
        return before, self.context.statements(
            statements, find, lambda location: index.get(location.level, "")
        )

    def gated(
        self, projection: ProjectionEquations, statements: Sequence[Statement], body: list[str]
    ) -> list[str]:
        """Drop what is delivered to a held variable of a refractory unit."""
        target = self.context.population(projection.target)
        lines = []
        for statement, line in zip(statements, body, strict=True):
            ref = projection.refs.get(statement.target)
            held = ref is not None and ref.end == "post" and ref.name in target.frozen
            if held and target.refractory is not None:
                lines += [f"if now >= {target.name}___held[i]:", f"    {line}"]
            else:
                lines.append(line)
        return lines
