"""Small compiled functions that generated programs call."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, inline="always")
def clip(x, low, high):  # type: ignore[no-untyped-def]
    """Return x held between low and high."""
    return min(max(x, low), high)


@njit(cache=True, nogil=True, inline="always")
def sign(x):  # type: ignore[no-untyped-def]
    """Return -1.0, 0.0 or 1.0."""
    return float((x > 0) - (x < 0))


@njit(cache=True, nogil=True)
def exprel(x):  # type: ignore[no-untyped-def]
    """Return (exp(x) - 1)/x, 1 at 0."""
    return 1.0 if abs(x) < 1e-16 else math.expm1(x) / x


@njit(cache=True, nogil=True)
def diagonal(a):  # type: ignore[no-untyped-def]
    """Return the diagonal matrix of a column (n, 1), or the column of a matrix's diagonal."""
    if a.shape[1] == 1:
        full = np.zeros((a.shape[0], a.shape[0]), a.dtype)
        for i in range(a.shape[0]):
            full[i, i] = a[i, 0]
        return full
    column = np.zeros((a.shape[0], 1), a.dtype)
    for i in range(a.shape[0]):
        column[i, 0] = a[i, i]
    return column
