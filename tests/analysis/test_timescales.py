"""Autocorrelations and the timescales that are fitted to them."""

import numpy as np
import pytest
from scipy.signal import lfilter

from neurosim.analysis.timescales import autocorrelation, intrinsic_timescale
from neurosim.errors import DescriptionError

STEPS = 100_000
LAGS = np.arange(31)


def decaying(tau, seed):
    """Return ten series of unit variance whose correlation decays as exp(-k/tau)."""
    a = np.exp(-1 / tau)
    return lfilter([(1 - a * a) ** 0.5], [1, -a], np.random.default_rng(seed).normal(size=(10, STEPS)))


def test_the_autocorrelation_is_the_sum_of_products_that_overlap():
    x = np.random.default_rng(0).normal(size=(2, 7))
    each = []
    for row in x - x.mean(1, keepdims=True):
        each.append([np.sum(row[: 7 - k] * row[k:]) / (7 - k) for k in range(4)])
    wanted = np.mean(each, axis=0)
    np.testing.assert_allclose(autocorrelation(x, 3), wanted / wanted[0], rtol=1e-12)
    assert np.isnan(autocorrelation(np.ones((2, 7)), 3)).all()


@pytest.mark.parametrize("tau", [2.0, 5.0, 10.0])
def test_a_single_decay_has_one_timescale(tau):
    found = [intrinsic_timescale(autocorrelation(decaying(tau, seed), 30)) for seed in (1, 2)]
    for one in found:
        assert one.tau == pytest.approx(tau, rel=0.03)
        assert one.weights[-1] > 0.1  # never a slow component of no weight


def test_two_decays_have_two_timescales_of_which_the_slower_counts():
    found = intrinsic_timescale(autocorrelation(decaying(1.5, 3) + decaying(8.0, 4), 30))
    assert found.tau == found.taus[1] == pytest.approx(8.0, rel=0.06)
    assert found.taus[0] == pytest.approx(1.5, rel=0.1)
    np.testing.assert_allclose(found.weights, 0.5, atol=0.03)


def test_a_slow_component_without_weight_does_not_count_but_for_who_asks_for_it():
    noise = 1e-5 * np.random.default_rng(5).normal(size=31)
    correlation = 0.997 * np.exp(-LAGS / 2) + 0.003 * np.exp(-LAGS / 40) + noise
    assert intrinsic_timescale(correlation).tau == pytest.approx(2.0, rel=0.05)
    assert intrinsic_timescale(correlation, least_share=0.0).tau > 10


def test_exact_decays_are_found_exactly():
    single = intrinsic_timescale(np.exp(-LAGS / 3))
    assert single.tau == pytest.approx(3.0, rel=1e-4)
    double = intrinsic_timescale(0.9 * (0.3 * np.exp(-LAGS / 1.2) + 0.7 * np.exp(-LAGS / 12)))
    assert double.taus == pytest.approx((1.2, 12.0), rel=1e-3) and double.weights[1] == pytest.approx(0.7)


def test_without_a_decay_there_is_no_timescale():
    assert np.isnan(intrinsic_timescale(np.full(31, np.nan)).tau)
    assert np.isnan(intrinsic_timescale(np.ones(31)).tau)  # slower than the longest that can be told
    assert np.isnan(intrinsic_timescale(np.r_[1.0, np.zeros(30)]).tau)  # faster than the shortest
    alternating = np.where(LAGS % 2, -0.9, 1.0)
    assert not intrinsic_timescale(alternating).tau > 1


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(DescriptionError, match=r"autocorrelation: activity \(7,\)"):
        autocorrelation(np.ones(7), 3)
    with pytest.raises(DescriptionError, match="lags = 7"):
        autocorrelation(np.ones((2, 7)), 7)
    with pytest.raises(DescriptionError, match=r"correlation \(4,\): give at least five lags"):
        intrinsic_timescale(np.ones(4))
