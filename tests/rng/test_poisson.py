"""Poisson numbers: the right law, the same number however it is asked for."""

import numpy as np
import pytest
from scipy import stats

from neurosim.rng import stream_key
from neurosim.rng.counts import LARGE
from neurosim.rng.poisson import fill_poisson, fill_poisson_each

KEY = stream_key(1, "test", "poisson")


def numbers(mean, n, step=0):
    out = np.full(n, np.nan)
    fill_poisson(KEY, step, mean, out)
    return out


@pytest.mark.parametrize("mean", [0.01, 1.28, 2.32, 30.0, LARGE, 41.0, 2000.0])
def test_numbers_have_the_law_of_poisson(mean):
    n, found = 200_000, numbers(mean, 200_000)
    low, high = stats.poisson.ppf([1e-3, 1 - 1e-3], mean)
    edges = np.arange(low, high + 1)
    counts = np.array(
        [(found < low).sum(), *[(found == k).sum() for k in edges[:-1]], (found >= edges[-1]).sum()]
    )
    inner = stats.poisson.pmf(edges[:-1], mean)
    share = np.array([stats.poisson.cdf(low - 1, mean), *inner, stats.poisson.sf(edges[-1] - 1, mean)])
    kept = share * n > 5
    assert ((counts - share * n) ** 2 / np.maximum(share * n, 1))[kept].sum() < stats.chi2.ppf(
        1 - 1e-4, kept.sum()
    )


@pytest.mark.parametrize(
    ("size", "mean"), [(0, 2.2), (1, 2.2), (511, 2.2), (512, 2.2), (1300, 2.2), (1300, 50.0)]
)
def test_one_mean_for_all_and_one_for_each_give_the_same(size, mean):
    each = np.empty(size)
    fill_poisson_each(KEY, 7, np.full(size, mean), each)
    assert np.array_equal(numbers(mean, size, 7), each)


def test_a_mean_of_0_gives_0():
    assert not numbers(0.0, 1000).any()
