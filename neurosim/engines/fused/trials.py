"""Compiled functions of matrices (units, trials), which means over trials are written in (see `Contraction`)."""

from __future__ import annotations

import numpy as np

from neurosim.cache import jit


@jit()
def outer(a, b, weights):  # type: ignore[no-untyped-def]
    """Return the sum over trials t of weights_t a_t b_t.T, shape (rows of a, rows of b)."""
    left = np.ascontiguousarray(b)
    right = np.empty((a.shape[1], a.shape[0]), a.dtype)
    for t in range(a.shape[1]):
        for i in range(a.shape[0]):
            right[t, i] = a[i, t] * weights[t]
    # So turned, the result lies in memory as the weights do: by source.
    return np.dot(left, right).T


@jit()
def across(a, weights):  # type: ignore[no-untyped-def]
    """Return the sum over trials t of weights_t a_t, shape (rows, 1)."""
    found = np.zeros((a.shape[0], 1), a.dtype)
    for i in range(a.shape[0]):
        for t in range(a.shape[1]):
            found[i, 0] += weights[t] * a[i, t]
    return found


@jit()
def total(a):  # type: ignore[no-untyped-def]
    """Return the sum over the units of each trial, shape (1, trials)."""
    found = np.zeros((1, a.shape[1]), a.dtype)
    for i in range(a.shape[0]):
        for t in range(a.shape[1]):
            found[0, t] += a[i, t]
    return found


@jit()
def average(a):  # type: ignore[no-untyped-def]
    """Return the mean over the units of each trial, shape (1, trials)."""
    return total(a) / a.shape[0]


@jit()
def highest(a):  # type: ignore[no-untyped-def]
    """Return the largest value of the units of each trial, shape (1, trials)."""
    found = np.full((1, a.shape[1]), -np.inf)
    for i in range(a.shape[0]):
        for t in range(a.shape[1]):
            found[0, t] = max(found[0, t], a[i, t])
    return found


@jit()
def whole(a):  # type: ignore[no-untyped-def]
    """Return an array rounded towards 0; true is 1, false 0."""
    return np.trunc(1.0 * a)
