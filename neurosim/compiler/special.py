"""Functions of equations that numpy lacks."""

from __future__ import annotations

from typing import Any

import numpy as np


def clip(x: Any, low: Any, high: Any) -> Any:
    """Return min(max(x, low), high), NaN where any of them is."""
    return np.minimum(np.maximum(x, low), high)


def whole(x: Any) -> Any:
    """Return x without its fraction, of a condition 1 or 0: numpy leaves a condition as it is, which has no minus."""
    return np.trunc(np.asarray(x, dtype=float))


def softplus(x: Any) -> Any:
    """Return log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
