"""The figure of the study of quadratic neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.quadratic_neurons.claims import SOLVED
from neurosim.experiments.quadratic_neurons.config import Config
from neurosim.palette import PALE, colour
from neurosim.plot.axes import letters

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: share of starts that learn XOR, accuracy on spirals by ratio and width, the deep network."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(11, 3.6), layout="constrained")
    axes = drawn.subplots(1, 3, width_ratios=(1, 1.3, 1))
    places, names = np.arange(len(config.ratios)), [f"{ratio:g}" for ratio in config.ratios]
    axes[0].bar(places, (results.array("xor/loss") < SOLVED).mean(1), color=colour(0))
    axes[0].set(ylabel="share of starts that learn XOR", ylim=(0, 1.05))
    for number, width in enumerate(config.widths):
        found = results.array(f"spirals_{width}/accuracy")
        at = places + 0.12 * (number - (len(config.widths) - 1) / 2)
        axes[1].plot(at, found, ".", color=colour(number), markersize=4, alpha=0.6)
        mean = np.nan_to_num(found, nan=0.5).mean(1)
        axes[1].plot(at, mean, "o-", color=colour(number), markersize=5, label=f"width {width}")
    axes[1].set(ylabel="test accuracy, two spirals")
    axes[1].legend(frameon=False)
    for one in axes[:2]:
        one.set(xticks=places, xticklabels=names, xlabel="ratio of rates, quadratic over other")
    deep = results.array("deep/accuracy")
    # What failed is drawn at chance, hollow.
    for arm, values in enumerate(deep):
        failed = np.isnan(values)
        axes[2].plot(np.full((~failed).sum(), arm), values[~failed], "o", color=colour(arm), alpha=0.7)
        axes[2].plot(
            np.full(failed.sum(), arm), np.full(failed.sum(), 0.1), "o", color=colour(arm), mfc="none"
        )
    axes[2].axhline(0.1, color=PALE, linestyle=":", linewidth=1)
    arms = [str(name).replace(" ", "\n", 1) for name in results.array("deep/arm")]
    axes[2].set(xticks=range(3), xticklabels=arms, xlim=(-0.5, 2.5), ylim=(0, 1.02))
    axes[2].set(ylabel=f"test accuracy, {config.layers} layers, digits", xlabel="hollow: training failed")
    letters(axes)
    return drawn


__all__ = ["figure"]
