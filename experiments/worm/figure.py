"""The figure and the movie of the worm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosim.bodies.worm import radii
from neurosim.experiment import Results
from neurosim.experiments.worm.measures import bending
from neurosim.palette import BLUE, DIVERGING, GREY, PALE, VERMILION
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WATER, AGAR = BLUE, VERMILION
MM, SHAPES, FRAME = 1e3, 6, 0.04


def outline(rods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the outline of a worm in millimetres (points, 2): the dorsal ends of its rods, then the ventral ones."""
    across = radii()[:, None] * np.stack([np.cos(rods[:, 2]), np.sin(rods[:, 2])], axis=1)
    return MM * np.concatenate([rods[:, :2] + across, (rods[:, :2] - across)[::-1]])


def figure(config: Any, results: Results) -> Figure:
    """Return the figure: shapes and bending in water and on agar, gaits over media, lesions, recovery."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(11, 8.4), layout="constrained")
    axes = drawn.subplots(3, 3, width_ratios=(1, 1.2, 1))
    for row, (medium, title, colour) in enumerate(((0, "water", WATER), (-1, "agar", AGAR))):
        _shapes(axes[row, 0], results, medium, title, colour)
        _kymograph(drawn, axes[row, 1], results, medium, title)
    _media(axes[0, 2], results, "frequency", "frequency (Hz)")
    _media(axes[1, 2], results, "wavelength", "wavelength (body lengths)")
    _lesions(axes[2, 0], results)
    _paths(axes[2, 1], results)
    _speeds(axes[2, 2], results)
    letters(axes.flat)
    return drawn


def _shapes(axis: Axes, results: Results, medium: int, title: str, colour: str) -> None:
    rods, time = results.array("gaits/rods")[medium], results.array("gaits/time")
    last = len(time) - 1
    step = max(round(0.5 / results.array("gaits/frequency")[medium] / SHAPES / (time[1] - time[0])), 1)
    for k in range(SHAPES):
        at = last - k * step
        drop = 0.2 * (SHAPES - 1 - k)
        shape = outline(rods[at])
        shape = shape - MM * rods[at, :, :2].mean(axis=0) + [0.5, -drop]
        axis.fill(*shape.T, color=colour, alpha=0.35 + 0.65 * (SHAPES - k) / SHAPES, linewidth=0)
    axis.set_aspect("equal")
    axis.set(
        title=f"{'in' if title == 'water' else 'on'} {title}",
        xlabel="mm (head to the left)", yticks=[], ylabel="time, downwards", xlim=(-0.2, 1.2),
    )  # fmt: skip


def _kymograph(drawn: Figure, axis: Axes, results: Results, medium: int, title: str) -> None:
    time, bend = results.array("gaits/time"), bending(results.array("gaits/length")[medium])
    span = 3.0 if title == "water" else 7.0
    shown = time >= time[-1] - span
    most = float(np.abs(bend[shown]).max())
    image = axis.pcolormesh(
        time[shown], np.arange(bend.shape[1]), bend[shown].T, cmap=DIVERGING, vmin=-most, vmax=most,
        rasterized=True, shading="nearest",
    )  # fmt: skip
    axis.invert_yaxis()
    axis.set(
        xlabel="time (s)",
        ylabel="segment, head first",
        title=f"bending {'in' if title == 'water' else 'on'} {title}",
    )
    drawn.colorbar(image, ax=axis)


def _media(axis: Axes, results: Results, name: str, label: str) -> None:
    axis.plot(results.array("gaits/medium"), results.array(f"gaits/{name}"), "o-", color=GREY, markersize=4)
    axis.set(xlabel="medium, from water (0) to agar (1)", ylabel=label, ylim=(0, None))


def _lesions(axis: Axes, results: Results) -> None:
    names, speed = results.array("lesions/lesion"), MM * results.array("lesions/speed")
    place = np.arange(len(names))
    for k, (label, colour) in enumerate((("water", WATER), ("agar", AGAR))):
        axis.barh(place + 0.4 * k - 0.2, speed[:, k], 0.38, color=colour, label=label)
    axis.set_yticks(place, ["no lesion", *(str(name) for name in names[1:])])
    axis.invert_yaxis()
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set(xlabel="forward speed (mm/s)")
    axis.legend(frameon=False, loc="lower right")


def _paths(axis: Axes, results: Results) -> None:
    centre = MM * results.array("recovery/centre")[:, 1, 0]
    for path, colour, label in zip(centre, (PALE, AGAR), ("no rule", "homeostatic gain"), strict=True):
        axis.plot(*path.T, color=colour, label=label)
    axis.plot(*centre[0, 0], "o", color="black", markersize=4)
    axis.set_aspect("equal", adjustable="datalim")
    axis.set(xlabel="x (mm)", ylabel="y (mm)", title="way on agar")
    axis.legend(frameon=False)


def _speeds(axis: Axes, results: Results) -> None:
    speed, factors = MM * results.array("recovery/speed"), results.array("recovery/factor")
    moments = np.arange(speed.shape[-1])
    for medium, colour in enumerate((WATER, AGAR)):
        for k, mark in zip(range(len(factors)), "os^v", strict=False):
            for rule, line in enumerate(("--", "-")):
                axis.plot(moments, speed[rule, medium, k], f"{mark}{line}", color=colour, markersize=4)
    for mark, factor in zip("os^v", factors, strict=False):
        axis.plot([], [], mark, color=GREY, markersize=4, label=f"dorsal side at {factor:g}")
    for line, label in (("--", "no rule"), ("-", "homeostatic gain")):
        axis.plot([], [], line, color=GREY, label=label)
    axis.set_xticks(moments, ["before", "just after", "at the end"])
    axis.set(ylabel="forward speed (mm/s)", xlim=(-0.2, len(moments) - 0.8))
    axis.legend(frameon=False, fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.12))


def movie(config: Any, results: Results) -> FuncAnimation:
    """Return the worm in water and on agar, in real time."""
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure

    time = results.array("gaits/time")
    stride = max(round(FRAME / (time[1] - time[0])), 1)
    drawn = Figure(figsize=(7.5, 4.2), layout="constrained")
    worms = []
    for axis, medium, title, colour in zip(
        drawn.subplots(2, 1), (0, -1), ("in water", "on agar"), (WATER, AGAR), strict=True
    ):
        rods = results.array("gaits/rods")[medium]
        (shape,) = axis.fill(*outline(rods[0]).T, color=colour)
        axis.set_aspect("equal")
        axis.set(xlim=(-1.7, 1.2), ylim=(-0.4, 0.7), title=title, xlabel="mm")
        worms.append((shape, rods))

    def draw(frame: int) -> list[Any]:
        for shape, rods in worms:
            shape.set_xy(outline(rods[frame]))
        return [shape for shape, _ in worms]

    return FuncAnimation(drawn, draw, frames=range(0, len(time), stride), interval=1e3 * FRAME, blit=False)
