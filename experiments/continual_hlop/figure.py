"""The figure of the study of continual learning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.continual_hlop.claims import final, fresh, transfer
from neurosim.experiments.continual_hlop.config import MAIN, TRAINERS, Config
from neurosim.experiments.continual_hlop.training import ARMS
from neurosim.palette import BLUE, GREEN, ORANGE, PALE, PURPLE, SEQUENTIAL, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "sequential": VERMILION,
    "lateral": BLUE,
    "principal": GREEN,
    "replay": ORANGE,
    "consolidated": PURPLE,
    "sequential_random": VERMILION,
    "lateral_random": BLUE,
    "sequential_sign": VERMILION,
    "lateral_sign": BLUE,
}
NAMES = {
    "sequential": "sequential",
    "lateral": "lateral neurons",
    "principal": "exact subspaces",
    "replay": "replay",
    "consolidated": "consolidation",
    "sequential_random": "sequential, random",
    "lateral_random": "lateral, random",
    "sequential_sign": "sequential, sign",
    "lateral_sign": "lateral, sign",
}


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy matrices, the course of a task, forgetting, what is captured."""
    from matplotlib.figure import Figure

    spiking = [one for one in TRAINERS if {f"sequential_{one}", f"lateral_{one}"} <= set(config.arms)]
    rows: list[Any] = [[*MAIN, "course"], ["end", "fresh", "back", "captured"]]
    if spiking:
        rows.append([*spiking, *["cost"] * (4 - len(spiking))])
    drawn = Figure(figsize=(14, 3.75 * len(rows)), layout="constrained")
    axes = drawn.subplot_mosaic(rows)
    table = {arm: results.array(f"{arm}/accuracy") for arm in config.arms}
    learned = np.tri(config.tasks, dtype=bool)
    low = min(float(table[arm].mean(axis=0)[learned].min()) for arm in MAIN)
    for arm in MAIN:
        mean = table[arm].mean(axis=0)
        shown = np.where(learned, mean, np.nan)
        image = axes[arm].imshow(shown, vmin=low, vmax=max(1.0, low), cmap=SEQUENTIAL)
        axes[arm].set(xlabel="accuracy on task", ylabel="after task", title=NAMES[arm])
        ticks = range(0, config.tasks, max(1, config.tasks // 5))
        axes[arm].set_xticks(list(ticks), [str(n + 1) for n in ticks])
        axes[arm].set_yticks(list(ticks), [str(n + 1) for n in ticks])
    drawn.colorbar(image, ax=[axes[arm] for arm in MAIN], shrink=0.7, label="accuracy")
    _course(axes["course"], {arm: table[arm] for arm in table if ARMS[arm][1:] == ("exact", "rates")})
    axes["course"].set(title="The first task")
    axes["course"].legend(frameon=False, fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    for name, measure, title in (
        ("end", final, "All tasks at the end, ACC"),
        ("fresh", fresh, "Tasks just learned"),
        ("back", transfer, "Change since, BWT"),
    ):
        _paired(axes[name], {arm: measure(table[arm]) for arm in table if arm in NAMES}, title)
    axes["back"].axhline(0, color="black", linewidth=0.8, linestyle=":")
    _captured(axes["captured"], results)
    for trainer in spiking:
        pair = [f"{one}_{trainer}" for one in ("sequential", "lateral")]
        lost = {arm: f", BWT {transfer(table[arm]).mean():.1f}" for arm in pair}
        _course(axes[trainer], {arm: table[arm] for arm in pair}, lost)
        axes[trainer].set(title=f"{trainer.upper()}: the first task")
        axes[trainer].legend(frameon=False, fontsize=8)
    if spiking:
        _cost(axes["cost"], spiking, results)
    for letter, axis in zip("ABCDEFGHIJKL", axes.values(), strict=False):
        axis.set_title(letter, loc="left", fontweight="bold")
    return drawn


def _course(axis: Axes, table: dict[str, np.ndarray], more: Mapping[str, str] | None = None) -> None:
    """Draw the accuracy of the first task after each task, of each seed and in the mean; more, to add to labels."""
    for arm, values in table.items():
        kind, label = arm.split("_")[0], (more or {}).get(arm, "")
        x = np.arange(1, values.shape[1] + 1)
        axis.plot(x, 100 * values[:, :, 0].T, color=COLOURS[kind], linewidth=0.5, alpha=0.5)
        axis.plot(x, 100 * values[:, :, 0].mean(axis=0), "o-", color=COLOURS[kind], label=NAMES[kind] + label)
    axis.set(xlabel="after task", ylabel="accuracy (%)", xticks=x)


def _cost(axis: Axes, spiking: list[str], results: Results) -> None:
    """Draw the processor time of a step without and with lateral neurons."""
    for at, kind in enumerate(["", *(f"_{trainer}" for trainer in spiking)]):
        for shift, arm in ((-0.2, "sequential"), (0.2, "lateral")):
            times = 1e3 * results.array(f"{arm}{kind}/step_time")[1:]
            label = NAMES[arm] if at == 0 else None
            axis.bar(at + shift, np.median(times), 0.38, color=COLOURS[arm], label=label)
    axis.set_xticks(range(len(spiking) + 1), ["rates", *(trainer.upper() for trainer in spiking)])
    axis.set(ylabel="ms", title="Processor time of a step")
    axis.legend(frameon=False, fontsize=8)


def _paired(axis: Axes, values: dict[str, np.ndarray], title: str) -> None:
    """Draw each seed as a line over the arms, and means."""
    axis.plot(range(len(values)), np.array(list(values.values())), color=PALE, linewidth=0.8)
    for at, (arm, found) in enumerate(values.items()):
        axis.plot(np.full(found.size, at), found, ".", color=COLOURS[arm])
        axis.plot(at, found.mean(), "_", color=COLOURS[arm], markersize=24, markeredgewidth=2.5)
    axis.set_xticks(range(len(values)), [NAMES[arm] for arm in values], rotation=40, ha="right")
    axis.set(
        ylabel="accuracy (%)" if "BWT" not in title else "points", title=title, xlim=(-0.4, len(values) - 0.6)
    )


def _captured(axis: Axes, results: Results) -> None:
    for arm in ("lateral", "principal"):
        share = results.array(f"{arm}/captured").mean(axis=1)
        for layer, style in enumerate(("-", "--", ":")):
            axis.plot(
                np.arange(1, len(share) + 1),
                share[:, layer],
                style,
                color=COLOURS[arm],
                marker="o",
                markersize=3,
            )
    for layer, style in enumerate(("-", "--", ":")):
        axis.plot([], [], style, color="black", label=f"input of layer {layer + 1}")
    axis.axhline(0.9, color="black", linewidth=0.5)
    axis.set(
        xlabel="after task", ylabel="share of mean square", title="What kept rows span", ylim=(None, 1.0)
    )
    axis.legend(frameon=False, fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))
