"""The figure of the priors of the arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.muscle_priors.measures import running, stage_name, table
from neurosim.experiments.muscle_priors.tasks import NEW, PRIORS
from neurosim.palette import BLUE, GREY, ORANGE
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOUR = dict(zip(PRIORS, (GREY, ORANGE, BLUE), strict=True))
LABEL = {"none": "no prior", "single": "one task", "multi": "four tasks"}


def figure(config: Any, results: Results) -> Figure:
    """Return the figure: learning curves, updates to solve a task, errors before and after, dimensions."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(11, 6.2), layout="constrained")
    axes = drawn.subplots(2, 3)
    for axis, task in zip(axes[0], NEW, strict=True):
        _curves(axis, config, results, task)
    axes[0, 0].legend(frameon=False)
    _bars(axes[1, 0], config, results, "updates", f"updates to {100 * config.solved:g} cm", 1.0)
    _bars(axes[1, 1], config, results, "zero-shot", "error before any update (cm)", 100.0)
    _bars(axes[1, 2], config, results, "dimension", "dimension of muscle activity", 1.0)
    letters(axes.flat)
    return drawn


def _curves(axis: Axes, config: Any, results: Results, task: str) -> None:
    for prior, colour in COLOUR.items():
        course = 100 * running(results.array(f"{stage_name(prior, task)}/course"), config.window)
        update = np.arange(config.window, config.window + course.shape[1])
        axis.plot(update, course.mean(axis=0), color=colour, label=LABEL[prior])
        axis.fill_between(
            update, course.min(axis=0), course.max(axis=0), color=colour, alpha=0.2, linewidth=0
        )
    axis.axhline(100 * config.solved, color="black", linewidth=0.8, linestyle=":")
    axis.set(xlabel="updates", ylabel="end error (cm)", title=task, ylim=(0, None))


def _bars(axis: Axes, config: Any, results: Results, what: str, label: str, scale: float) -> None:
    found = table(config, results, what)
    place = np.arange(len(NEW))
    for k, (prior, rows) in enumerate(found.items()):
        shown = scale * np.minimum(rows, config.updates + 1 if what == "updates" else np.inf)
        at = place + 0.26 * (k - 1)
        axis.bar(at, shown.mean(axis=1), 0.24, color=COLOUR[prior])
        for x, row in zip(at, shown, strict=True):
            axis.plot(x + np.linspace(-0.07, 0.07, row.size), row, ".", color="black", markersize=3)
    if what == "updates":
        axis.axhline(config.updates, color="black", linewidth=0.8, linestyle=":")
    axis.set_xticks(place, [name.replace(" in a ", "\nin a ") for name in NEW])
    axis.set(ylabel=label)
