"""Functions of equations that numpy lacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurosim.rng import counts


def clip(x: Any, low: Any, high: Any) -> Any:
    """Return min(max(x, low), high), NaN where any of them is."""
    return np.minimum(np.maximum(x, low), high)


def whole(x: Any) -> Any:
    """Return x without its fraction, of a condition 1 or 0: numpy leaves a condition as it is, which has no minus."""
    return np.trunc(np.asarray(x, dtype=float))


def poisson_quantile(u: Any, mean: Any) -> Any:
    """Return the least k with P(K <= k) > u, K a Poisson number."""
    with np.errstate(invalid="ignore"):
        return np.vectorize(counts.poisson_quantile, otypes=[float])(u, mean)


def binomial_quantile(u: Any, n: Any, p: Any) -> Any:
    """Return the least k with P(K <= k) > u, K a binomial number."""
    with np.errstate(invalid="ignore"):
        return np.vectorize(counts.binomial_quantile, otypes=[float])(u, n, p)


def softplus(x: Any) -> Any:
    """Return log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
