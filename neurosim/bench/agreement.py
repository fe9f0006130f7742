"""Whether two runs of one network agree: spikes one by one, final states relative to their size."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurosim.bench.program import Arrays


def compare(ours: Arrays, theirs: Arrays, in_law: bool = False) -> dict[str, Any]:
    """Return how far two results agree.

    Arguments:
        ours, theirs: the results, by name.
        in_law: whether each drew spikes of its own, so that only their distributions can agree.

    Returns a dictionary:
        spikes: their number in `theirs`.
        identical: whether both have the same (step, neuron) pairs.
        parted_at: the first step whose spikes differ, or None.
        error: by state, the largest relative difference, |a - b|/(|b| + 1e-6 max|b|).
        distance: by state, in law, the largest difference of the two cumulative distributions.
        mean: by state, that of `theirs`.
    """
    found: dict[str, Any] = {"spikes": None, "identical": None, "parted_at": None}
    found |= {"error": {}, "distance": {}, "mean": {}}
    if "steps" in ours and "steps" in theirs:
        found["spikes"] = int(theirs["steps"].size)
        if not in_law:
            a, b = _pairs(ours), _pairs(theirs)
            found["identical"] = bool(np.array_equal(a, b))
            found["parted_at"] = None if found["identical"] else _first_difference(a, b)
    for name in sorted(({*ours} & {*theirs}) - {"steps", "ids"}):
        a, b = np.asarray(ours[name], dtype=float), np.asarray(theirs[name], dtype=float)
        kind, measure = ("distance", _distance) if in_law else ("error", _error)
        found[kind][name], found["mean"][name] = measure(a, b), float(b.mean())
    return found


def _error(a: np.ndarray, b: np.ndarray) -> float:
    scale = np.abs(b) + 1e-6 * np.abs(b).max(initial=0.0)
    return float(np.max(np.abs(a - b) / np.where(scale > 0, scale, 1.0), initial=0.0))


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Kolmogorov-Smirnov statistic."""
    a, b = np.sort(a), np.sort(b)
    at = np.concatenate([a, b])
    below = [np.searchsorted(x, at, side="right") / x.size for x in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


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
