"""Cells and their connections as a drawing along the body: a row for each class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from neurosim.errors import DescriptionError
from neurosim.palette import BLUE, GREEN, VERMILION
from neurosim.plot.axes import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOUR = {1: BLUE, -1: VERMILION, 0: GREEN}
_LABEL = {1: "excitatory", -1: "inhibitory", 0: "gap junction"}
_WIDEST = 2.5
"""Points, of the line of the largest weight."""


def wiring(
    graph: nx.MultiDiGraph,
    rows: Sequence[str],
    *,
    between: Iterable[tuple[str, str]] | None = None,
    kinds: Iterable[str] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw the cells of some classes and their connections, a row for each class, the head to the left.

    Excitatory connections are blue, inhibitory ones red, gap junctions green; the width of a line is in proportion to
    its weight over the largest of its kind, and connections within a class are arcs above its row.

    Arguments:
        graph: nodes with the attributes 'class' and 'place' (0 at the head, 1 at the tail), edges with 'weight' and
            'sign', as `neurosim.datasets.Connectome.graph` returns it.
        rows: classes, the uppermost row first.
        between: pairs of classes (pre, post) whose connections are drawn (all if omitted).
        kinds: keys of the edges that are drawn, such as 'gap' (all if omitted).
        axes: where to draw (a new figure if omitted).

    Returns the axes. Raises DescriptionError for a class without cells.
    """
    cells = {row: [n for n, of in graph.nodes(data="class") if of == row] for row in rows}
    missing = [row for row, found in cells.items() if not found]
    if missing:
        raise DescriptionError(f"wiring: rows: no cell of class '{missing[0]}' is in the graph")
    at = {n: (graph.nodes[n]["place"], -k) for k, row in enumerate(rows) for n in cells[row]}
    of = graph.nodes.data("class")
    pairs, keys = (None if choice is None else set(choice) for choice in (between, kinds))
    edges = [
        (pre, post, edge["weight"], int(edge["sign"]))
        for pre, post, key, edge in graph.edges(data=True, keys=True)
        if pre in at and post in at
        if (pairs is None or (of[pre], of[post]) in pairs) and (keys is None or key in keys)
    ]
    axes = axes_for(axes, 8.0, 0.9 * len(rows) + 0.6)
    for sign, colour in _COLOUR.items():
        of_kind = [edge for edge in edges if edge[3] == sign]
        most = max((weight for *_, weight, _ in of_kind), default=1.0)
        for pre, post, weight, _ in of_kind:
            line = _line(np.array(at[pre]), np.array(at[post]))
            axes.plot(*line, color=colour, linewidth=_WIDEST * weight / most, alpha=0.45, zorder=1)
        if of_kind:
            axes.plot([], [], color=colour, linewidth=_WIDEST, label=_LABEL[sign])
    for found in cells.values():
        axes.plot(
            *np.array([at[n] for n in found]).T, "o", color="white", markeredgecolor="black", markersize=6,
            zorder=2,
        )  # fmt: skip
    axes.set_yticks([-k for k in range(len(rows))], rows)
    axes.set(
        xlabel="place along the body, from head to tail", xlim=(-0.04, 1.04), ylim=(0.6 - len(rows), 0.75)
    )
    axes.tick_params(axis="y", length=0)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.legend(frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    return axes


def _line(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return a straight line between rows, or an arc above one (2, points)."""
    along = np.linspace(0.0, 1.0, 20 if start[1] == end[1] else 2)
    line: np.ndarray = start[:, None] + (end - start)[:, None] * along
    if start[1] == end[1]:
        line[1] += min(0.15 + 1.2 * abs(end[0] - start[0]), 0.6) * np.sin(np.pi * along)
    return line
