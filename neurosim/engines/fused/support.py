"""Small compiled functions that generated programs call."""

from __future__ import annotations

import math

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
