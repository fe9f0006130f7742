"""The figure of the study of grokking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.grokking.claims import delays
from neurosim.experiments.grokking.config import Config
from neurosim.palette import PALE, colour
from neurosim.plot.axes import letters, plain_logarithmic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: errors of one draw over steps; delays against alpha and epsilon; alignments."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(10.5, 6.4), layout="constrained")
    axes = drawn.subplots(2, 2)
    alpha, epsilon = (results.array(f"draw_0/{name}") for name in ("alpha", "epsilon"))
    lazy, curved = np.flatnonzero(epsilon == config.epsilon), np.flatnonzero(alpha == config.alpha)
    _errors(axes[0, 0], results, lazy, alpha)
    delay = delays(config, results)
    for one, arms, values, name in (
        (axes[0, 1], lazy, alpha, f"laziness α (ε = {config.epsilon:g})"),
        (axes[1, 0], curved, epsilon, f"curvature ε (α = {config.alpha:g})"),
    ):
        arms = arms[np.argsort(values[arms])]
        one.plot(values[arms], delay[:, arms].T, color=PALE, linewidth=0.7)
        one.plot(values[arms], delay[:, arms].mean(0), "o-", color=colour(0), label="mean of draws")
        # No delay can be shown where an error has not fallen.
        scale = "log" if (delay[:, arms] > 0).any() else "linear"
        one.set(yscale=scale, xlabel=name, ylabel="delay of the test error (steps)")
        plain_logarithmic(one.xaxis)
        one.legend(frameon=False)
    _alignments(axes[1, 1], config, results, lazy, alpha)
    letters(axes.flat)
    return drawn


def _errors(axes: Axes, results: Results, arms: np.ndarray, alpha: np.ndarray) -> None:
    step, error = results.array("draw_0/step"), results.array("draw_0/error")
    variance = results.array("draw_0/variance")
    for place, arm in enumerate(arms):
        for part, style in enumerate((":", "-")):
            label = f"α = {alpha[arm]:g}" if part else None
            share = error[part, arm] / variance[part]
            axes.plot(step, share, style, color=colour(place), label=label)
    axes.plot([], [], ":", color=PALE, label="training")
    axes.plot([], [], "-", color=PALE, label="test")
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="error over variance of the target")
    axes.set_ylim(1e-3, 3)
    axes.legend(frameon=False, loc="lower left", ncols=2)


def _alignments(axes: Axes, config: Config, results: Results, arms: np.ndarray, alpha: np.ndarray) -> None:
    arms = arms[np.argsort(alpha[arms])]
    every = np.array([results.array(f"draw_{n}/target_alignment")[arms] for n in range(config.seeds)])
    for moment, name in enumerate(("start", "end")):
        axes.plot(alpha[arms], every[..., moment].T, color=colour(moment), linewidth=0.7, alpha=0.5)
        axes.plot(alpha[arms], every[..., moment].mean(0), "o-", color=colour(moment), label=name)
    axes.set(yscale="log", xlabel="laziness α", ylabel="alignment of kernel and target")
    plain_logarithmic(axes.xaxis)
    axes.legend(frameon=False)
