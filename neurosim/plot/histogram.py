"""The distribution of the numbers of an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.export.series import series
from neurosim.export.view import Source, recorded
from neurosim.palette import colour
from neurosim.plot.axes import axes_for, labelled, prefixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def histogram(source: Source, name: str, *, bins: int = 40, axes: Axes | None = None) -> Axes:
    """Draw how all numbers of an array are distributed; what is not finite is left out, and its count is in the title.

    Arguments:
        source: a simulation, its recordings or an open result file.
        name: of the array.
        bins: their number.
        axes: where to draw (a new figure if omitted).

    Returns the axes. Raises UnknownNameError or DescriptionError when there is no such array of numbers.
    """
    one = series(recorded(source), name)
    values = one.values.astype(float).ravel()
    finite = values[np.isfinite(values)]
    scale, unit = prefixed(one.data.unit, finite)
    axes = axes_for(axes)
    counts, edges = np.histogram(finite / scale, bins)
    axes.stairs(counts, edges, color=colour(0), fill=True, alpha=0.8)
    axes.set(xlabel=labelled(one.data.long_name or name, unit), ylabel="count")
    if finite.size < values.size:
        axes.set_title(f"without {values.size - finite.size} that are not finite")
    return axes
