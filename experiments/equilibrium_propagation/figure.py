"""The figure of the study of equilibrium propagation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosim.experiment import Results
from neurosim.experiments.equilibrium_propagation.config import Config
from neurosim.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LAYERS = (BLUE, GREEN, VERMILION)


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: credit over angles and nudges, learning, symmetry, alignment after learning."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(15, 7.5), layout="constrained")
    axes = drawn.subplot_mosaic(
        [["angles", "responses", "nudges", "asymmetry"], ["learn", "tied", "loop", "after"]]
    )
    _angles(axes["angles"], results)
    _responses(axes["responses"], results)
    _nudges(axes["nudges"], results)
    _symmetry(axes["asymmetry"], results)
    _curves(axes["learn"], results, (("exact", 1, VERMILION, "nudge"), ("exact", 2, BLUE, "nudge and homeostasis"),
                                     ("adjoint", 1, GREY, "back-propagation")), "Weights at 90 degrees")  # fmt: skip
    _curves(axes["tied"], results, (("adjoint", 0, GREY, "back-propagation"), ("exact", 0, BLUE, "exact response"),
                                    ("one_sided", 0, VERMILION, "one nudge"), ("centred", 0, GREEN, "two nudges"),
                                    ("four", 0, PURPLE, "four nudges"), ("on_line", 0, ORANGE, "on line")),
            "Weights tied at the start")  # fmt: skip
    _curves(
        axes["loop"],
        results,
        (("loop", 0, VERMILION, "without"), ("loop", 1, BLUE, "homeostasis")),
        "In a loop",
    )
    _after(axes["after"], results)
    for letter, axis in zip("ABCDEFGH", axes.values(), strict=True):
        axis.set_title(letter, loc="left", fontweight="bold")
    return drawn


def _spread(axis: Axes, x: NDArray[Any], values: NDArray[np.float64], colour: str, label: str) -> None:
    """Draw the mean over seeds (x, seeds) and each seed."""
    axis.plot(x, values, color=colour, linewidth=0.5, alpha=0.4)
    axis.plot(x, values.mean(axis=1), "o-", color=colour, markersize=3.5, label=label)


def _angles(axis: Axes, results: Results) -> None:
    angle, cosine = results.array("angles/angle"), results.array("angles/cosine")
    for layer, colour in enumerate(LAYERS):
        name = str(results.array("angles/layer")[layer])
        _spread(axis, angle, cosine[..., layer], colour, name.replace("layer", "layer "))
    axis.axhline(0, color="black", linewidth=0.8, linestyle=":")
    axis.set(xlabel="angle of weights ahead and back (degrees)", ylabel="cosine with back-propagation")
    axis.set(title="Credit before learning")
    axis.legend(frameon=False)


def _responses(axis: Axes, results: Results) -> None:
    names, cosine = results.array("responses/response"), results.array("responses/cosine")
    for layer, colour in enumerate(LAYERS):
        at = np.arange(len(names)) + 0.18 * (layer - 1)
        axis.plot(at, 1 - cosine[..., layer], ".", color=colour, markersize=5)
        axis.plot(
            at, 1 - cosine[..., layer].mean(axis=1), "_", color=colour, markersize=11, markeredgewidth=2
        )
    axis.set(yscale="log", ylabel="1 - cosine with back-propagation", title="Kinds of response")
    axis.set_xticks(
        range(len(names)), [str(name).replace(" ", "\n", 1).replace("-", "-\n") for name in names]
    )


def _nudges(axis: Axes, results: Results) -> None:
    beta, error = results.array("nudges/beta"), results.array("nudges/error")
    for n, values, colour in zip(
        results.array("nudges/n"), error, (VERMILION, GREEN, BLUE, PURPLE), strict=True
    ):
        _spread(axis, beta, values, colour, f"{n} nudge" + "s" * int(n > 1))
        middle = np.exp(np.log(values[0]).mean())
        axis.plot(beta, middle * (beta / beta[0]) ** n, color="black", linewidth=0.8, linestyle=":")
    axis.set(xscale="log", yscale="log", xlabel="size of the nudge", ylabel="relative error of the response")
    axis.set(title="Nudges; dotted, powers", ylim=(1e-11, None))
    axis.set_xticks(beta, [f"{b:g}" for b in beta], minor=False)
    axis.set_xticks([], minor=True)
    axis.legend(frameon=False, loc="lower right")


def _symmetry(axis: Axes, results: Results) -> None:
    for place, (name, colour) in enumerate((("tied", GREEN), ("random", VERMILION), ("homeostasis", BLUE))):
        course = results.array("exact/symmetry")[place].T
        _spread(axis, np.arange(len(course)), course, colour, name)
    axis.set(xlabel="epochs", ylabel="|S| / (|S| + |A|)", title="Symmetry of connections", ylim=(0.4, 1.02))
    axis.legend(frameon=False, loc="lower right")


def _curves(axis: Axes, results: Results, arms: tuple[tuple[str, int, str, str], ...], title: str) -> None:
    for group, place, colour, label in arms:
        course = results.array(f"{group}/accuracy")[place].T
        _spread(axis, np.arange(len(course)), course, colour, label)
    axis.axhline(0.1, color="black", linewidth=0.8, linestyle=":")
    axis.set(xlabel="epochs", ylabel="accuracy", title=title, ylim=(0, 1))
    axis.legend(frameon=False, fontsize="small")


def _after(axis: Axes, results: Results) -> None:
    arms = [("exact", 0, "tied"), ("exact", 1, "random"), ("exact", 2, "homeo-\nstasis"), ("loop", 0, "loop"),
            ("loop", 1, "loop,\nhomeo-\nstasis")]  # fmt: skip
    for at, (group, place, _) in enumerate(arms):
        for layer, colour in enumerate(LAYERS):
            values = results.array(f"{group}/cosine")[place, :, layer]
            shifted = at + 0.18 * (layer - 1)
            axis.plot(np.full(values.size, shifted), values, ".", color=colour, markersize=5)
            axis.plot(shifted, values.mean(), "_", color=colour, markersize=11, markeredgewidth=2)
    axis.axhline(0, color="black", linewidth=0.8, linestyle=":")
    axis.set_xticks(range(len(arms)), [name for *_, name in arms])
    axis.set(ylabel="cosine with back-propagation", title="Credit after learning")
