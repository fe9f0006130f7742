"""Spike sources: Poisson, and spikes given as lists."""

from __future__ import annotations

import numpy as np
from brian2 import Hz, second

from neurosim.cache import jit
from neurosim.errors import DescriptionError
from neurosim.model.parameters import parameter
from neurosim.model.source import LENGTH, LIST, OWN, PLACE, SourceModel
from neurosim.model.times import nearest_step
from neurosim.model.values import resolve
from neurosim.rng.draws import NEVER, fill_gaps, uniform

_BLOCK, _LAST = 256, NEVER - 1


@jit()
def draw_poisson(key, real, integer, size):  # type: ignore[no-untyped-def]
    """List cells at geometric gaps, kept with their neuron's share of the highest rate, in blocks until one is kept.

    Its two own numbers: the number of the next block of draws, and the first cell that has not been drawn yet.
    """
    kept, coming = 0, integer[LIST:]
    while kept == 0:
        block, cell = integer[OWN], integer[OWN + 1]
        fill_gaps(key, 2 * block, real[0], coming)
        for i in range(_BLOCK):
            cell = min(cell - 1 + coming[i], _LAST)
            if real.size == 1 or cell == _LAST or uniform(key, 2 * block + 1, i) < real[1 + cell % size]:
                coming[kept] = cell
                kept += 1
            cell += 1
        integer[OWN], integer[OWN + 1] = block + 1, cell
    integer[PLACE], integer[LENGTH] = 0, kept


@jit()
def draw_last(key, real, integer, size):  # type: ignore[no-untyped-def]
    """List the last entry again, which is never due."""
    integer[PLACE] = integer[LENGTH] - 1


class Poisson(SourceModel):
    """Independent Poisson spike trains at constant rates (in each step of length dt a spike with probability rate*dt).

    P(spike in a step) = rate * dt. The cells of the grid (step, neuron) are taken in order, and the gap to the next
    cell with a spike at the highest of the rates is drawn from the geometric distribution; a neuron of a lower rate
    keeps such a spike with probability rate/highest. Counts lack the fraction rate * dt of a Poisson process' variance,
    since a neuron spikes once in a step at most. The distribution is that of one draw for every cell, at a cost of
    one or two draws per spike.
    Source of thinning: Lewis & Shedler 1979, Nav. Res. Logist. Q. 26:403, doi:10.1002/nav.3800260304.
    """

    rate = parameter(10 * Hz, "rate of each neuron", low=0 * Hz)
    draw = "neurosim.neurons.sources:draw_poisson"

    def pack(self, size: int, dt: float, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (highest probability per step, then each neuron's share if they differ), a state with no draws."""
        rate = np.broadcast_to(resolve(self.rate, (1 * Hz).dim, size, seed, f"{name}.rate"), (size,))
        highest = float(rate.max(initial=0.0))
        if highest * dt > 1:
            raise DescriptionError(
                f"{name}.rate = {highest} Hz gives more than one spike per step of {dt} s: lower it"
            )
        share = rate / highest if np.any(rate != highest) else np.zeros(0)
        return np.concatenate([[highest * dt], share]), np.zeros(LIST + _BLOCK, dtype=np.int64)


class SpikeTrain(SourceModel):
    """Spikes at given times: neuron ids[k] spikes at times[k] (s), rounded to the nearest step, halves up."""

    times = parameter(np.zeros(0) * second, "times of the spikes", low=0 * second)
    ids = parameter(np.zeros(0), "neurons that spike", low=0)
    draw = "neurosim.neurons.sources:draw_last"

    def pack(self, size: int, dt: float, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (nothing, the sorted list); rejects lists of unequal length, unknown neurons, double spikes."""
        times, given = np.atleast_1d(np.asarray(self.times)), np.atleast_1d(np.asarray(self.ids))
        ids = given.astype(np.int64)
        if np.any(ids != given):
            raise DescriptionError(f"{name}.ids: {given[ids != given][0]} is not a whole number: correct it")
        if times.shape != ids.shape:
            raise DescriptionError(f"{name}: {times.size} times and {ids.size} ids: give one id per time")
        if ids.size and ids.max() >= size:
            raise DescriptionError(
                f"{name}.ids holds {ids.max()}, but the population has {size} neurons: correct it"
            )
        steps = nearest_step(times, dt)
        order = np.lexsort((ids, steps))
        steps, ids = steps[order], ids[order]
        if np.any((np.diff(steps) == 0) & (np.diff(ids) == 0)):
            raise DescriptionError(
                f"{name}.times: a unit spikes twice within one step of {dt} s: use a smaller dt"
            )
        cells = [*(steps * size + ids).tolist(), _LAST]
        return np.zeros(0), np.array([0, len(cells), 0, 0, *cells], dtype=np.int64)
