"""One plot of whatever has a name: spikes as a raster, arrays as curves or as an image, or as asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from neurosim.errors import UnknownNameError
from neurosim.export.series import series
from neurosim.export.view import Source, array_names, recorded
from neurosim.palette import COLOURS
from neurosim.plot.curves import kymograph, spread, traces
from neurosim.plot.histogram import histogram
from neurosim.plot.spikes import intervals, raster, rates, variation
from neurosim.registry import suggest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OF_SPIKES: Final[dict[str, Callable[..., Any]]] = {
    "raster": raster,
    "rates": rates,
    "intervals": intervals,
    "variation": variation,
}
OF_ARRAYS: Final[dict[str, Callable[..., Any]]] = {
    "traces": traces,
    "spread": spread,
    "kymograph": kymograph,
    "histogram": histogram,
}


def draw(source: Source, name: str, kind: str | None = None, *, axes: Axes | None = None) -> Axes:
    """Draw the spikes of a population or an array by its name.

    Arguments:
        source: a simulation, its recordings or an open result file.
        name: as `names` returns them.
        kind: of spikes raster (if omitted), rates, intervals or variation, of arrays traces (if omitted, up to seven
            curves), kymograph (if omitted, of more), spread or histogram.
        axes: where to draw (a new figure if omitted).

    Returns the axes. Raises UnknownNameError for a name or kind that is not there, DescriptionError when it cannot be
    drawn so.
    """
    source = recorded(source)
    spikes = name in source.populations()
    kinds = OF_SPIKES if spikes else OF_ARRAYS
    if kind is None:
        kind = "raster" if spikes else _kind(source, name)
    if kind not in kinds:
        what = "spikes" if spikes else "an array"
        raise UnknownNameError(
            f"'{name}' is {what}, which cannot be drawn as '{kind}': {suggest(kind, kinds)}"
        )
    drawn: Axes = kinds[kind](source, name, axes=axes)
    return drawn


def names(source: Source) -> list[str]:
    """Return the names of all that `draw` can draw: populations whose spikes are there, then arrays of numbers."""
    source = recorded(source)
    infos = source.infos()
    drawable = [
        name
        for name in array_names(source)
        if (info := infos.get(name) or infos[f"{name}/{name.rpartition('.')[2]}"]).shape
        and info.dtype != "text"
        and not info.dtype.startswith("complex")
        and 0 not in info.shape
    ]
    return [*source.populations(), *drawable]


def _kind(source: Source, name: str) -> str:
    one = series(source, name)
    return "kymograph" if len(one.others) == 1 and one.values.shape[1] > len(COLOURS) else "traces"
