"""Plots of sampled variables and other arrays: curves, their spread over units, images, averages around spikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import ms, second

from neurosim.analysis.spike_trains import triggered_average
from neurosim.errors import DescriptionError
from neurosim.export.series import Series, series
from neurosim.export.view import Source, recorded, trains
from neurosim.model.units import scalar_in_si
from neurosim.palette import COLOURS, DIVERGING, PALE, SEQUENTIAL, colour
from neurosim.plot.axes import axes_for, labelled, legend_above, prefixed, time_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def traces(source: Source, *names: str, axes: Axes | None = None) -> Axes:
    """Draw arrays as curves, such as membrane potentials over time; a colour for each, grey where there are many.

    Arguments:
        source: a simulation, its recordings or an open result file.
        names: of arrays of one unit, such as 'cells.v' or, in a file of a study, 'stage/name'.
        axes: where to draw (a new figure if omitted).

    Returns the axes. Raises UnknownNameError or DescriptionError when they cannot be drawn together.
    """
    every = _series(source, names)
    axes = axes_for(axes)
    scale, unit = prefixed(every[0].data.unit, *(one.values for one in every))
    count = sum(one.values.shape[1] for one in every)
    number, (along, _) = 0, _along(every)
    for one in every:
        for k, values in enumerate(one.values.T):
            label = one.label(k) if len(every) == 1 or not one.others else f"{one.name}, {one.label(k)}"
            axes.plot(one.x / along, values / scale, **_style(number, count, label))
            number += 1
    _label(axes, every, unit)
    if 1 < count <= len(COLOURS):
        legend_above(axes)
    return axes


def spread(source: Source, *names: str, axes: Axes | None = None) -> Axes:
    """Draw the mean over units of arrays, with a band from the 10th to the 90th percentile: weights or gains over time.

    Arguments:
        source, names, axes: as of `traces`.

    Returns the axes. Raises as `traces` does.
    """
    every = _series(source, names)
    axes = axes_for(axes)
    scale, unit = prefixed(every[0].data.unit, *(one.values for one in every))
    along, _ = _along(every)
    for number, one in enumerate(every):
        x, values = one.x / along, one.values / scale
        low, high = np.quantile(values, [0.1, 0.9], axis=1)
        axes.fill_between(x, low, high, color=colour(number), alpha=0.25, linewidth=0)
        axes.plot(x, values.mean(axis=1), color=colour(number), label=f"{one.name}, n = {values.shape[1]}")
    _label(axes, every, unit)
    legend_above(axes)
    return axes


def kymograph(source: Source, name: str, *, axes: Axes | None = None) -> Axes:
    """Draw an array of two axes as an image, its curves as rows: joint angles along a body, states of many units.

    Colours are diverging around 0 where values have both signs.

    Arguments:
        source, axes: as of `traces`.
        name: of the array.

    Returns the axes. Raises as `traces` does, and DescriptionError for an array of another number of axes.
    """
    (one,) = _series(source, (name,))
    if len(one.others) != 1:
        raise DescriptionError(f"'{name}' has {len(one.others) + 1} axes, an image two: take another array")
    axes = axes_for(axes)
    scale, unit = prefixed(one.data.unit, one.values)
    values, (along, along_unit) = one.values / scale, _along([one])
    image = axes.pcolormesh(
        one.x / along,
        np.arange(values.shape[1]),
        values.T,
        shading="nearest",
        rasterized=True,
        **colours(values),
    )
    axes.figure.colorbar(image, ax=axes, label=labelled(one.data.long_name or name, unit))
    axes.set(xlabel=labelled(one.along.long_name, along_unit), ylabel=one.others[0])
    keys = [key for (key,) in one.keys]
    if len(keys) <= 12:
        axes.set_yticks(range(len(keys)), [str(key) for key in keys])
    return axes


def spike_triggered(
    source: Source,
    population: str,
    name: str,
    *,
    neuron: int | None = None,
    before: Any = 50 * ms,
    after: Any = 50 * ms,
    axes: Axes | None = None,
) -> Axes:
    """Draw the mean of a sampled variable around the spikes of a population or of one neuron.

    Arguments:
        source, axes: as of `traces`.
        population: whose spikes.
        name: of the array, sampled in time.
        neuron: the index of one (all if omitted).
        before, after: the window around a spike (s).

    Returns the axes. Raises as `traces` does, and DescriptionError when no spike has its window sampled.
    """
    source = recorded(source)
    one, spikes = series(source, name), trains(source, population)
    if one.along.unit != "ms":
        raise DescriptionError(f"'{name}' is not sampled in time (ms): take a recorded variable")
    if neuron is not None and not 0 <= neuron < spikes.size:
        raise DescriptionError(f"'{population}' has no neuron {neuron}: take one from 0 to {spikes.size - 1}")
    chosen = spikes.times if neuron is None else spikes.times[spikes.ids == neuron]
    window = [
        scalar_in_si(t, second.dim, f"spike_triggered: {w}")
        for t, w in ((before, "before"), (after, "after"))
    ]
    lags, mean, count = triggered_average(chosen * 1e3, one.x, one.values, window[0] * 1e3, window[1] * 1e3)
    axes = axes_for(axes)
    scale, unit = prefixed(one.data.unit, mean)
    units = mean.shape[1]
    for k in range(units):
        axes.plot(lags, mean[:, k] / scale, **_style(k, units, one.label(k)))
    axes.axvline(0, color=PALE, linestyle=":", linewidth=1)
    whose = population if neuron is None else f"{population} {neuron}"
    axes.set(
        xlabel=f"time from spike of {whose} (ms), n = {count}",
        ylabel=labelled(one.data.long_name or name, unit),
    )
    axes.margins(x=0)
    if 1 < units <= len(COLOURS):
        legend_above(axes)
    return axes


def colours(values: np.ndarray) -> dict[str, Any]:
    """Return the colour map of an image and its limits: diverging around 0 where values have both signs."""
    low, high = (float(f(values, initial=0.0, where=np.isfinite(values))) for f in (np.min, np.max))
    if low < 0 < high:
        return {"cmap": DIVERGING, "vmin": -max(-low, high), "vmax": max(-low, high)}
    return {"cmap": SEQUENTIAL}


def _series(source: Source, names: tuple[str, ...]) -> list[Series]:
    if not names:
        raise DescriptionError("nothing to draw: give the name of an array, such as 'cells.v'")
    source = recorded(source)
    every = [series(source, name) for name in names]
    for one in every[1:]:
        if (one.data.unit, one.along.unit) != (every[0].data.unit, every[0].along.unit):
            raise DescriptionError(
                f"'{one.name}' ({one.data.unit or '1'} over {one.along.unit or '1'}) and '{every[0].name}' "
                f"({every[0].data.unit or '1'} over {every[0].along.unit or '1'}) have other units: "
                "give each axes of its own"
            )
    return every


def _along(every: list[Series]) -> tuple[float, str]:
    """Return what to divide the axis along which arrays run by, and its unit: a long time is in seconds."""
    unit = every[0].along.unit
    if unit != "ms":
        return 1.0, unit
    seconds, unit = time_unit(max(float(np.max(one.x, initial=0.0)) for one in every) / 1e3)
    return 1e3 * seconds, unit


def _style(number: int, count: int, label: str) -> dict[str, Any]:
    """Return how the n-th of `count` curves is drawn; more than there are colours are thin, grey and unnamed."""
    if count > len(COLOURS):
        return {"color": PALE, "alpha": 0.5, "linewidth": 0.6}
    return {"color": colour(number), "linewidth": 1.2, "label": label}


def _label(axes: Axes, every: list[Series], unit: str) -> None:
    first = every[0]
    axes.margins(x=0)
    name = first.data.long_name or first.name
    axes.set_xlabel(labelled(first.along.long_name or first.along.dims[0], _along(every)[1]))
    axes.set_ylabel(labelled(name if len(every) == 1 else first.name.rpartition(".")[2], unit))
