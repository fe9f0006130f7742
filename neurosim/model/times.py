"""Times that do not lie on the grid of steps: one rule for spike times, delays, and starts and ends."""

from __future__ import annotations

from typing import Any

import numpy as np


def nearest_step(seconds: Any, dt: float) -> np.ndarray:
    """Return times as whole numbers of steps, each the nearest, and the later one of two that are equally near.

    Arguments:
        seconds: times (s), of any shape.
        dt: the time step (s).
    """
    # The small number is what rounding of the quotient leaves of a half, as in 0.35 ms / 0.1 ms.
    return np.floor(np.asarray(seconds) / dt + (0.5 + 1e-9)).astype(np.int64)
