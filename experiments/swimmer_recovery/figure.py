"""The figure of the study of recovery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.experiment import Results
from neurosim.palette import BLUE, GREEN, GREY, PURPLE, VERMILION
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (GREY, BLUE, VERMILION, GREEN, PURPLE)


def figure(config: Any, results: Results, rules: Mapping[str, str]) -> Figure:
    """Return the figure: net speed over time, and return before, after and long after, for each lesion and rule."""
    from matplotlib.figure import Figure

    lesions = list(config.lesions)
    drawn = Figure(figsize=(3.4 * len(lesions), 6.4), layout="constrained")
    axes = drawn.subplots(2, len(lesions), sharey="row", squeeze=False)
    for place, lesion in enumerate(lesions):
        _course(axes[0, place], config, results, rules, place)
        _returns(axes[1, place], results, rules, place)
        axes[0, place].set_title("no lesion" if lesion == "none" else lesion)
    letters(axes.flat)
    axes[0, 0].set_ylabel("net speed (m/s)")
    axes[1, 0].set_ylabel("return per 1000 steps")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=len(rules), frameon=False)
    return drawn


def _course(axis: Axes, config: Any, results: Results, rules: Mapping[str, str], place: int) -> None:
    time = results.array("none/time")
    for (rule, label), colour in zip(rules.items(), COLOURS, strict=True):
        course = results.array(f"{rule}/course")[place]
        axis.plot(time, course.mean(axis=0), color=colour, label=label)
        axis.fill_between(time, course.min(axis=0), course.max(axis=0), color=colour, alpha=0.15, linewidth=0)
    if place:
        axis.axvline(config.healthy * config.circuit.dt, color="black", linestyle=":", linewidth=1)
    top = max(float(results.array(f"{rule}/course").max()) for rule in rules)
    axis.set(xlabel="time (s)", ylim=(0, 1.1 * top))


def _returns(axis: Axes, results: Results, rules: Mapping[str, str], place: int) -> None:
    moments = np.arange(3)
    for number, (rule, colour) in enumerate(zip(rules, COLOURS, strict=True)):
        values = results.array(f"{rule}/returns")[place]
        at = moments + 0.12 * (number - (len(rules) - 1) / 2)
        axis.plot(at, values.mean(axis=0), color=colour, linewidth=1, alpha=0.6)
        for values_of_start in values:
            axis.plot(at, values_of_start, ".", color=colour, markersize=5)
    axis.set(xticks=moments, xticklabels=["before", "just after", "at the end"], ylim=(0, 1000))
