"""The figure of the study of gain control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.tuning import normalised
from neurosim.experiment import Results
from neurosim.experiments.gain_control.config import Config
from neurosim.palette import BLUE, DIVERGING, PALE, PURPLE, SEQUENTIAL, VERMILION
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RING, PLAIN, ADAPTER, BEFORE = BLUE, VERMILION, PURPLE, PALE
TITLES = ("Equal stimuli", "Biased, not adapted", "Biased, adapted")


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: tuning, shifts, gains, means, covariances, sweeps, learning, random parameter sets."""
    from matplotlib.figure import Figure

    rows: list[Any] = [["tuning", "tuning", "shift", "means"], ["equal", "before", "after", "gains"]]
    rows.append(["sweep", "width", "online", "random"])
    if config.recordings:
        rows.append(["cat_curves", "cat_equal", "cat_before", "cat_after"])
    drawn = Figure(figsize=(15, 3.6 * len(rows)), layout="constrained")
    axes = drawn.subplot_mosaic(rows)
    _tuning(axes["tuning"], results)
    _shift(axes["shift"], results)
    _means(axes["means"], results)
    at = results.array("adaptation/neuron")
    edges = (at[0], at[-1], at[0], at[-1])
    _covariances(drawn, [axes[k] for k in ("equal", "before", "after")], _of(results, "covariance")[0], edges)
    _gains(axes["gains"], results)
    _sweep(drawn, axes["sweep"], results)
    _width(axes["width"], results)
    _online(axes["online"], results)
    _random(drawn, axes["random"], results)
    if config.recordings:
        _recordings(drawn, [axes[k] for k in rows[-1]], results)
    letters(axes.values())
    return drawn


def _of(results: Results, name: str) -> NDArray[np.float64]:
    """Return a measure of the ring and of the circuit without recurrence."""
    return results.array(f"adaptation/{name}")[:2]


