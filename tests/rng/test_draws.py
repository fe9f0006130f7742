"""Draws: the same bits from every way to ask, and the right law."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy import special, stats

from neurosim.rng import stream_key
from neurosim.rng.draws import NEVER, _logarithm, fill_gaps, fill_normal, fill_uniform, normal, uniform
from neurosim.rng.normal import normal_quantile
from neurosim.rng.threefry import threefry2x32

KEY = stream_key(1, "test", "draws")
N = 200_000
DRAWS = {"uniform": (uniform, fill_uniform), "normal": (normal, fill_normal)}
keys = st.integers(0, 2**64 - 1).map(np.uint64)
steps = st.integers(0, 2**63 - 1)


def filled(fill, key, step, n):
    out = np.full(n, np.nan)
    fill(key, step, out)
    return out


def sample(kind, key=KEY, step=0, n=N):
    return filled(DRAWS[kind][1], key, step, n)


@pytest.mark.parametrize("kind", DRAWS)
@settings(max_examples=30)
@given(key=keys, step=steps, n=st.integers(0, 700))
def test_fill_gives_the_bits_of_the_scalar_draw(kind, key, step, n):
    one, fill = DRAWS[kind]
    assert filled(fill, key, step, n).tolist() == [one(key, step, i) for i in range(n)]


@pytest.mark.parametrize("kind", DRAWS)
@given(n=st.integers(0, 600), m=st.integers(0, 600))
def test_a_longer_vector_begins_with_the_shorter(kind, n, m):
    n, m = sorted((n, m))
    assert np.array_equal(sample(kind, n=n), sample(kind, n=m)[:n])


def test_uniform_is_the_53_leading_bits_of_threefry():
    key, step, index = int(KEY), (5 << 32) + 7, 11
    a, b = threefry2x32(key & 0xFFFFFFFF, (key >> 32) ^ 5, 7, 11)
    bits = (a >> 5) * 2**26 + (b >> 6)
    assert uniform(KEY, step, index) == bits / 2**53


def test_steps_beyond_32_bits_do_not_repeat():
    first = sample("uniform", step=3)
    for step in (3 + 2**32, 3 + 2**33, 3 + 2**62):
        assert not np.any(first == sample("uniform", step=step))


def test_uniform_has_the_law_of_a_uniform():
    u = sample("uniform")
    assert u.min() >= 0 and u.max() < 1
    # Five standard errors of the mean and of the variance (kurtosis 1.8).
    assert abs(u.mean() - 0.5) < 5 * math.sqrt(1 / 12 / N)
    assert abs(u.var() - 1 / 12) < 5 / 12 * math.sqrt(0.8 / N)
    assert stats.kstest(u, "uniform").pvalue > 1e-4


def test_normal_has_the_law_of_a_normal():
    z = sample("normal")
    for power, moment in enumerate((1, 0, 1, 0, 3, 0, 15)):
        # Five standard errors; the variance of z**k is E z**2k - (E z**k)**2, E z**2k = (2k - 1)!!.
        spread = math.sqrt(special.factorial2(2 * power - 1) - moment**2) if power else 0.0
        assert abs(np.mean(z**power) - moment) <= 5 * spread / math.sqrt(N)
    assert stats.kstest(z, "norm").pvalue > 1e-4


@given(st.floats(2.0**-53, 0.5, exclude_max=True))
def test_normal_quantile_equals_scipys_and_is_odd(p):
    # 1e-14: scipy's own error; ours is below 1e-15 against 40 digits.
    assert normal_quantile(p - 0.5) == pytest.approx(special.ndtri(0.5 + (p - 0.5)), rel=1e-14)
    assert normal_quantile(0.5 - p) == -normal_quantile(p - 0.5)


@pytest.mark.parametrize("kind", DRAWS)
def test_neighbouring_steps_indices_and_purposes_are_uncorrelated(kind):
    z = sample(kind)
    others = {
        "next index": np.roll(z, 1),
        "next step": sample(kind, step=1),
        "other purpose": sample(kind, key=stream_key(1, "test", "other")),
        "other entity": sample(kind, key=stream_key(1, "entity", "draws")),
        "next seed": sample(kind, key=stream_key(2, "test", "draws")),
        "step 2**32": sample(kind, step=2**32),
    }
    for name, other in others.items():
        assert abs(np.corrcoef(z, other)[0, 1]) < 5 / math.sqrt(N), name


def test_streams_of_different_purposes_share_no_number():
    streams = [sample("uniform", key=stream_key(1, "E", p), n=10_000) for p in ("xi", "rand", "poisson", "v")]
    # 4e4 numbers of 2**53: an accidental repeat has probability 1e-7.
    assert np.unique(np.concatenate(streams)).size == 40_000


def gaps(p, n=40_000, step=4):
    out = np.zeros(n, dtype=np.int64)
    fill_gaps(KEY, step, p, out)
    return out


@pytest.mark.parametrize("p", [0.9, 0.3, 0.015, 1e-5])
def test_gap_has_the_law_of_a_bernoulli_process(p):
    found = gaps(p)
    assert found.min() >= 1
    # Geometric law: mean 1/p, variance (1 - p)/p**2; five standard errors. P(gap = 1) = p likewise.
    assert abs(found.mean() - 1 / p) < 5 * math.sqrt((1 - p) / found.size) / p
    assert abs(np.mean(found == 1) - p) < 5 * math.sqrt(p * (1 - p) / found.size) + 1 / found.size


@pytest.mark.parametrize("p", [0.9, 0.3, 0.015, 1e-5])
def test_gap_inverts_the_geometric_distribution(p):
    u = sample("uniform", step=4)
    assert (
        np.mean(gaps(p, N) == 1 + np.floor(np.log(1 - u) / math.log1p(-p))) > 1 - 1e-4
    )  # but for the last bit


@given(st.floats(2.0**-53, 1.0))
def test_the_logarithm_of_gaps_is_that_of_the_mathematical_library(x):
    assert _logarithm.py_func(np.float64(x)) == pytest.approx(math.log(x), rel=5e-16, abs=0)


def test_gap_at_the_ends_of_the_range():
    assert set(gaps(1.0, 9)) == {1} and set(gaps(0.0, 9)) == {NEVER}
    for p in (5e-324, 1e-300, 1e-18, 1 - 2.0**-53):
        assert gaps(p).min() >= 1 and gaps(p).max() <= NEVER


@njit
def _from_compiled_code(key, step, out):
    fill_normal(key, step, out)
    found = np.zeros(out.size, dtype=np.int64)
    fill_gaps(key, step, 0.1, found)
    for i in range(out.size):
        out[i] += uniform(key, step, i) + normal(key, step, i) + found[i]


def test_draws_are_callable_from_compiled_code_with_the_same_bits():
    out = np.empty(50)
    _from_compiled_code(KEY, 9, out)
    found = np.zeros(50, dtype=np.int64)
    fill_gaps(KEY, 9, 0.1, found)
    expected = [normal(KEY, 9, i) + (uniform(KEY, 9, i) + normal(KEY, 9, i) + found[i]) for i in range(50)]
    assert out.tolist() == expected
