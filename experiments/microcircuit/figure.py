"""The figure of the study of the cortical microcircuit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.circuits.cortical_microcircuit import POPULATIONS, RATES
from neurosim.experiment import Results
from neurosim.experiments.microcircuit.claims import SMALL
from neurosim.experiments.microcircuit.config import Config
from neurosim.palette import BLUE, PALE, VERMILION
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = 1500
"""Neurons that are drawn in all, the same share of every population."""


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: spikes of a share of the neurons, rates and irregularity by population."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(11, 5.5), layout="constrained")
    axes = drawn.subplot_mosaic([["raster", "rates"], ["raster", "variation"]], width_ratios=(1.3, 1))
    _raster(axes["raster"], config, results)
    _rates(axes["rates"], config, results)
    _variation(axes["variation"], config, results)
    letters(axes.values())
    return drawn


def _colours() -> list[str]:
    return [BLUE if name.endswith("E") else VERMILION for name in POPULATIONS]


def _raster(axis: Axes, config: Config, results: Results) -> None:
    sizes = results.array("circuit_0/size")
    every, row, ticks = max(int(sizes.sum()) // ROWS, 1), 0, []
    for name, size, colour in zip(POPULATIONS, sizes, _colours(), strict=True):
        spikes = results.spikes(f"circuit_0.{name}")
        chosen = spikes.ids % every == 0
        axis.plot(
            np.asarray(spikes.times)[chosen],
            row + spikes.ids[chosen] // every,
            ".",
            color=colour,
            markersize=1.5,
        )
        rows = -(-int(size) // every)
        ticks.append(row + rows / 2)
        row += rows
    axis.set_yticks(ticks, POPULATIONS)
    end = (config.settling + config.duration) * 1e3
    axis.set(xlim=(end - config.shown * 1e3, end), ylim=(row, 0), xlabel="time (ms)")
    axis.set_title("Spikes" if every == 1 else f"Spikes of one neuron in {every}")


def _rates(axis: Axes, config: Config, results: Results) -> None:
    at, colours = np.arange(8), _colours()
    found = np.array([results.array(f"circuit_{n}/rate") for n in range(config.seeds)])
    axis.bar(at, found.mean(axis=0), color=colours, width=0.7)
    for one in found:
        axis.plot(at, one, ".", color="black", markersize=3)
    reference = {0.1: SMALL, 1.0: RATES}.get(config.scale)
    if reference is not None:
        axis.plot(at, reference, "_", color=PALE, markersize=18, markeredgewidth=2, label="NEST")
        axis.legend(frameon=False)
    axis.set_xticks(at, POPULATIONS)
    axis.set(ylabel="rate (Hz)", title="Rates")


def _variation(axis: Axes, config: Config, results: Results) -> None:
    found = np.array([results.array(f"circuit_{n}/variation") for n in range(config.seeds)])
    points = found.swapaxes(0, 1).reshape(8, -1)
    for place, (each, colour) in enumerate(zip(points, _colours(), strict=True)):
        axis.plot(np.full(each.size, place), each, ".", color=colour, markersize=4)
    axis.set_xticks(np.arange(8), POPULATIONS)
    axis.set(
        ylim=(0, 1.1),
        ylabel="variation of intervals",
        title=f"Irregularity in windows of {config.window:g} s",
    )
