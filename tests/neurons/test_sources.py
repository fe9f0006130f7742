"""The Poisson source: the law of independent draws for every unit and step, in spikes that depend on nothing else."""

import numpy as np
import pytest
from brian2 import Hz
from scipy import stats

from neurosim.model.source import due
from neurosim.neurons import Poisson
from neurosim.neurons.sources import draw_poisson
from neurosim.rng import stream_key

DT = 0.001
SEEDS = range(5)
EQUAL = np.full(40, 30.0)
DIFFERENT = np.repeat([0.0, 5.0, 40.0, 300.0], 10)
RATES = {"equal": EQUAL, "different": DIFFERENT}


def emitted(rates, seed, steps, state=None, first=0):
    """Return (steps, ids, state at the end) of a source that emits at `steps` steps from `first`."""
    real, integer = Poisson(rate=rates * Hz).pack(rates.size, DT, seed, "s")
    integer = integer if state is None else state.copy()
    found, key = [], stream_key(seed, "s", "spikes")
    for step in range(first, first + steps):
        found += [(step, i) for i in due(draw_poisson, step, key, real, integer, rates.size)]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], integer


def passes(p_values, bound=1e-3):
    """Several seeds agree with a law: none of the p-values is absurd, together they are uniform."""
    return min(p_values) > bound / len(p_values) and stats.kstest(p_values, "uniform").pvalue > bound


@pytest.mark.parametrize("kind", RATES)
def test_counts_have_the_law_of_a_draw_for_every_unit_and_step(kind):
    rates, steps, p_values = RATES[kind], 20_000, []
    for seed in SEEDS:
        counts = np.bincount(emitted(rates, seed, steps)[1], minlength=rates.size)
        assert not counts[rates == 0].any()
        for rate in sorted({*rates} - {0.0}):
            own, p = counts[rates == rate], rate * DT
            # Sum of squares of standard scores: chi-square, on both sides, so that counts are not too even either.
            scores = (own - steps * p) / np.sqrt(steps * p * (1 - p))
            low = stats.chi2.cdf(np.sum(scores**2), own.size)
            p_values += [2 * min(low, 1 - low), 2 * stats.norm.sf(abs(scores.sum()) / np.sqrt(own.size))]
    assert passes(p_values)


@pytest.mark.parametrize("kind", RATES)
def test_intervals_have_the_geometric_law(kind):
    rates, p_values = RATES[kind], []
    for seed in SEEDS:
        steps, ids, _ = emitted(rates, seed, 30_000)
        for rate in sorted({*rates} - {0.0}):
            own = np.flatnonzero(rates == rate)
            gaps = np.concatenate([np.diff(steps[ids == i]) for i in own])
            # A geometric number of steps, spread evenly over the step, is exponential once the step's law is undone.
            p = rate * DT
            u = np.random.default_rng(seed).random(gaps.size)
            cdf = 1 - (1 - p) ** (gaps - 1) * (1 - p * u)
            p_values.append(stats.kstest(cdf, "uniform").pvalue)
    assert passes(p_values)


def test_units_and_steps_are_independent():
    for seed in SEEDS:
        steps, ids, _ = emitted(DIFFERENT, seed, 20_000)
        raster = np.zeros((20_000, DIFFERENT.size))
        raster[steps, ids] = 1
        raster = raster[:, DIFFERENT > 0]
        bound = 5 / np.sqrt(20_000)
        between = np.corrcoef(raster.T)
        np.fill_diagonal(between, 0)
        assert np.abs(between).max() < bound
        later = [abs(np.corrcoef(raster[1:, i], raster[:-1, i])[0, 1]) for i in range(raster.shape[1])]
        assert max(later) < bound


@pytest.mark.parametrize("kind", RATES)
def test_spikes_are_the_same_however_the_run_is_split(kind):
    whole = emitted(RATES[kind], 3, 5000)
    state, first, found = None, 0, []
    for steps in (1, 7, 0, 992, 4000):
        at, ids, state = emitted(RATES[kind], 3, steps, state, first)
        found.append(np.stack([at, ids]))
        first += steps
    assert np.array_equal(np.concatenate(found, axis=1), np.stack(whole[:2]))
    assert np.array_equal(state, whole[2])


def test_certain_and_impossible_spikes():
    steps, ids, _ = emitted(np.array([1000.0, 0.0, 1000.0]), 0, 300)
    assert np.array_equal(steps, np.repeat(np.arange(300), 2)) and np.array_equal(ids, np.tile([0, 2], 300))
    for rates in (np.zeros(3), np.array([0.0, 1e-300, 0.0]), np.array([0.0, 1e-12, 0.0])):
        assert emitted(rates, 0, 2000)[0].size == 0


def test_a_new_seed_gives_new_spikes():
    a, b = (emitted(EQUAL, seed, 2000) for seed in (1, 2))
    assert not np.array_equal(a[0], b[0])
