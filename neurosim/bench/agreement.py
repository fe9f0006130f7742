"""Do two runs of one network agree: spikes one by one, final states relative to their size."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurosim.bench.program import Arrays


def compare(ours: Arrays, theirs: Arrays) -> dict[str, Any]:
    """Return what two results have in common.

    spikes, number of theirs; identical, whether both hold the same (step, neuron) pairs; parted_at, first step whose
    spikes differ, None if none; error by state, the largest relative difference, |a - b|/(|b| + 1e-6 max|b|);
    mean by state, theirs.
    """
    found: dict[str, Any] = {"spikes": None, "identical": None, "parted_at": None, "error": {}, "mean": {}}
    if "steps" in ours and "steps" in theirs:
        a, b = _pairs(ours), _pairs(theirs)
        found["spikes"], found["identical"] = int(theirs["steps"].size), bool(np.array_equal(a, b))
        found["parted_at"] = None if found["identical"] else _first_difference(a, b)
    for name in sorted({*ours, *theirs} - {"steps", "ids"}):
        if name in ours and name in theirs:
            a, b = np.asarray(ours[name], dtype=float), np.asarray(theirs[name], dtype=float)
            scale = np.abs(b) + 1e-6 * np.abs(b).max(initial=0.0)
            found["error"][name] = float(np.max(np.abs(a - b) / np.where(scale > 0, scale, 1.0), initial=0.0))
            found["mean"][name] = float(b.mean())
    return found


def _pairs(run: Arrays) -> np.ndarray:
    """Return the spikes as rows (step, neuron), in the order of time, then neuron."""
    steps, ids = run["steps"].astype(np.int64), run["ids"].astype(np.int64)
    order = np.lexsort((ids, steps))
    return np.stack([steps[order], ids[order]], axis=1)


def _first_difference(a: np.ndarray, b: np.ndarray) -> int:
    n = min(len(a), len(b))
    differing = np.flatnonzero((a[:n] != b[:n]).any(axis=1))
    longer = a if len(a) > len(b) else b
    return int(min(a[differing[0]][0], b[differing[0]][0])) if differing.size else int(longer[n][0])
