"""Plots of the weights that a simulation has now: as a matrix and as a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError
from neurosim.model.units import DIMENSIONLESS, dimension_of, unit_name
from neurosim.palette import colour
from neurosim.plot.axes import axes_for, labelled, legend_above, prefixed, whole_numbers
from neurosim.plot.curves import colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CELLS = 25_000_000


def weight_matrix(
    simulation: Simulation, projection: str, variable: str = "w", *, axes: Axes | None = None
) -> Axes:
    """Draw a variable of a projection as an image, a row for each target and a column for each source.

    Where there is no connection the image is empty; several connections of one pair are added up.

    Arguments:
        simulation: whose weights.
        projection: the name of one.
        variable: one value per edge.
        axes: where to draw (a new figure if omitted).

    Returns the axes. Raises UnknownNameError, or DescriptionError for a variable that is not kept per edge and for a
    matrix of more than 25 million elements.
    """
    pre, post = _simulation(simulation).edges(projection)
    values, unit = _values(simulation, projection, variable)
    ends = simulation.recordings().network
    part = ends.projections[projection]
    shape = (ends.population(part.target).size, ends.population(part.source).size)
    if shape[0] * shape[1] > _MOST_CELLS:
        raise DescriptionError(f"'{projection}' has {shape[0]} x {shape[1]} elements, too many for an image")
    matrix = np.zeros(shape)
    np.add.at(matrix, (post, pre), values)
    connected = np.zeros(shape, dtype=bool)
    connected[post, pre] = True
    shown = np.where(connected, matrix, np.nan)
    scale, unit = prefixed(unit, shown)
    axes = axes_for(axes, 4.6, 3.8)
    image = axes.imshow(
        shown / scale, aspect="auto", interpolation="nearest", origin="lower", **colours(shown / scale)
    )
    axes.figure.colorbar(image, ax=axes, label=labelled(f"{variable} of {projection}", unit))
    axes.set(xlabel=f"source, {part.source}", ylabel=f"target, {part.target}")
    whole_numbers(axes.xaxis, axes.yaxis)
    return axes


def weight_histogram(
    simulation: Simulation,
    *projections: str,
    variable: str = "w",
    bins: int = 40,
    axes: Axes | None = None,
) -> Axes:
    """Draw how a variable is distributed over the connections of projections.

    Arguments:
        simulation: whose weights.
        projections: names (all if omitted), of one unit.
        variable: one value per edge.
        bins: their number.
        axes: as of `weight_matrix`.

    Returns the axes. Raises as `weight_matrix` does, and DescriptionError for projections of different units.
    """
    known = _simulation(simulation).recordings().network.projections
    asked = projections or tuple(known)
    found = {name: _values(simulation, name, variable) for name in asked}
    units = {unit for _, unit in found.values()}
    if len(units) != 1:
        raise DescriptionError(
            f"weights of {', '.join(asked) or 'no projection'} have the units {sorted(units)}: draw those of one unit"
        )
    scale, unit = prefixed(units.pop(), *(values for values, _ in found.values()))
    axes = axes_for(axes)
    edges = np.histogram_bin_edges(np.concatenate([values / scale for values, _ in found.values()]), bins)
    for number, (name, (values, _)) in enumerate(found.items()):
        counts, _ = np.histogram(values / scale, edges)
        axes.stairs(counts, edges, color=colour(number), label=name, linewidth=1.5)
    axes.set(xlabel=labelled(variable, unit), ylabel="connections")
    axes.set_ylim(bottom=0)
    legend_above(axes)
    return axes


def _simulation(given: Simulation) -> Simulation:
    if not isinstance(given, Simulation):
        raise DescriptionError(
            f"a {type(given).__name__} has no present weights: give a simulation; weights that were recorded are "
            "drawn by traces, spread or kymograph"
        )
    return given


def _values(simulation: Simulation, projection: str, variable: str) -> tuple[np.ndarray, str]:
    """Return a value for each edge in SI units, and the unit."""
    edges = simulation.edges(projection)[0].size
    value = simulation.get(f"{projection}.{variable}")
    array = np.asarray(value, dtype=float)
    if array.size not in (1, edges):
        raise DescriptionError(f"'{projection}.{variable}' is not kept per edge: draw it by traces")
    dimension = dimension_of(value)
    return np.broadcast_to(array, (edges,)), "" if dimension is DIMENSIONLESS else unit_name(dimension)
