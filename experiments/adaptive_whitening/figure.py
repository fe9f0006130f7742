"""The figure of the study of adaptive whitening."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurosim.experiment import Results
from neurosim.experiments.adaptive_whitening.config import Config
from neurosim.experiments.adaptive_whitening.gains import CONTEXTS
from neurosim.experiments.adaptive_whitening.slow import SAME
from neurosim.palette import BLUE, GREEN, PALE, PURPLE, VERMILION
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAMES = {"random": VERMILION, "optimised": GREEN, "spectral": BLUE}


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: gains on line, frames, contexts, hard input, subspace, patches, slow synapses, fields."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(15, 10.5), layout="constrained")
    axes = drawn.subplot_mosaic(
        [
            ["online", "online", "frames", "steps"],
            ["switches", "switches", "ill", "subspace"],
            ["turned", "errors", "aligned", "patches"],
        ]
    )
    _online(axes["online"], config, results)
    _frames(axes["frames"], config, results)
    _steps(axes["steps"], config, results)
    _switches(axes["switches"], config, results)
    _ill(axes["ill"], results)
    _subspace(axes["subspace"], results)
    _turned(axes["turned"], results)
    _errors(axes["errors"], results)
    _aligned(axes["aligned"], results)
    _patches(axes["patches"], results)
    letters(axes.values())
    return drawn


def _online(axis: Axes, config: Config, results: Results) -> None:
    sample, gains = results.array("online/sample"), results.array("online/gain")
    best = results.array("online/optimum")
    colours = (BLUE, VERMILION, GREEN)
    for place, (course, optimum) in enumerate(zip(gains, best, strict=True)):
        at = (sample + place * config.online_samples) / 1e3
        for inter, colour in enumerate(colours):
            axis.plot(at, course[:, :, inter], color=colour, linewidth=0.5, alpha=0.6)
            axis.plot(at[[0, -1]], [optimum[inter]] * 2, color=colour, linestyle="--", linewidth=1.5)
    axis.axvline(config.online_samples / 1e3, color="black", linewidth=0.8, linestyle=":")
    axis.set(
        xlabel="samples (thousands)", ylabel="gain", title="On line in two contexts; dashed, closed form"
    )


def _band(
    axis: Axes, x: NDArray[np.float64], values: NDArray[np.float64], colour: str, label: str | None
) -> None:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=1)
    axis.plot(x, middle, color=colour, label=label)
    axis.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)


def _frames(axis: Axes, config: Config, results: Results) -> None:
    size = config.frame_sizes[0]
    update, error = results.array(f"frames_{size}/update"), results.array(f"frames_{size}/error")
    for values, (name, colour) in zip(error, FRAMES.items(), strict=True):
        _band(axis, update, values, colour, name)
    axis.axhline(config.threshold, color="black", linestyle="--", linewidth=0.8)
    axis.set(xlabel="updates", ylabel="operator error", xscale="log", yscale="log", title="Frames")
    axis.set_ylim(bottom=1e-6)
    axis.legend(frameon=False, loc="lower left")


def _steps(axis: Axes, config: Config, results: Results) -> None:
    steps = results.array(f"frames_{config.frame_sizes[0]}/steps")
    share = (np.arange(steps.shape[1]) + 1) / steps.shape[1]
    for values, colour in zip(steps, FRAMES.values(), strict=True):
        done = np.sort(values[np.isfinite(values)])
        axis.step(
            np.append(done, config.frame_updates),
            np.append(share[: done.size], share[done.size - 1] if done.size else 0),
            where="post",
            color=colour,
        )
    axis.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    axis.set(
        xlabel=f"updates to error {config.threshold:g}",
        ylabel="share of inputs",
        xscale="log",
        title="How long it takes",
    )


def _switches(axis: Axes, config: Config, results: Results) -> None:
    update, error = results.array("switches/update"), results.array("switches/error")
    for place, name in enumerate(CONTEXTS):
        at = update + place * config.switch_updates
        for column, (label, colour) in enumerate(
            (("spectral of both contexts", BLUE), ("random", VERMILION))
        ):
            _band(axis, at, error[place, :, column], colour, None if place else label)
        axis.axvline(place * config.switch_updates, color="black", linewidth=0.8, linestyle=":")
        axis.text(at[len(at) // 2], 0.97, name, transform=axis.get_xaxis_transform(), ha="center", va="top")
    axis.set(xlabel="updates", ylabel="operator error", yscale="log", title="Changing contexts")
    axis.set_ylim(bottom=1e-3)
    axis.legend(frameon=False, loc="lower left", ncols=2)


def _ill(axis: Axes, results: Results) -> None:
    update, values = results.array("ill_conditioned/update"), results.array("ill_conditioned/eigenvalue")
    for course, colour, label in zip(values, (VERMILION, BLUE), ("gains of any sign", "g ≥ 0"), strict=True):
        axis.plot(update, course.reshape(len(update), -1), color=colour, linewidth=0.7)
        axis.plot([], [], color=colour, label=label)
    axis.axhline(1, color="black", linestyle="--", linewidth=0.8)
    axis.set(
        xlabel="updates",
        ylabel="eigenvalues of output",
        xscale="log",
        yscale="log",
        title="Ill-conditioned input",
    )
    axis.legend(frameon=False, loc="center left", fontsize="small")


def _subspace(axis: Axes, results: Results) -> None:
    sample, error = results.array("subspace/sample"), results.array("subspace/error")
    for values, colour, label in zip(error, (BLUE, VERMILION), ("whitened", "normalised"), strict=True):
        _band(axis, sample, values, colour, label)
    axis.set(xlabel="samples", ylabel="error of the subspace", yscale="log", title="Principal subspace")
    axis.legend(frameon=False)


def _turned(axis: Axes, results: Results) -> None:
    basis, start, learned = (results.array(f"contexts/{name}")[0] for name in ("basis", "start", "weights"))
    for vectors, colour, style, label in (
        (basis, "black", "--", "shared by contexts"),
        (start, PALE, "-", "at the start"),
        (learned, BLUE, "-", "learned"),
    ):
        for place, (x, y) in enumerate(vectors.T):
            axis.plot([-x, x], [-y, y], style, color=colour, label=None if place else label)
    axis.set(aspect="equal", xlabel="neuron 1", ylabel="neuron 2", title="Weights", ylim=(-1.1, 1.9))
    axis.legend(frameon=False, loc="upper left", fontsize="small")


def _errors(axis: Axes, results: Results) -> None:
    width = 2 * SAME
    for name, colour, label in (
        ("contexts_fixed", PALE, "fixed synapses"),
        ("contexts", BLUE, "slow synapses"),
    ):
        error = results.array(f"{name}/error")
        smooth = np.array([np.convolve(one, np.full(width, 1 / width), mode="valid") for one in error.T]).T
        axis.plot(np.arange(len(smooth)) + width / 2, smooth, color=colour, linewidth=0.8)
        axis.plot([], [], color=colour, label=label)
    first, last = error[:SAME].mean(axis=0), error[-SAME:].mean(axis=0)
    for at, values in ((0, first), (len(error), last)):
        axis.plot(np.full(values.size, at), values, "o", color=VERMILION, markersize=4)
    axis.plot([], [], "o", color=VERMILION, markersize=4, label="the same ten contexts")
    axis.set(xlabel="contexts shown", ylabel="error of whitening", title="Fast gains, slow synapses")
    axis.set(yscale="log", ylim=(0.4, 40))
    axis.legend(frameon=False, loc="upper right", fontsize="small")


def _aligned(axis: Axes, results: Results) -> None:
    before, after = results.array("repeated/alignment").T
    for pair in zip(before, after, strict=True):
        axis.plot([0, 1], pair, color=BLUE, linewidth=0.6, alpha=0.6)
    course = results.array("fields/alignment")
    shown = np.linspace(2, 3, len(course))
    axis.plot(shown, course, color=GREEN, linewidth=0.8)
    axis.set(ylabel="mean |cos| to the shared basis", title="What synapses turn to", ylim=(0.3, 1.02))
    axis.set_xticks([0, 1, 2, 3], ["start", "end", "start", "end"])
    axis.text(0.5, 0.33, "two neurons", ha="center", color=BLUE)
    axis.text(2.5, 0.33, "patches", ha="center", color=GREEN)


def _patches(axis: Axes, results: Results) -> None:
    error = results.array("fields/error").mean(axis=2)
    names = [str(name) for name in results.array("fields/arm")]
    before = results.array("fields/before")
    table = [before, *error]
    for at, values in enumerate(table):
        axis.plot(np.full(values.size, at), values, ".", color=PALE)
        axis.plot(
            [at - 0.3, at + 0.3],
            [np.median(values)] * 2,
            color=(PURPLE, VERMILION, GREEN, BLUE)[at],
            linewidth=2.5,
        )
    axis.set(yscale="log", ylabel="spectral error", title="New contexts of patches")
    axis.set_xticks(range(len(table)), ["input", *names])
