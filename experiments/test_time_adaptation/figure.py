"""The figure of the study of adaptation at test time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.datasets import CORRUPTIONS
from neurosim.experiment import Results
from neurosim.experiments.test_time_adaptation.adapting import ARMS, errors
from neurosim.experiments.test_time_adaptation.claims import means
from neurosim.experiments.test_time_adaptation.config import Config
from neurosim.palette import BLUE, GREEN, GREY, ORANGE, PALE, PICTURE, VERMILION, colour
from neurosim.plot.axes import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"source": GREY, "bn": ORANGE, "tent": GREEN, "hebb": BLUE, "nhl": VERMILION}
LABELS = {"source": "source", "bn": "BN", "tent": "TENT", "hebb": "Hebb", "nhl": "NHL"}
KINDS = [name.replace("_", " ") for name in CORRUPTIONS]


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: corrupted images, severities, errors of the arms, what they gain, and the course of it."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(13.5, 9), layout="constrained")
    halves: Any = drawn.subfigures(2, 1, height_ratios=(1, 3.6))
    top, below = halves
    accuracy = results.array("adaptation/accuracy")
    images = top.subplots(1, len(CORRUPTIONS) + 1)
    for axis, image, name in zip(images, results.array("adaptation/example"), ["clean", *KINDS], strict=True):
        axis.imshow(image, cmap=PICTURE, vmin=0, vmax=1)
        axis.set_title(name, fontsize=9)
        axis.set_axis_off()
    axes = below.subplots(2, 3).ravel()
    _severities(axes[:2], results)
    _arms(axes[2], means(accuracy))
    _kinds(axes[3], errors(accuracy)[:, 1:])
    _gains(axes[4], errors(accuracy)[:, 1:])
    course = 100 * (1 - accuracy[:, 1:].mean((0, 1)))
    for arm, values in list(zip(ARMS, course, strict=True))[1:]:  # the source is far off
        so_far = np.cumsum(values) / np.arange(1, values.size + 1)
        axes[5].plot(np.arange(1, values.size + 1), so_far, color=COLOURS[arm], label=LABELS[arm])
    axes[5].set(xlabel="batch", ylabel="error so far (%)", title="Mean over corruptions")
    axes[5].legend(frameon=False, ncols=2)
    letters([images[0], *axes])
    return drawn


def _severities(axes: np.ndarray, results: Results) -> None:
    """Draw the error of the source over severity, with the benchmark's constants and with scaled ones."""
    table, severity = 100 * results.array("severities/error").mean(0), results.array("severities/severity")
    for axis, values, title in zip(
        axes, table, ("the benchmark's constants", "scaled constants"), strict=True
    ):
        for number, (name, row) in enumerate(zip(KINDS, values, strict=True)):
            axis.plot(severity, row, "o-", color=colour(number), markersize=3, label=name)
        axis.axhline(
            100 * results.array("severities/clean").mean(), color="black", linewidth=0.8, linestyle=":"
        )
        axis.set(
            xlabel="severity", ylabel="error (%)", title=f"Source, {title}", ylim=(0, 1.05 * table.max())
        )
    axes[0].legend(frameon=False, fontsize=8)


def _arms(axis: Axes, mean: dict[str, np.ndarray]) -> None:
    """Draw each seed as a line over the arms, and means."""
    axis.plot(range(len(mean)), np.array(list(mean.values())), color=PALE, linewidth=0.8)
    for at, (arm, found) in enumerate(mean.items()):
        axis.plot(np.full(found.size, at), found, ".", color=COLOURS[arm])
        axis.plot(at, found.mean(), "_", color=COLOURS[arm], markersize=22, markeredgewidth=2.5)
    axis.set_xticks(range(len(mean)), [LABELS[arm] for arm in mean])
    axis.set(ylabel="error (%)", title="Mean over corruptions")


def _kinds(axis: Axes, table: np.ndarray) -> None:
    """Draw errors by kind; table (seeds, kinds, arms)."""
    width = 0.8 / len(ARMS)
    for at, arm in enumerate(ARMS):
        x = np.arange(len(KINDS)) + (at - 2) * width
        axis.bar(x, table[:, :, at].mean(0), width, color=COLOURS[arm], label=LABELS[arm])
    axis.set_xticks(range(len(KINDS)), KINDS, rotation=30, ha="right")
    axis.set(ylabel="error (%)", title="By corruption")


def _gains(axis: Axes, table: np.ndarray) -> None:
    """Draw the change from batch statistics alone, each seed and the mean; table (seeds, kinds, arms)."""
    arms = list(ARMS)
    change = table - table[:, :, [arms.index("bn")]]
    for shift, arm in zip((-0.2, 0.0, 0.2), ("tent", "hebb", "nhl"), strict=True):
        values = change[:, :, arms.index(arm)]
        x = np.arange(len(KINDS)) + shift
        axis.plot(np.broadcast_to(x, values.shape), values, ".", color=COLOURS[arm], markersize=3, alpha=0.6)
        axis.plot(x, values.mean(0), "_", color=COLOURS[arm], markersize=10, markeredgewidth=2.5)
    axis.axhline(0, color="black", linewidth=0.8, linestyle=":")
    axis.set_xticks(range(len(KINDS)), KINDS, rotation=30, ha="right")
    axis.set(ylabel="points", title="Error less that of BN")