def _tuning(axis: Axes, results: Results) -> None:
    at, shown = results.array("adaptation/neuron"), results.array("adaptation/stimulus")
    before, after = _of(results, "curve")[0]
    for neuron in range(0, len(at), max(len(at) // 11, 1)):
        one = before[neuron : neuron + 1]
        axis.plot(shown, normalised(one, one)[0], color=BEFORE, linewidth=1)
        axis.plot(shown, normalised(one, after[neuron : neuron + 1])[0], color=RING, linewidth=1.2)
    axis.plot([], [], color=BEFORE, label="before")
    axis.plot([], [], color=RING, label="adapted")
    _adapter(axis)
    axis.set(xlabel="stimulus (degrees)", ylabel="normalised response", title="Tuning curves", xlim=(-90, 90))
    axis.set_ylim(top=1.42)
    axis.legend(frameon=False, ncols=2, loc="upper right")


def _adapter(axis: Axes) -> None:
    axis.axvline(0, color=ADAPTER, linewidth=1, linestyle=":")


def _two(axis: Axes, results: Results, values: NDArray[np.float64]) -> None:
    at = results.array("adaptation/neuron")
    for row, colour, label in zip(values, (RING, PLAIN), ("ring", "no recurrence"), strict=True):
        axis.plot(at, row, color=colour, label=label)
    _adapter(axis)
    axis.set(xlabel="preferred orientation (degrees)", xlim=(-90, 90))


def _shift(axis: Axes, results: Results) -> None:
    shifts = _of(results, "shift")
    _two(axis, results, shifts)
    axis.set(ylabel="shift (degrees)", title="Shift from the adapter")
    axis.set_ylim(top=1.35 * float(shifts.max()))
    axis.legend(frameon=False, loc="upper right", ncols=2)


def _means(axis: Axes, results: Results) -> None:
    at, probability = results.array("adaptation/neuron"), results.array("adaptation/probability")
    before, after = _of(results, "curve")[0]
    for curves, colour in ((before, BEFORE), (after, RING)):
        axis.plot(at, normalised(before, curves) @ probability, color=colour)
    level = normalised(before, before).mean()
    axis.axhline(level, color="black", linewidth=0.8, linestyle="--")
    axis.text(-88, level, "equal stimuli", va="bottom", fontsize="small")
    _adapter(axis)
    axis.set(xlabel="preferred orientation (degrees)", xlim=(-90, 90), title="Biased stimuli")
    axis.set(ylabel="mean response", ylim=(0, None))


def _gains(axis: Axes, results: Results) -> None:
    gains = _of(results, "gain")
    _two(axis, results, gains[:, 1] / gains[:, 0])
    axis.set(ylabel="gain over that before", title="Gains")


def _covariances(
    drawn: Figure, axes: list[Axes], matrices: NDArray[np.float64], edges: tuple[float, float, float, float]
) -> None:
    top = float(np.abs(matrices).max())
    look: dict[str, Any] = {"origin": "lower", "cmap": DIVERGING, "vmin": -top, "vmax": top, "aspect": "auto"}
    images = [axis.imshow(one, extent=edges, **look) for axis, one in zip(axes, matrices, strict=True)]
    for axis, title in zip(axes, TITLES, strict=True):
        axis.set(title=title, xlabel="preferred orientation (degrees)")
    axes[0].set_ylabel("preferred orientation (degrees)")
    drawn.colorbar(images[-1], ax=axes[-1], label="covariance")


def _sweep(drawn: Figure, axis: Axes, results: Results) -> None:
    drives, excitations = results.array("sweep/drive"), results.array("sweep/excitation")
    image = axis.imshow(
        results.array("sweep/summary")[..., 1],
        origin="lower",
        extent=(0, len(excitations), 0, len(drives)),
        aspect="auto",
        cmap=SEQUENTIAL,
    )
    axis.set_xticks(np.arange(len(excitations)) + 0.5, [f"{w:g}" for w in excitations], rotation=90)
    axis.set_yticks(np.arange(len(drives)) + 0.5, [f"{f:g}" for f in drives])
    axis.set(xlabel="recurrent weight", ylabel="concentration of input", title="Repulsion (degrees)")
    drawn.colorbar(image, ax=axis)


def _width(axis: Axes, results: Results) -> None:
    width, summary = results.array("sweep/width"), results.array("sweep/by_width")
    axis.plot(width, summary[:, 1], "o-", color=RING, label="repulsion", markersize=4)
    axis.plot(width, np.maximum(summary[:, 2], 0), "s-", color=PLAIN, label="attraction", markersize=4)
    axis.set(
        xlabel="width of the adapter (degrees)", ylabel="largest shift (degrees)", title="Broader adapters"
    )
    axis.legend(frameon=False)


def _online(axis: Axes, results: Results) -> None:
    shown, deviation = results.array("online/presentation"), results.array("online/deviation").mean(axis=2)
    axis.semilogy(shown, deviation.T, color=RING, linewidth=0.8)
    axis.axhline(0.05, color="black", linestyle="--", linewidth=0.8)
    axis.set(xlabel="stimuli shown", ylabel="mean relative deviation", title="On-line learning")


def _random(drawn: Figure, axis: Axes, results: Results) -> None:
    summary = results.array("random_sets/summary")
    points = axis.scatter(
        summary[:, 3],
        summary[:, 4],
        c=np.clip(summary[:, 1], 0, 4),
        s=9,
        cmap=SEQUENTIAL,
        linewidth=0,
    )
    own = _of(results, "summary")[0]
    axis.plot(own[3], own[4], "*", color=PLAIN, markersize=13, markeredgecolor="white")
    axis.axhline(0.8, color="black", linestyle="--", linewidth=0.8)
    axis.axvline(0.8, color="black", linestyle="--", linewidth=0.8)
    axis.set(
        xlabel="variation of means, ratio", ylabel="covariance distance, ratio", title="Random parameters"
    )
    axis.set(xlim=(0, 1.6), ylim=(0, 3))
    drawn.colorbar(points, ax=axis, label="repulsion (degrees)", extend="max")


def _recordings(drawn: Figure, axes: list[Axes], results: Results) -> None:
    shown = results.array("recordings/shown")
    before, after = results.array("recordings/curve")[0]
    axes[0].plot(shown, before.T, color=BEFORE, linewidth=1)
    axes[0].plot(shown, after.T, color=RING, linewidth=1)
    _adapter(axes[0])
    axes[0].set(xlabel="stimulus (degrees)", ylabel="normalised response", title="Cat, rare adapter")
    _covariances(drawn, axes[1:], results.array("recordings/covariance")[0], (-90, 90, -90, 90))
