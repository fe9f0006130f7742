"""Errors of whitening, and how near weights are to a basis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from neurosim.analysis.gains import whitened_covariance

Array = NDArray[np.float64]


def eigenvalues(frames: Array, gains: Array, covariances: Array) -> Array:
    """Return the eigenvalues of the output's covariance (..., N), 1 where it is white; arguments as for one circuit."""
    found: Array = np.asarray(np.linalg.eigvalsh(whitened_covariance(frames, gains, covariances)))
    return found


def operator_error(frames: Array, gains: Array, covariances: Array) -> Array:
    """Return max |l_i - 1| (...), l eigenvalues of the output's covariance: its distance from 1 in the operator norm.

    Arguments: frames, W (..., N, K); gains, g (..., K); covariances of the input (..., N, N).
    """
    found: Array = np.abs(eigenvalues(frames, gains, covariances) - 1).max(axis=-1)
    return found


def first_below(errors: Array, threshold: float) -> Array:
    """Return the first row of errors (updates, copies) below a threshold, (copies,), infinite where there is none."""
    below = errors < threshold
    return np.where(below.any(axis=0), below.argmax(axis=0), np.inf)


def alignment(weights: Array, basis: Array) -> float:
    """Return the mean |cos| between columns of weights (N, K) and of a basis (N, K), paired as fits best."""
    unit = (x / np.linalg.norm(x, axis=0) for x in (weights, basis))
    first, second = unit
    cosines = np.abs(first.T @ second)
    return float(cosines[linear_sum_assignment(-cosines)].mean())


def apart(weights: Array, basis: Array) -> float:
    """Return the least |W - V| over orders and signs of columns, both (N, K), in the Frobenius norm."""
    near = np.minimum(*(((weights[:, :, None] - sign * basis[:, None]) ** 2).sum(axis=0) for sign in (1, -1)))
    return float(np.sqrt(near[linear_sum_assignment(near)].sum()))


def subspace_error(weights: Array) -> Array:
    """Return |P - diag(1, 1, 0)|^2 (...), P the projector on the rows of weights (..., 2, 3)."""
    _, _, rows = np.linalg.svd(weights, full_matrices=False)
    projector = np.swapaxes(rows, -1, -2) @ rows
    found: Array = ((projector - np.diag([1.0, 1.0, 0.0])) ** 2).sum(axis=(-1, -2))
    return found
