"""Measures of spike trains: intervals, their variation, smoothed rates, and what happens around a spike."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import DescriptionError

Vector = NDArray[np.float64]


def interspike_intervals(times: ArrayLike, ids: ArrayLike) -> tuple[Vector, NDArray[np.int64]]:
    """Return the intervals between successive spikes of each neuron, and the neuron of each.

    Arguments:
        times: of spikes, in any order, shape (spikes,).
        ids: the neuron of each spike, shape (spikes,).

    Returns (intervals, neurons), in the unit of the times, sorted by neuron, then time.
    Raises DescriptionError when the numbers of times and ids differ.
    """
    t, neurons = _spikes(times, ids)
    order = np.lexsort((t, neurons))
    t, neurons = t[order], neurons[order]
    same = neurons[1:] == neurons[:-1]
    return np.diff(t)[same], neurons[1:][same]


def interval_variation(
    times: ArrayLike, ids: ArrayLike, at_least: int = 3
) -> tuple[Vector, NDArray[np.int64]]:
    """Return the coefficient of variation of the interspike intervals of each neuron, CV = sd / mean.

    Arguments:
        times, ids: as of `interspike_intervals`.
        at_least: number of intervals that a neuron must have to be measured.

    Returns (CV, neurons): 0 for a regular train, 1 for a Poisson process.
    Source: Softky & Koch 1993, J. Neurosci. 13:334, doi:10.1523/JNEUROSCI.13-01-00334.1993.
    """
    intervals, neurons = interspike_intervals(times, ids)
    found, place, counts = np.unique(neurons, return_inverse=True, return_counts=True)
    mean = np.bincount(place, intervals, found.size) / np.maximum(counts, 1)
    square = np.bincount(place, (intervals - mean[place]) ** 2, found.size) / np.maximum(counts, 1)
    kept = (counts >= at_least) & (mean > 0)
    return np.sqrt(square[kept]) / mean[kept], found[kept]


def smoothed_rate(
    times: ArrayLike, size: int, start: float, stop: float, width: float
) -> tuple[Vector, Vector]:
    """Return the rate of a population, its spikes smoothed by a Gaussian kernel.

    r(t) = sum_k K(t - t_k) / (size * integral of K(t - s) over s from start to stop), so that the ends are not too low.

    Arguments:
        times (s): of the spikes of all neurons.
        size: number of neurons.
        start, stop (s): of the recording.
        width (s): standard deviation of the kernel K.

    Returns (t, r): times (s), tenths of a width apart, and rates per neuron (Hz).
    Raises DescriptionError when size, width or the duration is not positive.
    """
    from scipy.ndimage import gaussian_filter1d

    if size < 1 or width <= 0 or stop <= start:
        raise DescriptionError(
            f"smoothed_rate: size {size}, width {width:g} s, from {start:g} to {stop:g} s: each must be positive"
        )
    bins = max(round((stop - start) / (width / 10)), 1)
    counts, edges = np.histogram(np.asarray(times, dtype=float), bins, (start, stop))
    step = edges[1] - edges[0]
    smooth, mass = (
        gaussian_filter1d(x, width / step, mode="constant", truncate=5.0)
        for x in (counts / step, np.ones(bins))
    )
    return edges[:-1] + step / 2, smooth / mass / size


def triggered_average(
    triggers: ArrayLike, times: ArrayLike, values: ArrayLike, before: float, after: float
) -> tuple[Vector, Vector, int]:
    """Return the mean of sampled values around triggers, such as the spikes of a neuron.

    Arguments:
        triggers: times of the events, shape (events,).
        times: of the samples, evenly spaced, in the unit of the events, shape (samples,).
        values: what was sampled, shape (samples, neurons).
        before, after: the time to include on either side, in the same unit.

    Returns (lags, mean (lags, neurons), n), n the number of triggers whose whole window was sampled.
    Raises DescriptionError when no trigger has its window sampled, or samples are not evenly spaced.
    """
    t, v = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    if t.size < 2 or not np.allclose(np.diff(t), t[1] - t[0], rtol=1e-6):
        raise DescriptionError("triggered_average: give at least two samples, evenly spaced in time")
    step = t[1] - t[0]
    offsets = np.arange(-round(before / step), round(after / step) + 1)
    places = np.round((np.asarray(triggers, dtype=float) - t[0]) / step).astype(np.int64)
    places = places[(places + offsets[0] >= 0) & (places + offsets[-1] < t.size)]
    if not places.size:
        raise DescriptionError(
            f"triggered_average: no event has {before:g} before and {after:g} after it sampled: take a shorter window"
        )
    mean = np.mean([v[place + offsets] for place in places], axis=0)
    return offsets * step, mean, int(places.size)


def _spikes(times: ArrayLike, ids: ArrayLike) -> tuple[Vector, NDArray[np.int64]]:
    t, neurons = np.asarray(times, dtype=float), np.asarray(ids).astype(np.int64)
    if t.shape != neurons.shape or t.ndim != 1:
        raise DescriptionError(
            f"spikes: {t.shape} times and {neurons.shape} ids: give two lists of one length"
        )
    return t, neurons
