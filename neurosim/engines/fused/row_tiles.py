"""Rewrites the loops over a dense projection: several source rows for each pass over the targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.engines.fused.context import Context, indent, is_local, size
from neurosim.engines.fused.locations import Location
from neurosim.model.expressions import Statement, names_in

ROWS = 12
"""More than a dozen gain nothing, and from 15 on LLVM gives up on vectors: too many pairs of rows to be shown apart."""


def in_blocks(
    context: Context,
    projection: ProjectionEquations,
    statements: Sequence[Statement],
    location: Callable[[str], Location],
    row: Sequence[str],
) -> list[str]:
    """Return the loops over all edges of a dense projection, `ROWS` source rows in a pass over the targets.

    What belongs to the targets is then read and written once for all these rows instead of once for each, so that the
    weights are all that moves through memory. Each target still gets its rows in order: the same bits as row by row.
    Arguments: location, of a name; row, the lines for one source j, for the rows that are left, and for all of them if
    a statement writes what another row reads.
    """
    rows, targets = (size(context.population(n)) for n in (projection.source, projection.target))
    names = {n for s in statements for n in (s.target, *names_in(s.expression)) if not is_local(n)}
    locations = {n: location(n) for n in sorted(names)}
    written = {s.target for s in statements if not is_local(s.target)}
    read_ahead = {p.text for p in locations.values() if p.level not in ("edge", "post")}
    if any(locations[n].level not in ("edge", "post") or locations[n].text in read_ahead for n in written):
        return [f"for j in range({rows}):", *indent(row)]

    def of(level: str) -> list[str]:
        return [n for n, p in locations.items() if p.level == level]

    def body(q: int) -> list[str]:
        edge = {
            n: locations[n].through.format(f"(j + {q}) * {targets} + i")
            or f"{context.matrix(projection, locations[n].text)}[j + {q}, i]"
            for n in of("edge")
        }

        def find(name: str) -> Location:
            found = locations[name]
            names = {"edge": f"e_{name}", "post": f"r_{name}", "pre": f"o_{name}_{q}"}
            scale = "" if found.level == "pre" else found.scale
            return Location(names[found.level], "step", scale) if found.level in names else found

        return [
            *(f"e_{n} = {text}" for n, text in edge.items()),
            *context.statements(statements, find, lambda location: ""),
            *(f"{text} = e_{n}" for n, text in edge.items() if n in written),
        ]

    inner = [
        *(f"r_{n} = {locations[n].at('i')}" for n in of("post")),
        *(line for q in range(ROWS) for line in body(q)),
        *(f"{locations[n].at('i')} = r_{n}" for n in of("post") if n in written),
    ]
    # `while`, since LLVM makes sure that rows are apart before it fills vectors: of a loop whose rounds it can count
    # it asks that once for all rounds together, where the answer is no.
    return [
        "j = 0",
        f"while j + {ROWS} <= {rows}:",
        *indent([f"o_{n}_{q} = {locations[n].read(f'j + {q}')}" for q in range(ROWS) for n in of("pre")]),
        *indent([f"for i in range({targets}):", *indent(inner)]),
        f"    j += {ROWS}",
        f"for j in range(j, {rows}):",
        *indent(row),
    ]
