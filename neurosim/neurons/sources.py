"""Spike sources: Poisson, and spikes given as lists."""

from __future__ import annotations

import numpy as np
from brian2 import Hz, second
from numba import njit

from neurosim.errors import DescriptionError
from neurosim.model.parameters import parameter
from neurosim.model.source import SourceModel
from neurosim.model.values import resolve
from neurosim.rng.draws import NEVER, fill_gaps, uniform

# State of a Poisson source: place in the list of coming spikes, their number, number of the next block, first cell of
# the grid (step, unit) that is not drawn yet; then the list.
_HEAD, _BLOCK = 4, 256
_LAST = NEVER - 1


@njit(cache=True, nogil=True)
def _draw_block(key, real, integer, size):  # type: ignore[no-untyped-def]
    """List the spikes of the next block: cells at geometric gaps, kept by their unit's share of the rate."""
    block, cell = integer[2], integer[3]
    coming = integer[_HEAD:]
    fill_gaps(key, 2 * block, real[0], coming)
    kept = 0
    for i in range(_BLOCK):
        cell = min(cell - 1 + coming[i], _LAST)
        if real.size == 1 or cell == _LAST or uniform(key, 2 * block + 1, i) < real[1 + cell % size]:
            coming[kept] = cell
            kept += 1
        cell += 1
    integer[0], integer[1], integer[2], integer[3] = 0, kept, block + 1, cell


@njit(cache=True, nogil=True)
def emit_poisson(step, key, real, integer, ids, row):  # type: ignore[no-untyped-def]
    """Emit the listed spikes of this step: cell c is unit c % size in step c // size."""
    size = ids.shape[1]
    first, count = step * size, 0
    while True:
        while integer[0] == integer[1]:
            _draw_block(key, real, integer, size)
        unit = integer[_HEAD + integer[0]] - first
        if unit >= size:
            return count
        ids[row, count] = unit
        count += 1
        integer[0] += 1


@njit(cache=True, nogil=True)
def emit_list(step, key, real, integer, ids, row):  # type: ignore[no-untyped-def]
    """Emit the listed units of this step; integer = [next entry, number of entries, steps..., units...]."""
    at, n = integer[0], integer[1]
    count = 0
    while at < n and integer[2 + at] <= step:
        if integer[2 + at] == step:
            ids[row, count] = integer[2 + n + at]
            count += 1
        at += 1
    integer[0] = at
    return count


class Poisson(SourceModel):
    """Independent Poisson spike trains at constant rates (in each step of length dt a spike with probability rate*dt).

    P(spike in a step) = rate * dt. The cells of the grid (step, unit) are taken one after the other, and the gap to the
    next cell with a spike at the highest of the rates is drawn, geometric; a unit of a lower rate keeps such a spike
    with probability rate/highest. Equal in law to a draw for every cell, at a draw or two per spike.
    Source of thinning: Lewis & Shedler 1979, Nav. Res. Logist. Q. 26:403, doi:10.1002/nav.3800260304.
    """

    rate = parameter(10 * Hz, "rate of each unit", low=0 * Hz)
    emit = "neurosim.neurons.sources:emit_poisson"

    def pack(self, size: int, dt: float, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (highest probability per step, then the share of each unit if they differ), a state with no draws."""
        rate = np.broadcast_to(resolve(self.rate, (1 * Hz).dim, size, seed, f"{name}.rate"), (size,))
        highest = float(rate.max(initial=0.0))
        if highest * dt > 1:
            raise DescriptionError(
                f"{name}.rate = {highest} Hz gives more than one spike per step of {dt} s: lower it"
            )
        share = rate / highest if np.any(rate != highest) else np.zeros(0)
        return np.concatenate([[highest * dt], share]), np.zeros(_HEAD + _BLOCK, dtype=np.int64)


class SpikeTrain(SourceModel):
    """Spikes at given times: unit ids[k] spikes at times[k] (s), rounded to the nearest step."""

    times = parameter(np.zeros(0) * second, "times of the spikes", low=0 * second)
    ids = parameter(np.zeros(0), "units that spike", low=0)
    emit = "neurosim.neurons.sources:emit_list"

    def pack(self, size: int, dt: float, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (nothing, the sorted list); refuses lists of unequal length, unknown units, two spikes in one step."""
        times, given = np.atleast_1d(np.asarray(self.times)), np.atleast_1d(np.asarray(self.ids))
        ids = given.astype(np.int64)
        if np.any(ids != given):
            raise DescriptionError(f"{name}.ids: {given[ids != given][0]} is not a whole number: correct it")
        if times.shape != ids.shape:
            raise DescriptionError(f"{name}: {times.size} times and {ids.size} ids: give one id per time")
        if ids.size and ids.max() >= size:
            raise DescriptionError(
                f"{name}.ids holds {ids.max()}, but the population has {size} units: correct it"
            )
        steps = np.rint(times / dt).astype(np.int64)
        order = np.lexsort((ids, steps))
        steps, ids = steps[order], ids[order]
        if np.any((np.diff(steps) == 0) & (np.diff(ids) == 0)):
            raise DescriptionError(
                f"{name}.times: a unit spikes twice within one step of {dt} s: use a smaller dt"
            )
        return np.zeros(0), np.concatenate([[0, steps.size], steps, ids]).astype(np.int64)
