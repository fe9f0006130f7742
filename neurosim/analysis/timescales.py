"""Intrinsic timescales: decays of autocorrelations."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.optimize import OptimizeWarning, curve_fit

from neurosim.errors import DescriptionError

Vector = NDArray[np.float64]
Bounds = tuple[Sequence[float], Sequence[float]]
SHORTEST, LONGEST, APART = 1e-2, 100.0, 1.5


@dataclass(frozen=True)
class Timescale:
    """Timescale of an autocorrelation.

    Fields:
        tau: the slowest time constant of the chosen model, in lags; not a number if none can be fitted.
        taus: all time constants of the chosen model, in lags, the slowest last.
        weights: their shares, which sum to 1.
    """

    tau: float
    taus: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()


def autocorrelation(activity: ArrayLike, lags: int) -> Vector:
    """Return the autocorrelation of one signal, mean over trials.

    A(k) = mean over trials of sum_t x(t) x(t + k)/(T - k), x less its mean in the trial, over A(0).

    Arguments:
        activity: shape (trials, T).
        lags: the longest lag, below T.

    Returns A, shape (lags + 1,); not a number where the signal does not vary.
    Raises DescriptionError for another shape or too long a lag.
    """
    x = np.asarray(activity, np.float64)
    if x.ndim != 2 or not 0 <= lags < x.shape[1]:
        raise DescriptionError(
            f"autocorrelation: activity {x.shape} and lags = {lags}: give (trials, T) and a lag below T"
        )
    x = x - x.mean(1, keepdims=True)
    steps = x.shape[1]
    # Zeros behind keep the two ends apart.
    power = np.abs(rfft(x, next_fast_len(steps + lags, real=True), axis=1)) ** 2
    found = irfft(power, next_fast_len(steps + lags, real=True), axis=1)[:, : lags + 1]
    mean = (found / (steps - np.arange(lags + 1))).mean(0)
    return np.asarray(mean / mean[0] if mean[0] > 0 else np.full(lags + 1, np.nan))


def intrinsic_timescale(correlation: ArrayLike, least_share: float = 0.01) -> Timescale:
    """Return the timescale of an autocorrelation, of the better of one exponential decay and the sum of two.

    A(k) = a exp(-k/tau), or a (c exp(-k/tau_1) + (1 - c) exp(-k/tau_2)); the better has the lower
    AIC = 2 n + m ln(RSS/m), n = 2 or 4 parameters, m lags, RSS the sum of squared residuals. Residuals of an
    autocorrelation are correlated, so that AIC alone often finds a second, slow component of no weight in a single
    decay: two components count only if c (1 - c) is above a share, one is more than 1.5 times as slow as the other, and
    neither is at a bound.

    Arguments:
        correlation: A from lag 0, shape (lags + 1,), at least five.
        least_share: the least c (1 - c) of two components.

    Time constants below 0.1 lags, or at the bound of 100 lags, count as not found.
    Raises DescriptionError for another shape.
    Source: Khajehabdollahi, Zeraati, Giannakakis, Schäfer, Martius, Levina 2024, ICLR, arXiv 2309.12927, without the
    conditions on two components.
    """
    measured = np.asarray(correlation, np.float64)
    if measured.ndim != 1 or measured.size < 5:
        raise DescriptionError(f"intrinsic_timescale: correlation {measured.shape}: give at least five lags")
    if not np.isfinite(measured).all():
        return Timescale(np.nan)
    k = np.arange(measured.size, dtype=float)
    # The time by which the correlation has first fallen to 1/e is where to begin.
    fallen = np.flatnonzero(measured < measured[0] / np.e)
    guess = float(np.clip(fallen[0] if fallen.size else measured.size, 0.3, 50))
    one = _fitted(_single, _slope_of_single, k, measured, (0.9, guess), ([0, SHORTEST], [1, LONGEST]))
    two = _fitted(
        _double,
        _slope_of_double,
        k,
        measured,
        (0.9, 0.5, guess / 2, 2 * guess),
        ([0, 0, SHORTEST, SHORTEST], [1, 1, LONGEST, LONGEST]),
    )
    chosen = []
    if one is not None and _inside(one[0][1]):
        chosen.append((_aic(one[1], 2, k.size), Timescale(float(one[0][1]), (float(one[0][1]),), (1.0,))))
    if two is not None:
        _, c, first, second = map(float, two[0])
        if c * (1 - c) > least_share and _inside(first) and _inside(second):
            (fast, share), (slow, rest) = sorted(((first, c), (second, 1 - c)))
            if slow > APART * fast:
                chosen.append((_aic(two[1], 4, k.size), Timescale(slow, (fast, slow), (share, rest))))
    return min(chosen, key=lambda one: one[0])[1] if chosen else Timescale(np.nan)


def _single(k: Vector, a: float, tau: float) -> Vector:
    return a * np.exp(-k / tau)


def _double(k: Vector, a: float, c: float, first: float, second: float) -> Vector:
    return a * (c * np.exp(-k / first) + (1 - c) * np.exp(-k / second))


def _slope_of_single(k: Vector, a: float, tau: float) -> Vector:
    decay = np.exp(-k / tau)
    return np.stack([decay, a * decay * k / tau**2], axis=1)


def _slope_of_double(k: Vector, a: float, c: float, first: float, second: float) -> Vector:
    one, two = np.exp(-k / first), np.exp(-k / second)
    return np.stack(
        [
            c * one + (1 - c) * two,
            a * (one - two),
            a * c * one * k / first**2,
            a * (1 - c) * two * k / second**2,
        ],
        axis=1,
    )


def _fitted(
    model: Callable[..., Vector],
    slope: Callable[..., Vector],
    k: Vector,
    measured: Vector,
    guess: Sequence[float],
    bounds: Bounds,
) -> tuple[Vector, float] | None:
    """Return (parameters, sum of squared residuals), None where no fit is found."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # the covariance is of no interest
            found, _ = curve_fit(model, k, measured, guess, bounds=bounds, jac=slope)
    except RuntimeError:
        return None
    return found, float(((measured - model(k, *found)) ** 2).sum())


def _inside(tau: float) -> bool:
    # A tenth of a lag decays to exp(-10) in one: what is shorter cannot be told from no correlation.
    return 10 * SHORTEST < tau < 0.99 * LONGEST


def _aic(rss: float, parameters: int, lags: int) -> float:
    return 2 * parameters + lags * float(np.log(max(rss, 1e-300) / lags))
