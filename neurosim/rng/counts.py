"""Quantiles of the Poisson and the binomial distribution: with a uniform number, one draw of a count.

Up to `LARGE` expected events the cumulative distribution is summed, which is exact. Above, the quantile is that of the
normal distribution with the corrections for skewness, kurtosis (Cornish-Fisher) and whole numbers, rounded; its mean
and variance are then right to 1e-4 of the standard deviation.
"""

from __future__ import annotations

import math

import numpy as np

from neurosim.cache import jit
from neurosim.rng.normal import normal_quantile

LARGE = 40.0


@jit()
def poisson_quantile(u: float, mean: float) -> float:
    """Return the least k with P(K <= k) > u, K the number of events of a Poisson process; 0 for a mean below 0.

    Arguments:
        u: from 0, below 1; no number (NaN) has a value for any other.
        mean: expected number of events.
    """
    if not 0.0 <= u < 1.0:
        return math.nan
    if not 0.0 < mean < math.inf:
        return max(mean, 0.0) if mean == mean else mean
    if mean > LARGE:
        return rounded_normal(u, mean, math.sqrt(mean), 1.0 / math.sqrt(mean), 1.0 / mean)
    k, p = 0.0, math.exp(-mean)
    total = p
    while u >= total and (p > 1e-18 or k < mean):
        k += 1.0
        p *= mean / k
        total += p
    return k


@jit()
def binomial_quantile(u: float, n: float, p: float) -> float:
    """Return the least k with P(K <= k) > u, K the number of successes in n trials; p is taken within [0, 1].

    Arguments:
        u: from 0, below 1; no number (NaN) has a value for any other.
        n: number of trials.
        p: probability of success of each.
    """
    if n != n or p != p or not 0.0 <= u < 1.0:
        return math.nan
    n = np.floor(max(n, 0.0))
    if n == math.inf:
        return n if p > 0.0 else 0.0
    if p > 0.5:
        return n - _less_likely(max(1.0 - u - 2.0**-53, 0.0), n, max(1.0 - p, 0.0))
    return _less_likely(u, n, max(p, 0.0))


@jit()
def _less_likely(u: float, n: float, p: float) -> float:
    if n * p > LARGE:
        sd = math.sqrt(n * p * (1.0 - p))
        found = rounded_normal(u, n * p, sd, (1.0 - 2.0 * p) / sd, (1.0 - 6.0 * p * (1.0 - p)) / sd**2)
        return min(found, n)
    k, chance = 0.0, math.exp(n * math.log1p(-p))
    total = chance
    while u >= total and k < n and (chance > 1e-18 or k < n * p):
        chance *= (n - k) / (k + 1.0) * (p / (1.0 - p))
        k += 1.0
        total += chance
    return k


@jit()
def rounded_normal(u: float, mean: float, sd: float, skewness: float, kurtosis: float) -> float:
    """Return the quantile of a law of whole numbers from 0 by its mean, deviation, skewness, excess kurtosis."""
    z = normal_quantile(min(max(u, 2.0**-54), 1.0 - 2.0**-53) - 0.5)
    x = z + skewness * (z * z - 1.0) / 6.0 + kurtosis * (z**3 - 3.0 * z) / 24.0
    x -= skewness**2 * (2.0 * z**3 - 5.0 * z) / 36.0 + z / (24.0 * sd * sd)
    return float(max(np.floor(mean + sd * x + 0.5), 0.0))
