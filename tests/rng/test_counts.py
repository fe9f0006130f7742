"""Quantiles of counts: the exact ones where few are expected, close ones where many are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neurosim.compiler import special
from neurosim.engines.jax import arithmetic
from neurosim.rng.counts import LARGE, binomial_quantile, poisson_quantile

UNIFORM = st.floats(0, 1, exclude_max=True)


@settings(max_examples=60)
@given(u=UNIFORM, mean=st.floats(0, LARGE))
def test_few_poisson_events_are_exact(u, mean):
    k = poisson_quantile(u, mean)
    assert stats.poisson.cdf(k, mean) >= u - 1e-13
    assert k == 0 or stats.poisson.cdf(k - 1, mean) <= u + 1e-13


@settings(max_examples=60)
@given(u=UNIFORM, n=st.integers(0, 60), p=st.floats(0, 1))
def test_few_successes_are_exact(u, n, p):
    k = binomial_quantile(u, n, p)
    assert 0 <= k <= n and stats.binom.cdf(k, n, p) >= u - 1e-12
    assert k == 0 or stats.binom.cdf(k - 1, n, p) <= u + 1e-12


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "law"),
    [
        (lambda u: poisson_quantile(u, 41.0), stats.poisson(41.0)),
        (lambda u: poisson_quantile(u, 1e6), stats.poisson(1e6)),
        (lambda u: binomial_quantile(u, 100, 0.42), stats.binom(100, 0.42)),
        (lambda u: binomial_quantile(u, 2000, 0.97), stats.binom(2000, 0.97)),
    ],
)
def test_many_events_have_the_moments_and_the_law(draw, law):
    u = (np.arange(100_000) + 0.5) / 100_000
    found = np.array([draw(x) for x in u])
    assert found.mean() == pytest.approx(law.mean(), abs=2e-3 * law.std())
    assert found.std() == pytest.approx(law.std(), rel=3e-3)
    assert np.abs(found - law.ppf(u)).max() <= 1


@pytest.mark.slow
def test_jax_has_the_same_numbers():
    u = np.random.default_rng(1).random(3000)
    mean = np.resize([0.0, 0.1, 3.0, 39.0, 60.0, 1e4], 3000)
    n, p = np.resize([1.0, 7.0, 300.0], 3000), np.resize([0.0, 0.03, 0.5, 0.8, 1.0], 3000)
    with jax.enable_x64(True):
        poisson, binomial = arithmetic.poisson_quantile(u, mean), arithmetic.binomial_quantile(u, n, p)
    assert np.array_equal(poisson, [poisson_quantile(*x) for x in zip(u, mean, strict=True)])
    assert np.array_equal(binomial, [binomial_quantile(*x) for x in zip(u, n, p, strict=True)])


def test_values_at_and_beyond_the_ends_of_arguments_are_the_same_on_all_engines():
    u = [np.nan, -np.inf, -1, 0.0, 0.3, 1 - 2.0**-53, 1.0, 1.5, np.inf]
    many = [np.nan, -np.inf, -2, 0, 0.5, 10, 39.9, 41, 1e6, 1e18, 1e300, np.inf]
    chance = [np.nan, -np.inf, -1, 0, 0.01, 0.3, 0.5, 0.7, 1, 2, np.inf]
    for numpy, on_jax, axes in (
        (special.poisson_quantile, arithmetic.poisson_quantile, (u, many)),
        (special.binomial_quantile, arithmetic.binomial_quantile, (u, many, chance)),
    ):
        given = np.meshgrid(*axes, indexing="ij")
        wanted = numpy(*given)
        with jax.enable_x64(True):
            np.testing.assert_allclose(on_jax(*map(jnp.asarray, given)), wanted, rtol=1e-15)
        outside = ~((given[0] >= 0) & (given[0] < 1)) | np.isnan(np.sum(np.abs(given), axis=0))
        np.testing.assert_array_equal(np.isnan(wanted), outside)
        assert not wanted[:, 1][~outside[:, 1]].any()
