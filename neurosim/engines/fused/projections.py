"""Prints the blocks of projections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neurosim.compiler.equations.forms import Link
from neurosim.compiler.schedule.program import Block
from neurosim.engines.fused import arrivals
from neurosim.engines.fused.context import Context, indent, size
from neurosim.engines.fused.places import Place, link_place
from neurosim.engines.fused.row_tiles import in_blocks
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, names_in

AHEAD = 4
"""How many spikes before its turn the edges of a spike are asked from memory."""


@dataclass
class LinkPrinter:
    """Prints loops over the edges of a projection: all of them, those of arriving spikes, those of target spikes."""

    context: Context

    def link(self, block: Block) -> Link:
        """Return the link of a block."""
        return self.context.program.expanded.links[block.owner]

    def place(self, link: Link, name: str) -> Place:
        """Return the place of a name."""
        return link_place(link, name, self.context.storage)

    def decay(self, block: Block) -> list[str]:
        """Return the step of traces: one factor for those held scaled, a loop for the others."""
        link = self.link(block)
        names = [n for n in dict.fromkeys(s.target for s in block.statements) if not n.startswith("_")]
        scaled = [n for n in names if self.place(link, n).scale]
        lines = [line for name in scaled for line in self.rescale(link, name)]
        left = [s for s in block.statements if s.target.removeprefix("_") not in scaled]
        if left:
            array = self.place(link, left[-1].target).text
            body = self.context.statements(left, lambda n: self.place(link, n), lambda place: "i")
            lines += [f"for i in range({array}.size):", *indent(body)]
        return lines

    def rescale(self, link: Link, name: str) -> list[str]:
        """Return the decay of a scaled trace; before the factor gets too small it is multiplied out."""
        place = self.place(link, name)
        factor = f"{place.text}___factor[0]"
        return [
            f"{factor} *= {self.context.storage.scaled[place.text]}",
            f"if {factor} < 1e-15:",
            f"    for i in range({place.text}.size):",
            f"        {place.text}[i] *= {factor}",
            f"    {factor} = 1.0",
            f"{place.scale} = {factor}",
        ]

    def over_edges(self, block: Block) -> list[str]:
        """Return the loop over all edges, by source; totals start from 0."""
        link = self.link(block)
        row = self.row(link, block.statements, arriving=False)
        cleared = [f"{self.place(link, s.target).text}[:] = 0" for s in block.statements if block.total]
        if link.dense:
            loop = in_blocks(self.context, link, block.statements, lambda n: self.place(link, n), row)
        else:
            loop = [f"for j in range({size(self.context.unit(link.source))}):", *indent(row)]
        return [*cleared, *loop]

    def arriving(self, block: Block) -> list[str]:
        """Return the loops over arriving spikes and their edges; what is per source runs once per spike.

        With many delays, the edges at which spikes arrive stand in the list of this step, the oldest spikes first.
        """
        link = self.link(block)
        if link.delays is not None:
            return self.listed(link, block.statements)
        lines = [*self.ahead(link, block.statements), "j = spike"]
        for level, statements in self.groups(link, block.statements, "pre"):
            edges = level == "edge"
            lines += (
                self.row(link, statements, arriving=True) if edges else self.per_spike(link, statements, "j")
            )
        spikes = [*self.context.spikes_of(link.source, "d"), *indent(lines)]
        return [f"d = {link.name}___delay", *spikes]

    def listed(self, link: Link, statements: Sequence[Statement]) -> list[str]:
        """Return the loop over the edges in the list of this step (see `arrivals`)."""
        head = link.name
        _, body = self.edges(link, statements, "")
        return [
            f"entry = np.uint32({head}___list)",
            f"while entry != {head}___last[{head}___list]:",
            f"    entry = {head}___after[entry]",
            f"    x = {head}___edge[entry]",
            *([f"    j = {head}___pre[x]"] if f"{head}___pre" in self.context.storage.arrays else []),
            f"    i = {head}___post[x]",
            *indent(self.gated(link, statements, body)),
        ]

    def schedule(self, link: Link) -> list[str]:
        """Return the lines that put the edges of the source's new spikes on the lists of the steps to come."""
        source, head = link.source, link.name
        row = f"{source}___ring, {source}___now, {source}___count[{source}___now]"
        own = ", ".join(f"{head}___{name}" for name in arrivals.NAMES)
        return [f"schedule({row}, {head}___first, {head}___delays, 0, {head}___list, {own})"]

    def scheduled(self, source: str = "") -> list[Link]:
        """Return the links with lists of arrivals, of one source or all."""
        owners = {b.owner for b in self.context.program.blocks if b.kind in ("deliver", "on_pre")}
        links = self.context.program.expanded.links.values()
        return [k for k in links if k.delays is not None and k.name in owners and source in ("", k.source)]

    def room(self) -> list[str]:
        """Return early if the spikes of this step might not find room on the lists."""
        lines = []
        for link in self.scheduled():
            lines += [f"if {link.name}___free[1] < {link.name}___edges:", "    return s"]
        return lines

    def begin(self) -> list[str]:
        """Return the lines that find the list of this step and clear that of the last."""
        lines = []
        for link in self.scheduled():
            head = link.name
            own = ", ".join(f"{head}___{name}" for name in arrivals.NAMES[1:])
            lines += [
                f"{head}___list = k % {head}___last.size",
                f"release((k - 1) % {head}___last.size, {own})",
            ]
        return lines

    def ahead(self, link: Link, statements: Sequence[Statement]) -> list[str]:
        """Return the lines that ask memory for the edges of a spike a few places on, which lie far from these."""
        if link.dense:
            return []
        names = {n for s in statements for n in (s.target, *names_in(s.expression))}
        places = (self.place(link, name) for name in sorted(names))
        arrays = [f"{link.name}___post", *(p.text for p in places if p.level == "edge" and not p.drawn)]
        coming = f"{link.name}___first[{link.source}___ring[past, m + {AHEAD}]]"
        return [
            f"if m + {AHEAD} < {link.source}___count[past]:",
            *(f"    prefetch({array}, {coming})" for array in arrays),
        ]

    def on_post(self, block: Block) -> list[str]:
        """Return the loops over spikes of the target and the edges that lead to it."""
        link = self.link(block)
        lines = ["i = spike"]
        for level, statements in self.groups(link, block.statements, "post"):
            lines += (
                self.column(link, statements) if level == "edge" else self.per_spike(link, statements, "i")
            )
        return [*self.context.spikes_of(link.target), *indent(lines)]

    def groups(
        self, link: Link, statements: Sequence[Statement], own: str
    ) -> list[tuple[str, list[Statement]]]:
        """Split statements into runs that act once per spike and runs that act on every edge, in their order."""
        groups: list[tuple[str, list[Statement]]] = []
        for statement in statements:
            level = "spike" if self.place(link, statement.target).level == own else "edge"
            if level == "spike":
                self.check_per_spike(link, statement, own)
            if groups and groups[-1][0] == level:
                groups[-1][1].append(statement)
            else:
                groups.append((level, [statement]))
        return groups

    def check_per_spike(self, link: Link, statement: Statement, own: str) -> None:
        """Refuse a change of a trace per neuron by something that differs from synapse to synapse."""
        for name in names_in(statement.expression):
            if self.place(link, name).level not in (own, "run", "step"):
                raise DescriptionError(
                    f"projection '{link.name}': '{statement}' changes a trace per {own}synaptic neuron by '{name}', "
                    "which differs from synapse to synapse: use synapse.variable"
                )

    def per_spike(self, link: Link, statements: Sequence[Statement], index: str) -> list[str]:
        """Return statements on variables of the spiking unit alone."""
        return self.context.statements(statements, lambda n: self.place(link, n), lambda place: index)

    def row(self, link: Link, statements: Sequence[Statement], arriving: bool) -> list[str]:
        """Return the loop over the edges of source j (arriving: only those of delay d, and spared refractory units)."""
        before, body = self.edges(link, statements, "pre")
        body = self.gated(link, statements, body) if arriving else body
        if link.dense:
            return [*before, f"for i in range({size(self.context.unit(link.target))}):", *indent(body)]
        first = f"{link.name}___first"
        body = [f"i = {link.name}___post[x]", *body]
        return [*before, f"for x in range({first}[j], {first}[j + 1]):", *indent(body)]

    def column(self, link: Link, statements: Sequence[Statement]) -> list[str]:
        """Return the loop over the edges that lead to target i."""
        before, body = self.edges(link, statements, "post")
        if link.dense:
            return [*before, f"for j in range({size(self.context.unit(link.source))}):", *indent(body)]
        head = link.name
        lines = [f"x = {head}___tedge[y]", f"j = {head}___tpre[y]", *body]
        return [*before, f"for y in range({head}___tfirst[i], {head}___tfirst[i + 1]):", *indent(lines)]

    def edges(self, link: Link, statements: Sequence[Statement], outer: str) -> tuple[list[str], list[str]]:
        """Return (lines before the inner loop that read what belongs to the outer one, lines of the inner loop)."""
        index = {"pre": "j", "post": "i", "edge": "j, i" if link.dense else "x"}
        written = {s.target for s in statements}
        read = {n for s in statements for n in names_in(s.expression) if not n.startswith("_")}
        once = sorted(n for n in read - written if self.place(link, n).level == outer)

        def find(name: str) -> Place:
            if name in once:
                return Place(f"o_{name}", "step")
            place = self.place(link, name)
            if place.drawn and link.dense:
                return replace(
                    place, drawn=place.drawn.format(f"j * {size(self.context.unit(link.target))} + i")
                )
            matrix = link.dense and place.level == "edge"
            return replace(place, text=self.context.matrix(link, place.text)) if matrix else place

        before = [f"o_{n} = {self.place(link, n).read(index[outer])}" for n in once]
        return before, self.context.statements(statements, find, lambda place: index.get(place.level, ""))

    def gated(self, link: Link, statements: Sequence[Statement], body: list[str]) -> list[str]:
        """Drop what is delivered to a held variable of a refractory unit."""
        target = self.context.unit(link.target)
        lines = []
        for statement, line in zip(statements, body, strict=True):
            held = (
                statement.target.endswith("_post") and statement.target.removesuffix("_post") in target.frozen
            )
            if held and target.refractory is not None:
                lines += [f"if now >= {target.name}___held[i]:", f"    {line}"]
            else:
                lines.append(line)
        return lines
