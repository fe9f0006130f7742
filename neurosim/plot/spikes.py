"""Plots of spikes: raster, rates, intervals between spikes and their variation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import ms, second

from neurosim.analysis.spike_trains import interspike_intervals, interval_variation, smoothed_rate
from neurosim.errors import DescriptionError
from neurosim.export.view import Source, Trains, recorded, trains
from neurosim.model.units import scalar_in_si
from neurosim.palette import PALE, colour
from neurosim.plot.axes import axes_for, legend_above, time_unit, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS = 40
"""Up to how many neurons a spike is drawn as a stroke of the height of its row."""


def raster(source: Source, *populations: str, axes: Axes | None = None) -> Axes:
    """Draw each spike at its time, a row for each neuron, populations above one another in colours of their own.

    Arguments:
        source: a simulation, its recordings or an open result file.
        populations: names (all if omitted).
        axes: where to draw (a new figure if omitted).

    Returns the axes. Raises UnknownNameError or DescriptionError when there are no such spikes.
    """
    every = _trains(source, populations)
    axes = axes_for(axes)
    unit, name = time_unit(max(t.stop for t in every))
    base = 0
    for number, one in enumerate(every):
        # A stroke per spike while rows are high enough to see it, else a dot.
        few = sum(t.size for t in every) <= _MOST_ROWS
        style: dict[str, Any] = {"marker": "|", "markersize": 7} if few else {"marker": ".", "markersize": 2}
        axes.plot(
            one.times / unit, one.ids + base, linestyle="", color=colour(number), label=one.name, **style
        )
        base += one.size
    axes.set(xlabel=f"time ({name})", ylabel="neuron", ylim=(-0.5, max(base, 1) - 0.5))
    axes.set_xlim(0, max(t.stop for t in every) / unit or 1)
    whole_numbers(axes.yaxis)
    if len(every) > 1:
        legend_above(axes, markerscale=1 if base <= _MOST_ROWS else 5)
    return axes


def rates(
    source: Source, *populations: str, width: Any = 10 * ms, start: Any = 0 * second, axes: Axes | None = None
) -> Axes:
    """Draw the rate of each population, spikes per neuron and second, smoothed by a Gaussian.

    Arguments:
        source, populations, axes: as of `raster`.
        width: standard deviation of the Gaussian (s).
        start: where the recording begins (s).

    Returns the axes. Raises as `raster` does, and DescriptionError when width or what was recorded is not positive.
    """
    every = _trains(source, populations)
    sigma = scalar_in_si(width, second.dim, "rates: width")
    first = scalar_in_si(start, second.dim, "rates: start")
    axes = axes_for(axes)
    unit, name = time_unit(max(t.stop for t in every))
    for number, one in enumerate(every):
        times, rate = smoothed_rate(one.times, one.size, first, one.stop, sigma)
        axes.plot(times / unit, rate, color=colour(number), label=one.name)
    axes.set(xlabel=f"time ({name})", ylabel="rate (Hz)")
    axes.margins(x=0)
    axes.set_ylim(bottom=0)
    if len(every) > 1:
        legend_above(axes)
    return axes


def intervals(source: Source, *populations: str, bins: int = 40, axes: Axes | None = None) -> Axes:
    """Draw the distribution of the intervals between successive spikes of a neuron, with their CV in the legend.

    Arguments:
        source, populations, axes: as of `raster`.
        bins: their number.

    The CV is the mean over the neurons with at least three intervals, as of `interval_variation`.
    Returns the axes. Raises as `raster` does, and DescriptionError when no neuron spikes twice.
    """
    every = _trains(source, populations)
    found = [interspike_intervals(one.times, one.ids)[0] for one in every]
    longest = max((float(values.max(initial=0.0)) for values in found), default=0.0)
    if longest == 0:
        raise DescriptionError(
            f"no neuron of {', '.join(t.name for t in every)} spikes twice: run for longer"
        )
    axes = axes_for(axes)
    unit, name = time_unit(longest)
    edges = np.linspace(0, longest / unit, bins + 1)
    for number, (one, values) in enumerate(zip(every, found, strict=True)):
        cv, _ = interval_variation(one.times, one.ids)
        label = f"{one.name}, CV {cv.mean():.2f}" if cv.size else one.name
        density, _ = np.histogram(values / unit, edges, density=values.size > 0)
        axes.stairs(density, edges, color=colour(number), label=label, linewidth=1.5)
    axes.set(xlabel=f"interval between spikes ({name})", ylabel=f"density (1/{name})", xlim=(0, edges[-1]))
    axes.set_ylim(bottom=0)
    legend_above(axes)
    return axes


def variation(source: Source, *populations: str, bins: int = 20, axes: Axes | None = None) -> Axes:
    """Draw the distribution over neurons of the coefficient of variation of their interspike intervals.

    Arguments:
        source, populations, axes: as of `raster`.
        bins: their number.

    The dotted line is the CV of a Poisson process, 1.
    Returns the axes. Raises as `raster` does, and DescriptionError when no neuron has three intervals.
    """
    every = _trains(source, populations)
    found = [interval_variation(one.times, one.ids)[0] for one in every]
    if not any(values.size for values in found):
        raise DescriptionError(
            f"no neuron of {', '.join(t.name for t in every)} has three intervals between spikes: run for longer"
        )
    axes = axes_for(axes)
    edges = np.linspace(0, max(float(values.max(initial=1.0)) for values in found), bins + 1)
    for number, (one, values) in enumerate(zip(every, found, strict=True)):
        axes.stairs(
            np.histogram(values, edges)[0], edges, color=colour(number), label=one.name, linewidth=1.5
        )
    axes.axvline(1, color=PALE, linestyle=":", linewidth=1)
    axes.set(xlabel="CV of intervals between spikes", ylabel="neurons")
    axes.set_xlim(0, edges[-1])
    axes.set_ylim(bottom=0)
    if len(every) > 1:
        legend_above(axes)
    return axes


def _trains(source: Source, populations: tuple[str, ...]) -> list[Trains]:
    source = recorded(source)
    asked = populations or tuple(source.populations())
    if not asked:
        raise DescriptionError("no spikes were recorded: add a Recorder of a population")
    return [trains(source, name) for name in asked]
