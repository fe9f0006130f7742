"""The figure of the swimmer with neurons that take time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.circuits.neuronal_swimmer import KINDS
from neurosim.experiment import Results
from neurosim.palette import BLUE, GREEN, GREY, ORANGE, PALE, PURPLE, VERMILION
from neurosim.plot import letters
from neurosim.plot.axes import plain_logarithmic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOUR = {"30 ms": PALE, "stateless": GREY, "leaky": BLUE, "spiking": VERMILION}
TABLES = (GREEN, ORANGE, PURPLE)


def figure(config: Any, results: Results) -> Figure:
    """Return the figure: neurons, traces and spikes, speeds, delays, the curve of a pool, the connectome."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(12, 8.4), layout="constrained")
    axes = drawn.subplots(3, 3)
    _traces(axes[0, 0], results)
    _spikes(axes[0, 1], results, config.cells)
    _curve(axes[0, 2], results)
    _arms(axes[1, 0], results, "speed", "net speed (m/s)")
    _arms(axes[1, 1], results, "total", "return")
    _delays(axes[1, 2], results)
    _weights(axes[2, 0], results, 0, "w_i")
    _weights(axes[2, 1], results, 1, "w_c")
    _cord(axes[2, 2], results)
    letters(axes.flat)
    return drawn


def _traces(axis: Axes, results: Results) -> None:
    """Draw the dorsal neuron of the second joint, and its angle, with each kind."""
    time = results.array("traces/time")
    for kind in KINDS:
        axis.plot(
            time, results.array(f"traces/{kind}_b")[:, 1], color=COLOUR[kind], linewidth=1.2, label=kind
        )
    axis.set(xlabel="time (s)", ylabel="activity b", title="dorsal B neuron, joint 2", ylim=(-0.05, 1.3))
    axis.legend(frameon=False, ncols=3, loc="upper center", fontsize=8)


def _spikes(axis: Axes, results: Results, cells: int) -> None:
    time, cell = results.array("traces/spike_time"), results.array("traces/spike_cell")
    axis.plot(time, cell, "|", color=VERMILION, markersize=1.5, rasterized=True)
    joints = results.array("traces/spiking_angle").shape[1]
    for border in range(cells, 2 * joints * cells, cells):
        axis.axhline(border - 0.5, color="black" if border == joints * cells else PALE, linewidth=0.5)
    axis.set_yticks([(joints / 2 - 0.5) * cells, (1.5 * joints - 0.5) * cells], ["dorsal", "ventral"])
    axis.tick_params(axis="y", rotation=90, length=0)
    axis.set(xlabel="time (s)", title="spikes, one row per cell", ylim=(2 * joints * cells - 0.5, -0.5))


def _curve(axis: Axes, results: Results) -> None:
    axis.plot([0, 1], [0, 1], color=BLUE, label="leaky")
    axis.plot(results.array("traces/input"), results.array("traces/curve"), color=VERMILION, label="spiking")
    axis.set(xlabel="input u", ylabel="activity b, steady", title="input and activity")
    axis.legend(frameon=False)


def _arms(axis: Axes, results: Results, name: str, label: str) -> None:
    arms = [str(arm) for arm in results.array("neurons/arm")]
    table = results.array(f"neurons/{name}")
    for k, (arm, row) in enumerate(zip(arms, table, strict=True)):
        axis.bar(k, row.mean(), color=COLOUR[arm])
        axis.plot(
            np.full(row.size, k) + np.linspace(-0.2, 0.2, row.size), row, ".", color="black", markersize=4
        )
    axis.axhline(table[0].mean() / 2, color="black", linewidth=0.8, linestyle=":")
    axis.set_xticks(range(len(arms)), ["as published", *arms[1:]])
    axis.set(ylabel=label)


def _delays(axis: Axes, results: Results) -> None:
    delay, speed = 1000 * results.array("delays/delay"), results.array("delays/speed")
    for kind, row in zip(("leaky", "spiking"), speed, strict=True):
        axis.errorbar(
            delay, row.mean(axis=1), row.std(axis=1), fmt="o-", color=COLOUR[kind], markersize=4, label=kind
        )
    axis.axhline(results.array("neurons/speed")[0].mean() / 2, color="black", linewidth=0.8, linestyle=":")
    axis.set(xlabel="mean delay of neurons (ms)", ylabel="net speed (m/s)", ylim=(0, None))
    plain_logarithmic(axis.xaxis)
    axis.legend(frameon=False)


def _weights(axis: Axes, results: Results, kind: int, name: str) -> None:
    tables, weights = results.array("cord/table"), results.array("cord/weights")[:, kind]
    joint = np.arange(1, weights.shape[-1] + 1)
    for table, of_table, colour in zip(tables, weights, TABLES, strict=True):
        if "sides" in str(table):
            continue
        for side, row, line in zip(("dorsal", "ventral"), of_table, ("o-", "s--"), strict=True):
            axis.plot(joint, row, line, color=colour, markersize=4, label=f"{table}, {side}")
    axis.axhline(1.0 if kind == 0 else -1.0, color=GREY, linewidth=0.8)
    axis.set(xlabel="joint, from head to tail", ylabel=name, title=f"{name} after the connectome")
    axis.set_xticks(joint)
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.35 * (high - low))
    axis.legend(frameon=False, fontsize=7, ncols=2, loc="upper center")


def _cord(axis: Axes, results: Results) -> None:
    tables, speed = results.array("cord/table"), results.array("cord/speed")
    even = results.array("neurons/speed")[1 : 1 + len(KINDS)]
    place = np.arange(len(KINDS))
    for k, (label, rows, colour) in enumerate(
        zip(["all alike", *map(str, tables)], [even, *speed], [GREY, *TABLES], strict=True)
    ):
        axis.bar(place + 0.2 * k - 0.3, rows.mean(axis=1), 0.19, color=colour, label=label)
        axis.errorbar(
            place + 0.2 * k - 0.3,
            rows.mean(axis=1),
            rows.std(axis=1),
            fmt="none",
            color="black",
            linewidth=0.8,
        )
    axis.set_xticks(place, KINDS)
    axis.set(
        ylabel="net speed (m/s)", title="weights along the body", ylim=(0, 1.45 * even.mean(axis=1).max())
    )
    axis.legend(frameon=False, fontsize=8, ncols=2, loc="upper center")
