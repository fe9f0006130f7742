"""Comparing two conditions over the same seeds: difference, effect size, interval and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from neurosim.errors import DescriptionError


@dataclass(frozen=True)
class Paired:
    """How two conditions differ, over pairs (seeds).

    Without any spread the interval has no width and the effect is infinite, or 0 if there is no difference.

    Fields:
        n: number of pairs.
        difference: mean of a - b.
        low, high: its confidence interval (Student's t).
        effect: Hedges' g_z: mean over standard deviation of the differences, times 1 - 3/(4 (n - 1) - 1).
        p: of the paired t test, two-sided.
        p_signs: of the exact sign-flip test, two-sided, at least 2/2**n.
    """

    n: int
    difference: float
    low: float
    high: float
    effect: float
    p: float
    p_signs: float

    @property
    def below(self) -> bool:
        """Whether the whole interval lies below 0: a is less than b."""
        return self.high < 0

    @property
    def above(self) -> bool:
        """Whether the whole interval lies above 0: a is greater than b."""
        return self.low > 0

    def __str__(self) -> str:
        return (
            f"{self.difference:+.3g} (95 % CI {self.low:+.3g} to {self.high:+.3g}, g {self.effect:+.2f}, "
            f"p {self.p:.2g}, n {self.n})"
        )


def paired(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Paired:
    """Compare a with b, each with one value per seed.

    Arguments:
        a, b: shape (n,), n from 2 to 20, with pairs in the same order.
        confidence: of the interval, in (0, 1).

    Raises DescriptionError for other shapes or values that are not finite.
    Source: Hedges 1981, J. Educ. Stat. 6:107, doi:10.3102/10769986006002107 (correction of the effect size).
    """
    one, two = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if one.ndim != 1 or one.shape != two.shape or not 2 <= one.size <= 20:
        raise DescriptionError(f"paired: a {one.shape}, b {two.shape}; give two lists of 2 to 20 values")
    if not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise DescriptionError("paired: values are not finite; leave those seeds out of both")
    if not 0 < confidence < 1:
        raise DescriptionError(f"paired: confidence = {confidence}: give a number between 0 and 1")
    d = one - two
    n, mean, spread = d.size, float(d.mean()), float(d.std(ddof=1))
    error = spread / np.sqrt(n)
    half = float(stats.t.ppf(0.5 + confidence / 2, n - 1)) * error
    # For two pairs the correction is 0: their spread says nothing about the effect.
    correction = 1 - 3 / (4 * (n - 1) - 1)
    if spread > 0:
        effect, p = correction * mean / spread, 2 * float(stats.t.sf(abs(mean) / error, n - 1))
    else:
        effect, p = (0.0, 1.0) if mean == 0 else (float(np.copysign(np.inf, mean)), 0.0)
    return Paired(n, mean, mean - half, mean + half, effect, p, _sign_flips(d))


def _sign_flips(d: np.ndarray) -> float:
    """Return the share of all choices of signs whose mean is at least as far from 0."""
    every = {"permutation_type": "samples", "n_resamples": np.inf, "batch": 4096}
    return float(stats.permutation_test((d,), np.mean, vectorized=True, **every).pvalue)
