"""What a call of a simulation's loop has recorded, from the rows that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations, Probe
from neurosim.engines.jax.loop import interval
from neurosim.engines.pieces import Piece


def taken(equations: NetworkEquations, rows: Mapping[str, Any], first: int, steps: int) -> dict[str, Piece]:
    """Return what was recorded in the steps that follow `first`, by 'target.variable'; rows, as the loop gives them."""
    return {r.key: _taken(r, np.asarray(rows[r.key]), first, steps) for r in equations.probes}


def _taken(recorder: Probe, rows: np.ndarray, first: int, steps: int) -> Piece:
    at = np.arange(first, first + steps, dtype=np.int64) + recorder.after
    at = at[at % interval(recorder) == 0]
    values = np.array(rows[: len(at)])
    if not recorder.spikes:
        return at, values
    row, column = np.nonzero(values[:, 0] if recorder.values else values)
    ids = column if recorder.indices is None else np.array(recorder.indices)[column]
    found = at[row], ids.astype(np.int32)
    return (*found, values[row, 1:, column].astype(float)) if recorder.values else found
