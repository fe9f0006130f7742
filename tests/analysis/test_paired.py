"""Paired comparisons over seeds against closed forms and scipy."""

import numpy as np
import pytest
from scipy import stats

from neurosim.analysis.paired import paired
from neurosim.errors import DescriptionError


@pytest.mark.parametrize("n", [2, 5, 12])
def test_interval_and_test_are_those_of_students_t(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(1, 1, n), rng.normal(0, 1, n)
    found, test = paired(a, b, 0.9), stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.9)
    assert (found.n, found.difference, found.p) == (
        n,
        pytest.approx((a - b).mean()),
        pytest.approx(test.pvalue),
    )
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_effect_size_is_corrected_for_the_number_of_pairs():
    """Hedges' correction makes the estimate unbiased: its mean over many samples is the true effect."""
    rng = np.random.default_rng(0)
    effects = [paired(rng.normal(0.8, 1, 6), np.zeros(6)).effect for _ in range(4000)]
    assert np.mean(effects) == pytest.approx(0.8, abs=4 * np.std(effects) / np.sqrt(4000))


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(1)
    found = [paired(rng.normal(0.3, 2, 5), np.zeros(5)) for _ in range(2000)]
    share = np.mean([p.low <= 0.3 <= p.high for p in found])
    assert share == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 2000))


def test_sign_flips():
    found = paired([1, 2, 3, 4, 5], np.zeros(5))
    assert found.p_signs == 2 / 32 and found.above and not found.below
    assert paired(np.zeros(5), [1, 2, 3, 4, 5]).below
    assert paired([1, -1, 2, -2], np.zeros(4)).p_signs == 1
    # 3 - 1 = 2: of the signs of (3, 1), all four sums are at least 2 in size.
    assert paired([3, -1], [0, 0]).p_signs == 1
    assert "n 5" in str(found) and "+3" in str(found)


def test_without_spread():
    equal, shifted = paired([1.0, 2.0], [1.0, 2.0]), paired([2.0, 3.0], [1.0, 2.0])
    assert (equal.effect, equal.p, equal.above, equal.below) == (0, 1, False, False)
    assert (shifted.low, shifted.high, shifted.effect, shifted.p) == (1, 1, np.inf, 0)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1.0], [2.0], "2 to 20"),
        ([1.0, 2.0], [1.0], "2 to 20"),
        ([1.0, np.nan], [1.0, 2.0], "not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(a, b, message):
    with pytest.raises(DescriptionError, match=message):
        paired(a, b)
    with pytest.raises(DescriptionError, match="confidence = 1"):
        paired([1, 2], [1, 2], 1)
