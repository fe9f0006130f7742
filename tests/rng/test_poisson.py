"""Poisson numbers: the right law, the same number however it is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neurosim.rng import stream_key
from neurosim.rng.poisson import MOST, fill_poisson, fill_poisson_each, poisson_number

KEY = stream_key(1, "test", "poisson")


def numbers(mean, n, step=0):
    out = np.full(n, np.nan)
    fill_poisson(KEY, step, mean, out)
    return out


@pytest.mark.parametrize("mean", [0.01, 1.28, 2.32, 30.0, MOST])
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


@settings(max_examples=30)
@given(word=st.integers(0, 2**32 - 1), mean=st.floats(0, MOST))
def test_a_number_is_the_quantile_of_its_word(word, mean):
    n = poisson_number(word, mean)
    u = (word + 0.5) / 2**32
    assert stats.poisson.cdf(n, mean) > u - 1e-9
    assert n == 0 or stats.poisson.cdf(n - 1, mean) < u + 1e-9


@pytest.mark.parametrize("size", [0, 1, 511, 512, 1300])
def test_one_mean_for_all_and_one_for_each_give_the_same(size):
    each = np.empty(size)
    fill_poisson_each(KEY, 7, np.full(size, 2.2), each)
    assert np.array_equal(numbers(2.2, size, 7), each)


def test_a_mean_of_0_gives_0():
    assert not numbers(0.0, 1000).any()
