"""The figure of the study of homeostatic learning rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.homeostatic_rate.claims import arms, last
from neurosim.experiments.homeostatic_rate.config import Config
from neurosim.palette import BLUE, GREEN, GREY, PALE, VERMILION
from neurosim.plot.axes import letters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {"constant": BLUE, "walk": GREEN, "homeostatic": VERMILION, "whole": GREY}
NAMES = {
    "constant": "constant",
    "walk": "random walk",
    "homeostatic": "homeostatic",
    "whole": "whole batches",
}


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy over epochs and learning rates with most swaps, accuracy against swaps and rates."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(10, 6.6), layout="constrained")
    axes = drawn.subplots(2, 2)
    most = max(config.swaps)
    for arm, shade in COLOURS.items():
        for one, name in ((axes[0, 0], "online"), (axes[0, 1], "rate")):
            values = results.array(f"{arm}_{most}/{name}")
            epochs = np.arange(1, values.shape[1] + 1)
            one.plot(epochs, values.T, color=shade, linewidth=0.4, alpha=0.5)
            one.plot(epochs, values.mean(0), color=shade, label=NAMES[arm])
        ends = [last(results, arm, swaps) for swaps in config.swaps]
        places = np.arange(len(config.swaps))
        axes[1, 0].plot(places, ends, ".", color=shade, markersize=4, alpha=0.5)
        axes[1, 0].plot(places, np.mean(ends, 1), "o-", color=shade, label=NAMES[arm])
    axes[0, 0].set(xlabel="epoch", ylabel="accuracy before updates", title=f"{most} swaps in an epoch")
    axes[0, 1].set(xlabel="epoch", ylabel="learning rate", yscale="log", title=f"{most} swaps in an epoch")
    axes[1, 0].set_xticks(range(len(config.swaps)), [str(swaps) for swaps in config.swaps])
    axes[1, 0].set(xlabel="swaps in an epoch", ylabel="accuracy, last epoch")
    axes[0, 0].legend(frameon=False, fontsize=8)
    factors = {"constant": 1.0, **dict(zip(list(arms(config))[1:], config.factors, strict=False))}
    styles = ("o-", "s--", "^:", "d-.")
    for number, swaps in enumerate(config.swaps):
        means = [float(last(results, arm, swaps).mean()) for arm in factors]
        rates = config.rate * np.array(list(factors.values()))
        style = styles[number % len(styles)]
        axes[1, 1].plot(rates, means, style, color=BLUE, markersize=4, label=f"{swaps} swaps")
        for arm in ("homeostatic", "whole"):
            rate = float(results.array(f"{arm}_{swaps}/rate").mean())
            axes[1, 1].plot(
                max(rate, 1e-5), last(results, arm, swaps).mean(), style[0], color=COLOURS[arm], markersize=5
            )
    axes[1, 1].plot([], [], color=PALE, label="blue: constant")
    axes[1, 1].set(xscale="log", xlabel="learning rate (mean over epochs)", ylabel="accuracy, last epoch")
    axes[1, 1].legend(frameon=False, fontsize=8)
    letters(axes.flat)
    return drawn
