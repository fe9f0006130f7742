"""How fast a task is learned, and whether it is solved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.experiment import Results
from neurosim.experiments.muscle_priors.config import Config
from neurosim.experiments.muscle_priors.tasks import NEW, PRIORS

Array = NDArray[np.float64]


def stage_name(prior: str, task: str) -> str:
    """Return the name of the stage in which a task is learned from a prior."""
    return f"{task.replace(' ', '_')}_{prior}"


def running(course: Array, window: int) -> Array:
    """Return the mean of the last `window` values at each place from the window-th on, along the last axis."""
    total = np.cumsum(np.concatenate([np.zeros((*course.shape[:-1], 1)), course], axis=-1), axis=-1)
    found: Array = (total[..., window:] - total[..., :-window]) / window
    return found


def updates_to(course: Array, threshold: float, window: int) -> Array:
    """Return after how many updates the running mean of a course first lies below a threshold, inf if it never does.

    Arguments: course, one value per update, along the last axis; threshold; window, of the mean.
    """
    below = running(course, window) < threshold
    first = below.argmax(axis=-1) + window
    found: Array = np.where(below.any(axis=-1), first, np.inf)
    return found


def table(config: Config, results: Results, what: str) -> dict[str, Array]:
    """Return what was found by prior, each (tasks, seeds).

    Arguments: what: 'updates', to solve it; 'zero-shot' and 'end', the error before and after; 'dimension', after.
    """

    def of(prior: str, task: str) -> Array:
        stage = stage_name(prior, task)
        if what == "updates":
            return updates_to(results.array(f"{stage}/course"), config.solved, config.window)
        name = "dimension" if what == "dimension" else "end"
        found: Array = results.array(f"{stage}/{name}")[:, 0 if what == "zero-shot" else -1]
        return found

    return {prior: np.array([of(prior, task) for task in NEW]) for prior in PRIORS}
