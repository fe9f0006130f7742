"""Spike sources: Poisson, and spikes given as lists."""

from __future__ import annotations

import numpy as np
from brian2 import Hz, second
from numba import njit

from neurosim.errors import DescriptionError
from neurosim.model.parameters import parameter
from neurosim.model.source import SourceModel
from neurosim.model.values import resolve
from neurosim.rng import stream_key
from neurosim.rng.draws import poisson_gap


@njit(cache=True, nogil=True)
def emit_poisson(step, key, real, integer, ids):  # type: ignore[no-untyped-def]
    """Emit units whose next spike is due; the gap to the one after is drawn from the stream at (step, unit)."""
    count = 0
    for i in range(integer.size):
        if integer[i] == step:
            ids[count] = i
            count += 1
            integer[i] = step + poisson_gap(key, step, i, real[i])
    return count


@njit(cache=True, nogil=True)
def emit_list(step, key, real, integer, ids):  # type: ignore[no-untyped-def]
    """Emit the listed units of this step; integer = [next entry, number of entries, steps..., units...]."""
    at, n = integer[0], integer[1]
    count = 0
    while at < n and integer[2 + at] <= step:
        if integer[2 + at] == step:
            ids[count] = integer[2 + n + at]
            count += 1
        at += 1
    integer[0] = at
    return count


class Poisson(SourceModel):
    """Independent Poisson spike trains at constant rates (in each step of length dt a spike with probability rate*dt).

    P(spike in a step) = rate * dt; gaps between spikes are drawn as geometric numbers of steps, equal in law.
    """

    rate = parameter(10 * Hz, "rate of each unit", low=0 * Hz)
    emit = "neurosim.neurons.sources:emit_poisson"

    def pack(self, size: int, dt: float, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (probability per step, step of the next spike) per unit."""
        rate = np.broadcast_to(resolve(self.rate, (1 * Hz).dim, size, seed, f"{name}.rate"), (size,))
        p = rate * dt
        if np.any(p > 1):
            raise DescriptionError(
                f"{name}.rate = {rate.max()} Hz gives more than one spike per step of {dt} s: lower it"
            )
        key = stream_key(seed, name, "first spike")
        first = [poisson_gap(key, 0, i, p[i]) - 1 for i in range(size)]
        return p.copy(), np.array(first, dtype=np.int64)


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
