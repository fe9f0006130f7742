"""The figure of the study of timescales."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.timescales.config import Config
from neurosim.experiments.timescales.curricula import curriculum
from neurosim.experiments.timescales.robustness import ENDS
from neurosim.experiments.timescales.solving import solved_at, when_solved
from neurosim.palette import PALE, colour
from neurosim.plot.axes import letters, plain_logarithmic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {"parity": "parity", "match": "delayed match"}
ORDER = ("single", "multi", "sliding", "constant")


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: a row for each task with speed, time constants and timescales of activity; then robustness."""
    from matplotlib.figure import Figure

    robust = bool(config.ablated and config.perturbations)
    rows = len(config.tasks) * (1 + robust)
    drawn = Figure(figsize=(11, 3.1 * rows), layout="constrained")
    axes = drawn.subplots(rows, 3, squeeze=False)
    for row, task in enumerate(config.tasks):
        _curves(axes[row, 0], config, results, task, None, "mini-epochs until N is learned")
        _curves(axes[row, 1], config, results, task, "mean_tau", "mean τ when N is learned (steps)")
        if config.listened:
            _activity(axes[row, 2], config, results, task)
            if row == 0:
                axes[row, 2].legend(frameon=False, loc="lower right", handlelength=1.2)
        else:
            _curves(axes[row, 2], config, results, task, "radius", "spectral radius of W")
        axes[row, 0].set_title(NAMES[task])
        if robust:
            _robustness(axes[len(config.tasks) + row], config, results, task)
    axes[0, 0].legend(frameon=False)
    letters(axes.flat)
    return drawn


def _curves(axes: Axes, config: Config, results: Results, task: str, name: str | None, label: str) -> None:
    """Draw a measure when N was learned, each seed and their mean."""
    from matplotlib.ticker import MaxNLocator

    target, _, names = config.tasks[task]
    of = partial(when_solved, name=name) if name else solved_at
    for kind in names:
        n = [max(lesson) for lesson in curriculum(kind, target, config.heads, config.forgotten).lessons]
        values = np.array([of(config, results, task, kind, each) for each in n])
        shade = colour(ORDER.index(kind))
        axes.plot(n, values, color=shade, linewidth=0.7, alpha=0.45)
        axes.plot(n, values.mean(1), "o-", color=shade, markersize=3, label=kind)
    axes.set(xlabel="N", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _activity(axes: Axes, config: Config, results: Results, task: str) -> None:
    """Draw the shares of neurons whose activity has at most a timescale, beside those of their time constants."""
    for place, kind in enumerate(config.tasks[task][2]):
        shade = colour(ORDER.index(kind))
        for values, style in (
            (results.array(f"{task}/h_tau")[place], ":"),
            (results.array(f"{task}_activity/tau_net")[place], "-"),
        ):
            known = np.sort(values[np.isfinite(values)])
            axes.plot(known, (1 + np.arange(known.size)) / max(known.size, 1), style, color=shade)
    axes.plot([], [], "-", color=PALE, label=r"of activity, $\tau_\mathrm{net}$")
    axes.plot([], [], ":", color=PALE, label=r"of neurons, $\tau$")
    axes.set(xscale="log", xlabel="timescale (steps)", ylabel="share of neurons below", ylim=(0, 1.02))
    plain_logarithmic(axes.xaxis)


def _robustness(row: np.ndarray, config: Config, results: Results, task: str) -> None:
    """Draw relative accuracies without single neurons, and after perturbations of weights and time constants."""
    accuracy, size = results.array(f"{task}_robustness/accuracy"), results.array(f"{task}_robustness/size")
    whole = np.where(accuracy > 0.5, accuracy, np.nan)  # what is left of chance means nothing
    ablated = results.array(f"{task}_robustness/ablated") / whole[..., None, None]
    perturbed = results.array(f"{task}_robustness/perturbed")
    for place, kind in enumerate(config.tasks[task][2]):
        shade = colour(ORDER.index(kind))
        at = np.arange(2) + 0.2 * (place - 1)
        row[0].bar(at, ablated[place].mean((0, 2)), 0.18, color=shade)
        for axes, parameter in zip(row[1:], range(2), strict=True):
            left = (perturbed[place, :, parameter] - 0.5) / (whole[place, :, None, None] - 0.5)
            axes.plot(size, left.mean((0, 2)), "o-", color=shade, markersize=3)
    row[0].set(
        xticks=range(2),
        xticklabels=[f"{end} τ" for end in ENDS],
        ylabel="accuracy without a neuron, relative",
    )
    for axes, name in zip(row[1:], ("W", "τ"), strict=True):
        axes.set(xscale="log", xlabel=f"relative size of a perturbation of {name}", ylabel="accuracy left")
