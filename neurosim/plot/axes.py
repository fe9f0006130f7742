"""What all plots share: axes, labels with units, letters of panels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))
# Units that take a prefix, so that axes show -50 mV instead of -0.05 V.
_SCALED = ("V", "A", "S", "F", "s")
_LONG = 2.0
"""From how many seconds on a time axis is in seconds instead of milliseconds."""


def axes_for(axes: Axes | None, width: float = 6.0, height: float = 3.2) -> Axes:
    """Return the axes that are given, or those of a new figure of pyplot (inches)."""
    if axes is not None:
        return axes
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def labelled(name: str, unit: str) -> str:
    """Return the label of an axis: 'v (mV)', or the name alone where there is no unit."""
    return f"{name} ({unit})" if unit not in ("", "1") else name


def prefixed(unit: str, *values: np.ndarray) -> tuple[float, str]:
    """Return what to divide numbers of an SI unit by, so that the largest is at least 1, and the unit so written."""
    largest = max((float(np.nanmax(np.abs(v), initial=0.0)) for v in values), default=0.0)
    if unit not in _SCALED or not 0 < largest < np.inf:
        return 1.0, unit
    factor, prefix = next((p for p in _PREFIXES if largest >= p[0] * (1 - 1e-9)), _PREFIXES[-1])
    return factor, f"{prefix}{unit}"


def time_unit(stop: float) -> tuple[float, str]:
    """Return the seconds in the unit of a time axis that ends at `stop` (s), and its name."""
    return (1.0, "s") if stop >= _LONG else (1e-3, "ms")


def letters(axes: Iterable[Axes]) -> None:
    """Put the letters A, B, C, ... above the left end of panels, in their order."""
    for number, one in enumerate(axes):
        one.set_title(chr(ord("A") + number), loc="left", fontweight="bold")


def whole_numbers(*axis: Axis) -> None:
    """Put ticks at whole numbers only, as for indices."""
    from matplotlib.ticker import MaxNLocator

    for one in axis:
        one.set_major_locator(MaxNLocator(integer=True))


def legend_above(axes: Axes, **options: Any) -> None:
    """Put the legend above the axes, where it hides nothing, in as many columns as fit."""
    longest = max((len(text) for text in axes.get_legend_handles_labels()[1]), default=0)
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=min(max(48 // (longest + 6), 1), 4),
        fontsize="small",
        handlelength=1.2,
        columnspacing=1.2,
        borderaxespad=0.2,
        frameon=False,
        **options,
    )


def plain_logarithmic(*axis: Axis) -> None:
    """Make axes logarithmic, with ticks at 1, 2 and 5 times powers of ten as plain numbers."""
    from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

    for one in axis:
        one.axes.set(**{f"{one.axis_name}scale": "log"})  # type: ignore[attr-defined]
        one.set_major_locator(LogLocator(subs=(1, 2, 5)))
        one.set_major_formatter(ScalarFormatter())
        one.set_minor_locator(NullLocator())
