"""Measures of orientation tuning curves, before and after adaptation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def normalised(before: Array, curves: Array) -> Array:
    """Return curves under the affine map that takes the minimum and maximum of each neuron before to 0 and 1.

    Arguments:
        before: responses of each neuron to each stimulus before adaptation, in any unit, shape (N, S).
        curves: those to be normalised, in the same unit, shape (N, S).
    """
    low, high = before.min(axis=1, keepdims=True), before.max(axis=1, keepdims=True)
    scaled: Array = (curves - low) / (high - low)
    return scaled


def preferred_orientations(curves: Array, orientations: Array) -> Array:
    """Return the preferred orientations (degrees, -90 to 90), (N,): half the argument of sum_s (R - min R)^4 exp(2is).

    Arguments:
        curves: R, of each neuron at each stimulus, shape (N, S).
        orientations (degrees): s, of the stimuli, shape (S,).
    """
    weights = (curves - curves.min(axis=1, keepdims=True)) ** 4
    angles: Array = np.rad2deg(np.angle(weights @ np.exp(2j * np.deg2rad(orientations)))) / 2
    return angles


def repulsion(before: Array, after: Array, orientations: Array, preferred: Array) -> Array:
    """Return by how much preferred orientations move away from an adapter at 0 (degrees), (N,); towards it is negative.

    Arguments:
        before, after: responses, shape (N, S).
        orientations (degrees): of the stimuli, shape (S,).
        preferred (degrees): orientations of the neurons, shape (N,), whose sign says on which side of the adapter they
            are.
    """
    moved = preferred_orientations(after, orientations) - preferred_orientations(before, orientations)
    away: Array = ((moved + 90) % 180 - 90) * np.sign(preferred)
    return away


def covariance(curves: Array, probability: Array) -> Array:
    """Return the covariance of responses over stimuli, R diag(p) R.T - m m.T, m = R p, (N, N).

    Arguments:
        curves: R, shape (N, S).
        probability: p, of each stimulus, shape (S,).
    """
    away = curves - (curves @ probability)[:, None]
    found: Array = (away * probability) @ away.T
    return found


def variation(curves: Array, probability: Array) -> float:
    """Return the coefficient of variation over neurons of the mean response, 0 if all respond equally on average.

    Arguments:
        curves: shape (N, S).
        probability: of each stimulus, shape (S,).
    """
    mean = curves @ probability
    return float(np.std(mean) / np.mean(mean))


def distance(matrix: Array, reference: Array) -> float:
    """Return the relative distance |C - C_0|/|C_0| of a matrix from a reference, in the Frobenius norm."""
    return float(np.linalg.norm(matrix - reference) / np.linalg.norm(reference))
