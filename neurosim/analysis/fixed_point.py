"""Fixed points of a map, with a report of how they were reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import DescriptionError, RunFailed


@dataclass(frozen=True)
class FixedPoint:
    """Where a search for x = f(x) ended.

    Fields:
        value: x, of the shape of the start.
        residual: max |f(x) - x|.
        steps: evaluations of f after the first.
        converged: whether the residual is within the tolerance.
        residuals: the residual at each step, shape (steps + 1,).
    """

    value: NDArray[np.float64]
    residual: float
    steps: int
    converged: bool
    residuals: tuple[float, ...]


def fixed_point(
    function: Callable[[NDArray[np.float64]], ArrayLike],
    start: ArrayLike,
    damping: float = 0.0,
    tolerance: float = 1e-10,
    at_most: int = 10_000,
) -> FixedPoint:
    """Return the fixed point that x <- damping*x + (1 - damping)*f(x) reaches from a start.

    Arguments:
        function: f, which keeps the shape of its argument.
        start: x_0.
        damping: from 0 up to, but not including, 1.
        tolerance: of max |f(x) - x|.
        at_most: the largest number of steps.

    Raises DescriptionError when an argument is out of range or f changes the shape, RunFailed when f is not finite.
    """
    if not 0 <= damping < 1:
        raise DescriptionError(f"fixed_point: damping = {damping}: give a number from 0 up to 1")
    if not tolerance >= 0 or at_most < 0:
        raise DescriptionError(
            f"fixed_point: tolerance = {tolerance}, at_most = {at_most}: give none below 0"
        )
    x = np.array(start, dtype=float)
    residuals: list[float] = []
    while True:
        new = np.asarray(function(x), dtype=float)
        if new.shape != x.shape:
            raise DescriptionError(f"fixed_point: f gives shape {new.shape} for {x.shape}: keep the shape")
        if not np.all(np.isfinite(new)):
            raise RunFailed(
                f"fixed_point: f(x) is not finite after {len(residuals)} steps: start nearer to it, or increase damping"
            )
        residuals.append(float(np.abs(new - x).max(initial=0.0)))
        if residuals[-1] <= tolerance or len(residuals) > at_most:
            return FixedPoint(
                x, residuals[-1], len(residuals) - 1, residuals[-1] <= tolerance, tuple(residuals)
            )
        x = damping * x + (1 - damping) * new
