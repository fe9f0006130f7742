"""The pieces in which a run is taken, and what an engine samples in each."""

from __future__ import annotations

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.engines import requests

Piece = tuple[np.ndarray, ...]
"""Columns of equal length: steps (n,), then the units that spiked (n,), and values at spikes (n, width) where they are
asked for; or the values sampled (n, width). Units are in the order of the engine."""

BYTES = 1 << 22
SLOW = 0.5
"""A piece of work that takes longer (s) is followed by shorter ones, so that an interrupt is taken soon."""


def paced(size: int, seconds: float, pace: int) -> int:
    """Return the size of the next piece, after one that took so long: of a quarter of a second if it was slow."""
    if seconds > SLOW:
        return max(1, int(size * SLOW / (2 * seconds)))
    return 2 * pace if seconds < SLOW / 4 and size == pace else pace


def room(equations: NetworkEquations, most: int) -> int:
    """Return for how many steps, `most` at most, a call may record: samples of 4 MB, or one step."""
    sampled = [recorder for recorder in equations.probes if not recorder.spikes]
    each = sum(
        len(recorder.indices)
        if recorder.indices is not None
        else requests.width(equations, recorder.target, recorder.variable)
        for recorder in sampled
    )
    return int(np.clip(BYTES // (8 * max(each, 1)), 1, most))
