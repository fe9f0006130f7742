"""Measures of reaching and holding on paths whose measures are known."""

import numpy as np
import pytest

from neurosim.analysis.reaching import final_errors, holding, reaching
from neurosim.errors import DescriptionError

DT = 0.01
T = np.linspace(0, 1, 101)


def minimum_jerk(target, duration=1.0):
    """A minimum-jerk reach of `duration` seconds from the origin."""
    t = np.linspace(0, 1, 1001)
    s = t**3 * (10 - 15 * t + 6 * t**2)
    return s[None, :, None] * np.array(target)[None, None, :], duration / 1000


def value(found, name):
    assert found[name].unit in ("", "cm", "m/s", "s", "deg", "m/s^3", "N/m") and found[name].text
    return found[name].values


def test_a_minimum_jerk_reach():
    hand, dt = minimum_jerk((0.3, 0.4))
    found = reaching(hand, [[0.3, 0.4]], dt)
    assert value(found, "end_error") == pytest.approx(0, abs=1e-9)
    assert value(found, "mean_error") == pytest.approx(25, rel=0.02)  # symmetric: half of 50 cm
    assert value(found, "peak_speed") == pytest.approx(1.875 * 0.5, rel=1e-3)
    assert value(found, "end_speed") == pytest.approx(0, abs=0.002)
    assert value(found, "straightness") == pytest.approx(1, rel=1e-9)
    assert value(found, "linearity") == pytest.approx(0, abs=1e-9)
    assert value(found, "initial_direction") == pytest.approx(0, abs=1e-5)
    # 720 (A/D^3)^2 D is the least integral of squared jerk, so -ln(720/1.875^2) the least dimensionless one.
    assert value(found, "log_dimensionless_jerk") == pytest.approx(-np.log(720 / 1.875**2), rel=0.01)
    assert value(found, "jerk") == pytest.approx(np.sqrt(720 * 0.25 / 2), rel=0.02)
    # v > 5 % of its peak where 16 s^2 (1-s)^2 > 0.05, s (1-s) > 0.0559
    assert value(found, "movement_time") == pytest.approx(np.sqrt(1 - 4 * 0.0559017), abs=0.003)


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_scales(scale):
    """Distances scale speeds and jerk, and nothing without a unit."""
    rng = np.random.default_rng(0)
    hand = rng.normal(size=(3, 101, 2)).cumsum(1)
    target = rng.normal(size=(3, 2))
    one, other = reaching(hand, target, DT), reaching(scale * hand, scale * target, DT)
    for name, measure in one.items():
        factor = scale if any(unit in measure.unit for unit in ("cm", "m/s")) else 1
        np.testing.assert_allclose(other[name].values, factor * measure.values, rtol=1e-9, err_msg=name)


def test_a_half_circle():
    angle = np.pi * T
    hand = np.stack([1 - np.cos(angle), np.sin(angle)], -1)[None]
    found = reaching(hand, [[2.0, 0.0]], DT)
    assert value(found, "straightness") == pytest.approx(2 / np.pi, rel=1e-3)
    assert value(found, "linearity") == pytest.approx(0.5, rel=1e-3)
    # From rest to full speed within the first step: the hand has gone towards +y, the target lies at +x.
    assert value(found, "initial_direction") == pytest.approx(90 - 180 / 200, abs=0.01)


def test_a_hand_at_rest_has_no_direction():
    found = reaching(np.zeros((1, 10, 2)), [[0.3, 0.4]], DT)
    assert found["end_error"].values == found["mean_error"].values == 50
    for name in ("initial_direction", "straightness", "linearity", "log_dimensionless_jerk"):
        assert np.isnan(found[name].values), name
    assert found["movement_time"].values == found["peak_speed"].values == found["jerk"].values == 0


def test_a_spring_under_load():
    """Its position is F/k (1 - exp(-t/tau)): settled when exp(-t/tau) - exp(-1/tau) < 0.1."""
    tau, k = 0.1, 200.0
    force = np.array([[6.0, 8.0]])
    hand = (force / k)[:, None, :] * (1 - np.exp(-T / tau))[None, :, None]
    found = holding(hand, force, DT)
    assert value(found, "max_deviation") == pytest.approx(5, rel=1e-3)
    assert value(found, "settling_time") == pytest.approx(tau * np.log(10), abs=0.011)
    assert value(found, "steady_error") == pytest.approx(5, rel=2e-3)
    assert value(found, "stiffness") == pytest.approx(k, rel=2e-3)
    still = holding(np.zeros((1, 10, 2)), force, DT)
    assert still["settling_time"].values == 0 and still["stiffness"].values == np.inf


def test_constant_and_variable_error():
    ends = np.array([[0.03, 0.0], [0.01, 0.0], [0.02, 0.01], [0.02, -0.01]])
    found = final_errors(ends, np.zeros((4, 2)))
    assert found["constant"] == pytest.approx(2) and found["variable"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reaching(np.zeros((2, 3, 2)), np.zeros((2, 2)), DT), r"hand has shape \(2, 3, 2\)"),
        (lambda: reaching(np.zeros((2, 9, 2)), np.zeros((3, 2)), DT), r"\(3, 2\)"),
        (lambda: reaching(np.full((1, 9, 2), np.nan), np.zeros((1, 2)), DT), "not finite"),
        (lambda: holding(np.zeros((1, 9, 2)), np.zeros((1, 2)), 0.0), "dt is 0.0"),
        (lambda: final_errors(np.zeros((2, 2)), np.zeros((1, 2))), "final_errors"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, message):
    with pytest.raises(DescriptionError, match=message):
        call()
