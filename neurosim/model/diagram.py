"""A network as a drawing: populations as boxes, projections as arrows."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from neurosim.model.parts import Driven, NamedParameter, Projection, Tied
from neurosim.model.summary import graph
from neurosim.model.values import Distribution
from neurosim.palette import BLUE, GREY, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from neurosim.model.network import Network

# Inches: the size of a box, and the distances between the centres of neighbours.
_BOX = np.array([1.6, 0.6])
_APART = np.array([2.7, 1.5])
_MARGIN = 0.75


def diagram(network: Network, *, axes: Axes | None = None) -> Axes:
    """Draw a network: a box for each population and an arrow for each projection, from left to right.

    Projections whose weights are negative are red with a blunt end, all others blue; the rules of a projection are
    written beside its arrow. Populations that project to each other share a column.

    Arguments:
        network: what to draw.
        axes: where to draw (a new figure of fitting size if omitted).

    Returns the axes.
    """
    places = _places(network)
    size = _size(places)
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=tuple(size))[1]
        axes.figure.subplots_adjust(0, 0, 1, 1)
    low = -_BOX / 2 - _MARGIN
    axes.set(xlim=(low[0], low[0] + size[0]), ylim=(low[1], low[1] + size[1]), aspect="equal")
    axes.invert_yaxis()
    axes.set_axis_off()
    boxes = {name: _box(axes, network, name, place) for name, place in places.items()}
    drawn: dict[tuple[str, str], int] = {}
    for projection in network.projections.values():
        ends = (projection.source, projection.target)
        drawn[ends] = drawn.get(ends, 0) + 1
        _arrow(axes, network, projection, places, boxes, drawn[ends])
    return axes


def svg(network: Network) -> str:
    """Return the diagram as an SVG element."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=tuple(_size(_places(network))))
    FigureCanvasSVG(figure)
    diagram(network, axes=figure.add_axes((0, 0, 1, 1)))
    text = StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return text.getvalue().partition("<svg")[1] + text.getvalue().partition("<svg")[2]


def _size(places: dict[str, np.ndarray]) -> np.ndarray:
    """Return the width and height of the drawing (inches)."""
    size: np.ndarray = np.max([np.zeros(2), *places.values()], axis=0) + _BOX + 2 * _MARGIN
    return size


def _places(network: Network) -> dict[str, np.ndarray]:
    """Return the centre of each box: columns follow the direction of projections, loops share a column."""
    joined = nx.condensation(nx.DiGraph(graph(network)))
    order = list(network.populations)
    places = {}
    for column, groups in enumerate(nx.topological_generations(joined)):
        members = sorted((name for g in groups for name in joined.nodes[g]["members"]), key=order.index)
        for row, name in enumerate(members):
            places[name] = np.array([column, row]) * _APART
    tallest = max((place[1] for place in places.values()), default=0.0)
    for column in {place[0] for place in places.values()}:
        inside = [place for place in places.values() if place[0] == column]
        for place in inside:
            place[1] += (tallest - (len(inside) - 1) * _APART[1]) / 2
    return places


def _box(axes: Axes, network: Network, name: str, place: np.ndarray) -> Any:
    from matplotlib.patches import FancyBboxPatch

    population = network.populations[name]
    box = FancyBboxPatch(
        tuple(place - _BOX / 2),
        _BOX[0],
        _BOX[1],
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor="whitesmoke",
        edgecolor=GREY,
        zorder=3,
    )
    axes.add_patch(box)
    model = f"{population.size} × {type(population.model).__name__}"
    for shift, text, most, weight in ((-0.11, name, 9.5, "bold"), (0.14, model, 8.0, "normal")):
        fits = _BOX[0] * 72 * 0.9 / (0.62 * max(len(text), 1))
        axes.text(
            place[0],
            place[1] + shift,
            text,
            ha="center",
            va="center",
            fontsize=min(most, fits),
            weight=weight,
            zorder=4,
            color="black",
        )
    return box


def _arrow(
    axes: Axes,
    network: Network,
    projection: Projection,
    places: dict[str, np.ndarray],
    boxes: dict[str, Any],
    nth: int,
) -> None:
    from matplotlib.patches import FancyArrowPatch

    negative = _negative(network, projection)
    style: dict[str, Any] = {
        "arrowstyle": "|-|,widthA=0,widthB=4" if negative else "-|>",
        "color": VERMILION if negative else BLUE,
        "mutation_scale": 1 if negative else 12,
        "linewidth": 1.5,
        "zorder": 2,
    }
    start, end = places[projection.source], places[projection.target]
    if projection.source == projection.target:
        # A loop over the top edge of the box, each further one wider; under the box where arrows come from above.
        partners = _sources(network, projection.source) | _targets(network, projection.source)
        above = [name for name in partners if places[name][0] == start[0] and places[name][1] < start[1]]
        side = 1 if above else -1
        across, down = np.eye(2)
        half, edge = 0.28 + 0.1 * (nth - 1), start + side * _BOX[1] / 2 * down
        bend = 1.1 * side
        start, end = edge - half * across, edge + half * across
        patch = FancyArrowPatch(
            tuple(start), tuple(end), connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=1, **style
        )
        beside = edge + side * (half * 1.1 + 0.02) * down
    else:
        straight = abs(end - start)[0] <= _APART[0] * 1.01 and projection.target not in _sources(
            network, projection.source
        )
        bend = (0.0 if straight and nth == 1 else 0.18) + 0.16 * (nth - 1)
        patch = FancyArrowPatch(
            tuple(start),
            tuple(end),
            connectionstyle=f"arc3,rad={bend}",
            patchA=boxes[projection.source],
            patchB=boxes[projection.target],
            shrinkA=1,
            shrinkB=2,
            **style,
        )
        middle, (dx, dy) = (start + end) / 2, end - start
        beside = middle + bend / 2 * np.array([dy, -dx])
    axes.add_patch(patch)
    if projection.rules:
        text = "\n".join(type(rule).__name__ for rule in projection.rules)
        under = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
        axes.text(
            beside[0],
            beside[1],
            text,
            ha="center",
            va="center",
            fontsize=7.5,
            zorder=5,
            bbox=under,
            color="black",
        )


def _sources(network: Network, target: str) -> set[str]:
    return {p.source for p in network.projections.values() if p.target == target}


def _targets(network: Network, source: str) -> set[str]:
    return {p.target for p in network.projections.values() if p.source == source}


def _negative(network: Network, projection: Projection) -> bool:
    """Tell whether a projection's weights are known to be negative, by its sign or by their values."""
    weight: Any = projection.weight
    sign = projection.sign
    if isinstance(weight, Tied):
        parameter: NamedParameter = network.parameters[weight.parameter]
        weight, sign = parameter.value, sign or parameter.sign
    if sign or isinstance(weight, Distribution | Driven):
        return sign < 0
    values = np.asarray(weight, dtype=float)
    return bool(values.size and np.all(values <= 0) and np.any(values < 0))
