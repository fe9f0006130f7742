"""The figure of the study of rich and lazy learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.rich_lazy.config import Config
from neurosim.palette import GREY, PALE, colour
from neurosim.plot.axes import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEASURES = {
    "kernel": "alignment of tangent kernels",
    "representation": "alignment of activity",
    "change": "change of recurrent weights",
}


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: theory; what each measure says in each task; kernel alignment against initial weights."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(11.5, 6.6), layout="constrained")
    axes = drawn.subplots(2, 3)
    _theory(axes[0, 0], results, config.dimensions)
    for place, (name, label) in zip((axes[0, 1], axes[0, 2], axes[1, 0]), MEASURES.items(), strict=True):
        _measure(place, config, results, name)
        place.set_ylabel(label)
    task = config.tasks[0]
    for place, name, label in (
        (axes[1, 1], "nuclear", "sum of singular values over the largest, start"),
        (axes[1, 2], "radius", "spectral radius, start"),
    ):
        for k, arm in enumerate(config.arms):
            x, y = (results.array(f"{task}/{one}")[k] for one in (name, "kernel"))
            place.plot(x, y, "o", color=colour(k), label=arm)
        place.set(xlabel=label, ylabel=f"alignment of kernels ({task})", ylim=(0, 1.02))
    axes[1, 1].legend(frameon=False)
    letters(axes.flat)
    return drawn


def _theory(axes: Axes, results: Results, dimensions: int) -> None:
    rank, found, expected = (results.array(f"theory/{name}") for name in ("rank", "alignment", "expected"))
    line = np.linspace(1, dimensions, 100)
    axes.plot(
        line,
        (1 + 1 / dimensions) * (line / (dimensions + 3)) ** 0.5,
        color=GREY,
        label="theory, mean over tasks",
    )
    axes.errorbar(
        rank[:-1], found[:-1].mean(1), found[:-1].std(1), fmt="o", color=colour(0), label="random task"
    )
    axes.plot(rank[-1:], expected[-1:], "_", color=GREY, markersize=16)
    axes.plot(rank[-1:], found[-1:].mean(1), "s", color=colour(1), label="along the task")
    axes.set(xlabel="rank of initial weights, linear network", ylabel="alignment of kernels", ylim=(0, 1.02))
    axes.legend(frameon=False, loc="lower right")


def _measure(axes: Axes, config: Config, results: Results, name: str) -> None:
    """Draw a measure by task and start: draws, a cross where they did not learn, and the mean of the others."""
    width = 0.8 / len(config.arms)
    for k, _ in enumerate(config.arms):
        for place, task in enumerate(config.tasks):
            values = results.array(f"{task}/{name}")[k]
            learned = results.array(f"{task}/accuracy")[k] >= config.learned
            x = place + (k - (len(config.arms) - 1) / 2) * width
            axes.plot(np.full(learned.sum(), x), values[learned], ".", color=PALE, markersize=5)
            axes.plot(np.full((~learned).sum(), x), values[~learned], "x", color=colour(k), markersize=4)
            if learned.any():
                axes.plot(x, values[learned].mean(), "o", color=colour(k))
    axes.set_xticks(range(len(config.tasks)), config.tasks)
    axes.set_ylim(0, None if name == "change" else 1.02)
