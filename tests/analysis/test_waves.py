"""Measures of a travelling wave against its closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosim.analysis.waves import net_speed, swimming_wave
from neurosim.errors import DescriptionError

DT = 0.030


def wave(lag, period=60, joints=5, amplitude=1.0, steps=1000, velocity=(0.03, -0.04), noise=0.0):
    """Return angles and centre of mass of a wave that moves evenly; joint k lags joint k - 1 by `lag`."""
    t = np.arange(steps)[:, None]
    angles = amplitude * np.cos(2 * np.pi * t / period - lag * np.arange(joints))
    angles += 0.2 + noise * np.random.default_rng(0).normal(size=angles.shape)
    return angles, t * DT * np.array(velocity)


@given(
    lag=st.floats(0.05, 3.0) | st.floats(-3.0, -0.05),
    period=st.sampled_from([20, 30, 40, 60, 100]),
    joints=st.integers(2, 14),
    amplitude=st.floats(0.01, 2.0),
)
def test_travelling_wave(lag, period, joints, amplitude):
    measured = swimming_wave(*wave(lag, period, joints, amplitude))
    f, length, limit = 1 / (period * DT), 0.1 * (joints + 1), 2 * math.pi / (joints + 1)
    wavelength = 2 * math.pi / lag * 0.1
    assert measured.frequency == pytest.approx(f, rel=1e-12)
    assert measured.lag == pytest.approx(lag, rel=1e-9)
    assert measured.wavelength == pytest.approx(wavelength / length, rel=1e-9)
    assert measured.wave_speed == pytest.approx(wavelength * f, rel=1e-9)
    assert measured.speed == pytest.approx(0.05, rel=1e-9)
    assert measured.body_lengths_per_cycle == pytest.approx(0.05 / (f * length), rel=1e-9)
    assert measured.speed_over_wave_speed == pytest.approx(0.05 / (wavelength * f), rel=1e-9)
    assert measured.amplitude == pytest.approx([amplitude / limit] * joints, rel=1e-9)


def test_formula_of_the_component_at_a_known_period():
    angles, com = wave(1.7, noise=0.3)
    measured = swimming_wave(angles, com)
    t = np.arange(400, 1000)[:, None]
    component = (angles[400:] * np.exp(-2j * np.pi * t / 60)).mean(axis=0)
    slope = np.polyfit(np.arange(5), np.unwrap(np.angle(component)), 1)[0]
    assert measured.lag == pytest.approx(-slope, rel=1e-9)
    assert measured.amplitude == pytest.approx(2 * np.abs(component) / (2 * np.pi / 6), rel=1e-9)


def test_transient_before_the_window_does_not_count():
    angles, com = wave(1.0)
    angles[:400], com[:400] = 9.0, 9.0
    assert swimming_wave(angles, com) == swimming_wave(*wave(1.0))


def test_period_that_does_not_fit_the_window_is_found_to_its_resolution():
    measured = swimming_wave(*wave(1.0, period=47))
    assert measured.frequency == pytest.approx(1 / (47 * DT), abs=0.5 / (600 * DT))


def test_standing_wave_has_no_finite_length():
    measured = swimming_wave(*wave(0.0))
    assert measured.lag == pytest.approx(0, abs=1e-12)
    assert abs(measured.wavelength) > 1e9


def test_body_at_rest_has_no_rhythm():
    angles = np.full((1000, 5), 0.3)
    measured = swimming_wave(angles, np.zeros((1000, 2)))
    assert measured.amplitude == (0, 0, 0, 0, 0)
    assert measured.speed == 0
    undefined = (measured.frequency, measured.lag, measured.wavelength, measured.body_lengths_per_cycle)
    assert all(math.isnan(value) for value in undefined)


def test_net_speed_is_from_end_to_end():
    path = np.array([[0, 0], [5, 5], [3, 4]])
    assert net_speed(path, 0.5) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"window": (400, 1001)}, "window"),
        ({"window": (600, 600)}, "window"),
        ({"window": (-5, 600)}, "window"),
        ({"angles": np.zeros((1000, 1))}, "2"),
        ({"angles": np.zeros(1000)}, "shape"),
        ({"angles": np.full((1000, 5), np.nan)}, "finite"),
        ({"com": np.zeros((999, 2))}, "999"),
        ({"com": np.zeros((1000, 3))}, "shape"),
        ({"control_dt": 0.0}, "control_dt"),
        ({"joint_limit": -1.0}, "joint_limit"),
        ({"link_length": np.nan}, "link_length"),
    ],
)
def test_bad_input_is_refused_in_one_line(change, word):
    angles, com = wave(1.0)
    with pytest.raises(DescriptionError, match=word) as error:
        swimming_wave(**({"angles": angles, "com": com} | change))
    assert "\n" not in str(error.value)
