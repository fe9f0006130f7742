"""When lessons were learned, and what networks were like then."""

from __future__ import annotations

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.timescales.config import Config


def solved_at(config: Config, results: Results, task: str, curriculum: str, n: int) -> np.ndarray:
    """Return after how many mini-epochs each seed had learned N or more; not a number where it has not (seeds,)."""
    place = config.tasks[task][2].index(curriculum)
    newest, accuracy, last = (
        results.array(f"{task}/{name}")[place] for name in ("newest", "accuracy", "newest_accuracy")
    )
    done = (newest >= n) & (accuracy > config.threshold) & (last > config.threshold)
    done[:, 0] = False  # untrained
    return np.where(done.any(1), done.argmax(1), np.nan)


def when_solved(
    config: Config, results: Results, task: str, curriculum: str, n: int, name: str
) -> np.ndarray:
    """Return what was measured of each seed when it had learned N or more; not a number where it has not (seeds,)."""
    place = config.tasks[task][2].index(curriculum)
    when, values = solved_at(config, results, task, curriculum, n), results.array(f"{task}/{name}")[place]
    known = np.isfinite(when)
    found = values[np.arange(len(when)), np.where(known, when, 0).astype(int)]
    return np.where(known, found, np.nan)
