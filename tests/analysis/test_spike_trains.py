"""Measures of spike trains against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosim.analysis.spike_trains import (
    interspike_intervals,
    interval_variation,
    smoothed_rate,
    triggered_average,
)
from neurosim.errors import DescriptionError
from neurosim.rng import generator


def test_intervals_belong_to_one_neuron_each():
    times, ids = [1.0, 2.0, 4.0, 3.0, 8.0, 9.0], [0, 1, 0, 1, 0, 2]
    intervals, neurons = interspike_intervals(times, ids)
    assert intervals.tolist() == [3.0, 4.0, 1.0] and neurons.tolist() == [0, 0, 1]


@given(st.permutations(range(8)))
def test_the_order_of_spikes_does_not_matter(order):
    times, ids = np.array([1.0, 2, 4, 3, 8, 9, 9.5, 12]), np.array([0, 1, 0, 1, 0, 2, 1, 2])
    assert all(
        np.array_equal(a, b)
        for a, b in zip(
            interspike_intervals(times, ids), interspike_intervals(times[order], ids[order]), strict=True
        )
    )


def test_a_regular_train_does_not_vary_and_a_poisson_train_by_one():
    regular = np.arange(20.0)
    poisson = np.cumsum(generator(0, "poisson").exponential(size=20_000))
    cv, neurons = interval_variation(
        np.concatenate([regular, poisson, [1.0, 2.0]]), [3] * 20 + [5] * 20_000 + [7] * 2
    )
    assert neurons.tolist() == [3, 5]
    # The standard error of the CV of n exponential intervals is 1/sqrt(n).
    assert cv == pytest.approx([0.0, 1.0], abs=3 / np.sqrt(20_000))


def test_a_steady_train_has_its_rate_up_to_both_ends():
    times = np.arange(0.0005, 1, 0.001)  # 1000 spikes in a second
    t, rate = smoothed_rate(np.tile(times, 4), size=4, start=0.0, stop=1.0, width=0.02)
    assert len(t) == 500 and rate == pytest.approx(np.full(500, 1000.0), rel=1e-2)


def test_one_spike_is_a_gaussian_of_area_one():
    t, rate = smoothed_rate([0.5], size=1, start=0.0, stop=1.0, width=0.02)
    step = t[1] - t[0]
    assert rate.sum() * step == pytest.approx(1.0, rel=1e-3)
    assert rate.max() == pytest.approx(1 / (0.02 * np.sqrt(2 * np.pi)), rel=1e-2)
    assert abs(t[rate.argmax()] - 0.5) <= step


def test_the_average_around_events_finds_a_kernel():
    times = np.arange(0, 100, 0.5)
    events = [20.0, 50.0, 80.0]
    values = sum(np.exp(-((times - event) ** 2)) for event in events)[:, None] * [1.0, 2.0]
    lags, mean, count = triggered_average([1.0, *events], times, values, before=5, after=2)
    assert count == 3 and lags[0] == -5 and lags[-1] == 2 and len(lags) == 15
    assert np.allclose(mean, np.exp(-(lags**2))[:, None] * [1.0, 2.0], atol=1e-8)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(DescriptionError, match="two lists of one length"):
        interspike_intervals([1.0, 2.0], [0])
    with pytest.raises(DescriptionError, match="each must be positive"):
        smoothed_rate([1.0], size=1, start=0, stop=0, width=0.1)
    with pytest.raises(DescriptionError, match="take a shorter window"):
        triggered_average([5.0], np.arange(10.0), np.zeros((10, 1)), before=8, after=0)
    with pytest.raises(DescriptionError, match="evenly spaced"):
        triggered_average([1.0], [0.0, 1.0, 3.0], np.zeros((3, 1)), before=1, after=1)
