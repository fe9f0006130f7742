"""The figure of the study of predicted credit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.predicted_credit.config import Config
from neurosim.experiments.predicted_credit.modulated import CREDITS
from neurosim.experiments.predicted_credit.recall import ARMS, EPOCHS
from neurosim.palette import PALE, colour
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLOCKS = 20


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: errors of recall, cosines at the cuts, and learning by local rules."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(13, 3.8), layout="constrained")
    recall, cosines, local = drawn.subplots(1, 3)
    parts = (np.arange(EPOCHS) + 0.5) / EPOCHS
    for k, segment in enumerate(config.segments):
        error = results.array(f"segment_{segment}/mean_square")
        for arm, name in enumerate(ARMS):
            style = {"color": colour(k), "linestyle": (":", "-")[arm]}
            label = f"cut after {segment}, {'no module' if name == 'none' else 'module'}"
            recall.semilogy(parts, error[arm].T, alpha=0.25, linewidth=0.7, **style)
            recall.semilogy(parts, error[arm].mean(0), label=label, **style)
        cosine = results.array(f"segment_{segment}/cosine")[1]
        cosines.plot(parts, cosine.T, ".", color=colour(k), markersize=4, alpha=0.6)
        cosines.plot(parts, cosine.mean(0), color=colour(k), label=f"cut after {segment}")
    recall.set(xlabel="share of the training", ylabel="mean squared error", xlim=(0, 1))
    recall.legend(frameon=False, fontsize=7)
    cosines.axhline(0, color=PALE, linewidth=0.8)
    cosines.set(
        xlabel="share of the training", ylabel="cosine, predicted and true", xlim=(0, 1), ylim=(-0.3, 1)
    )
    cosines.legend(frameon=False, fontsize=7)
    errors = results.array("modulated/error")
    for k, name in enumerate(CREDITS):
        blocks = np.stack(
            [part.mean(-1) for part in np.array_split(errors[k], min(BLOCKS, config.patterns), axis=-1)]
        )
        at = (np.arange(len(blocks)) + 0.5) / len(blocks) * config.patterns
        local.semilogy(at, blocks, color=colour(k), alpha=0.25, linewidth=0.7)
        local.semilogy(at, blocks.mean(1), color=colour(k), label=f"{name} credit")
    local.set(xlabel="patterns shown", ylabel="squared error", title="local rules")
    local.title.set_fontsize(9)
    local.legend(frameon=False, fontsize=7)
    letters((recall, cosines, local))
    return drawn
