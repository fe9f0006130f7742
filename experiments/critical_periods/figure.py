"""The figure of the study of critical periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.critical_periods.claims import shares
from neurosim.experiments.critical_periods.config import SMALL, Config
from neurosim.palette import BLUE, PALE, VERMILION, colour
from neurosim.plot.axes import letters, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = ("1", "2", "3-4", "5-8")


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: courses, shares, portraits, what is conserved, competition, completion."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(13, 7), layout="constrained")
    axes = drawn.subplots(2, 4)
    depth = max(config.depths)
    strength, epoch = results.array(f"paths_{depth}/strength"), results.array(f"paths_{depth}/epoch")
    for one, which in zip(axes[0, :2], (0, len(config.onsets) - 1), strict=True):
        onset = config.onsets[which]
        _course(one, strength[which], epoch, (onset, onset + config.deficit))
        one.set_title(f"b held from {onset}, {depth} layers", fontsize=9)
    _shares(axes[0, 2], config, results)
    _portrait(axes[0, 3], config, results)
    _by_depth(axes[1, 0], config, results)
    _conserved(axes[1, 1], results)
    _course(axes[1, 2], results.array("competition/strength"), epoch, (0, config.until), (config.lost,))
    axes[1, 2].set_title(f"mode {config.lost + 1} missing from a", fontsize=9)
    for k, factors in enumerate(config.completed):
        error, first = (results.array(f"completion_{factors}/{name}") for name in ("error", "epochs"))
        axes[1, 3].plot(first, error.T, color=colour(k), linewidth=0.6, alpha=0.5)
        axes[1, 3].plot(first, error.mean(0), "o-", color=colour(k), label=f"{factors}")
    axes[1, 3].set(xlabel="epochs on the first matrix", ylabel="error on the second", ylim=(0, None))
    axes[1, 3].legend(frameon=False, title="factors")
    letters(axes.flat)
    return drawn


def _course(
    axes: Axes,
    strength: np.ndarray,
    epoch: np.ndarray,
    window: tuple[int, int],
    modes: tuple[int, ...] = (0, 1, 2, 4),
) -> None:
    axes.axvspan(*window, color=PALE, alpha=0.3, linewidth=0)
    for path, (name, shade) in enumerate((("a", BLUE), ("b", VERMILION))):
        for mode in modes:
            label = f"path {name}" if mode == modes[0] else None
            style = "--" if path else "-"
            axes.plot(epoch, strength[path, :, :, mode].mean(0), style, color=shade, label=label)
    axes.set(xlabel="epoch", ylabel="strength of modes")
    axes.legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.56))


def _shares(axes: Axes, config: Config, results: Results) -> None:
    for k, depth in enumerate(config.depths):
        for onset, one in zip(config.onsets, results.array(f"paths_{depth}/strength"), strict=True):
            style = {0: "o-", 400: "s--", 750: "^:"}.get(onset, ".-")
            axes.plot(GROUPS, shares(one), style, color=colour(k), markersize=4)
        axes.plot([], [], color=colour(k), label=f"{depth} layers")
    for onset in config.onsets:
        axes.plot(
            [], [], {0: "o-", 400: "s--", 750: "^:"}.get(onset, ".-"), color=PALE, label=f"from {onset}"
        )
    axes.set(xlabel="mode", ylabel="share of path b", ylim=(0, 0.55))
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(0, 0.4))


def _portrait(axes: Axes, config: Config, results: Results) -> None:
    number = config.portraits.index(5) if 5 in config.portraits else 0
    course = results.array("portraits/course")[number]
    for window, (name, shade) in enumerate((("early", VERMILION), ("late", BLUE))):
        a, b = course[window]
        axes.plot(a[:, :40], b[:, :40], color=shade, linewidth=0.5, alpha=0.6)
        axes.plot([], [], color=shade, label=name)
    axes.set(xlabel="strength in path a", ylabel="in path b", title="")
    axes.set_title(f"{config.portraits[number]} layers", fontsize=9)
    axes.legend(frameon=False, title="deficit")


def _by_depth(axes: Axes, config: Config, results: Results) -> None:
    share = results.array("portraits/share")
    for window, (name, shade) in enumerate((("early", VERMILION), ("late", BLUE))):
        axes.plot(config.portraits, share[:, window], color=shade, linewidth=0.6, alpha=0.5)
        axes.plot(config.portraits, share[:, window].mean(1), "o-", color=shade, label=f"{name}, large start")
    small = results.array("small/share")
    axes.plot(config.small_depths, small[:, 0], "x", color=VERMILION, label="early, small start")
    axes.set(xlabel="layers", ylabel="share of path b", ylim=(0, 0.6))
    axes.legend(frameon=False, fontsize=7)
    whole_numbers(axes.xaxis)


def _conserved(axes: Axes, results: Results) -> None:
    gap, depth, large = (results.array(f"conserved/{name}") for name in ("gap", "depth", "large"))
    for k, one in enumerate(gap):
        start = "small" if large[k] == SMALL else "large"
        axes.plot(
            np.linspace(0, 1, len(one) + 1)[1:][:50],
            (one / one[-1])[:50],
            color=colour(k),
            label=f"{depth[k]}, {start}",
        )
    axes.set(xlabel="share of the run", ylabel="F(p_a) - F(p_b) over its end", ylim=(0, 1.1))
    axes.legend(frameon=False, fontsize=7, title="layers, start")
