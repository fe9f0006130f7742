"""Measures of tuning curves on curves whose answers are known."""

import numpy as np
import pytest

from neurosim.analysis.tuning import (
    covariance,
    distance,
    normalised,
    preferred_orientations,
    repulsion,
    variation,
)

SHOWN = -90 + 180 * np.arange(90) / 90
PREFERRED = np.array([-60.0, -20.0, 20.0, 88.0])


def bumps(at, height=1.0):
    return height * np.exp(3 * (np.cos(2 * np.deg2rad(SHOWN - np.asarray(at)[:, None])) - 1))


def test_preferred_orientations_are_the_centres_of_bumps():
    np.testing.assert_allclose(preferred_orientations(5 + bumps(PREFERRED), SHOWN), PREFERRED, atol=1e-9)


def test_repulsion_is_positive_away_from_the_adapter_on_both_sides_and_across_the_period():
    moved = PREFERRED + np.array([-2.0, 3.0, 4.0, 5.0])
    # The second turns towards 0; the last goes over 90 and is still on its way out.
    np.testing.assert_allclose(
        repulsion(bumps(PREFERRED), bumps(moved, 0.5), SHOWN, PREFERRED), [2, -3, 4, 5], atol=1e-9
    )


def test_curves_are_normalised_by_those_before():
    before = 2 + 3 * np.array([[0.0, 1.0, 0.5]])
    np.testing.assert_allclose(normalised(before, before), [[0, 1, 0.5]])
    np.testing.assert_allclose(normalised(before, before + 3), [[1, 2, 1.5]])


def test_covariance_and_variation_are_those_of_samples():
    rng = np.random.default_rng(0)
    curves, counts = rng.normal(size=(3, 5)), np.array([4, 1, 2, 3, 2])
    samples = np.repeat(curves, counts, axis=1)
    np.testing.assert_allclose(covariance(curves, counts / 12), np.cov(samples, bias=True), atol=1e-12)
    means = np.abs(samples).mean(axis=1)
    assert variation(np.abs(curves), counts / 12) == pytest.approx(means.std() / means.mean())
    assert distance(3 * np.eye(2), np.eye(2)) == pytest.approx(2)
