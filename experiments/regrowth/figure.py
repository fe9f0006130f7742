"""The figure of the study of regrowth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.regrowth.claims import plasticity
from neurosim.experiments.regrowth.config import Config
from neurosim.experiments.regrowth.training import METHODS
from neurosim.palette import PALE, colour
from neurosim.plot.axes import letters

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy against density by method; plasticity against the epoch and the rate of a cut."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(12.5, 3.9), layout="constrained")
    axes = drawn.subplots(1, 3)
    found = np.array([results.array(f"sparsity_{n}/accuracy") for n in range(len(config.sparsities))])
    places = np.arange(len(config.sparsities))
    for k, name in enumerate(METHODS):
        shift = 0.04 * (k - len(METHODS) // 2)
        axes[0].plot(places + shift, found[:, k], ".", color=colour(k), markersize=3, alpha=0.5)
        axes[0].plot(places + shift, found[:, k].mean(1), "o-", color=colour(k), markersize=4, label=name)
    axes[0].axhline(results.array("plasticity/dense").mean(), color=PALE, linestyle=":", label="dense")
    axes[0].set_xticks(places, [f"{100 * (1 - s):g}" for s in config.sparsities])
    axes[0].set(xlabel="connections left (%)", ylabel="test accuracy", ylim=(0, 1.02))
    axes[0].legend(frameon=False, fontsize=7)
    change = plasticity(results)
    for one, axis, values, other in (
        (axes[1], "epoch of the cut", config.cuts, 1),
        (axes[2], "share that is cut", config.rates, 0),
    ):
        for regrowth, name in enumerate(("pruned", "pruned, then regrown")):
            mean = change[:, :, regrowth].mean(other)
            one.plot(values, mean, ".", color=colour(regrowth), markersize=3, alpha=0.5)
            one.plot(values, mean.mean(1), "o-", color=colour(regrowth), label=name)
        one.axhline(0, color=PALE, linewidth=0.8)
        one.set(xlabel=axis, ylabel="change of accuracy by a cut")
        one.legend(frameon=False)
    letters(axes)
    return drawn
