"""The figure of the study of induction circuits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.induction.claims import fallen
from neurosim.experiments.induction.config import CLAMPS, PLATEAU, Config
from neurosim.experiments.induction.sequences import SETS
from neurosim.experiments.induction.toy import HELD
from neurosim.palette import GREY, PALE, colour
from neurosim.plot.axes import letters

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: loss with each clamp, when it falls, accuracy on three sets, the toy."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(11, 7), layout="constrained")
    curves, times, sets, toy = drawn.subplots(2, 2).flat
    for k, clamp in enumerate(CLAMPS):
        update = results.array(f"{clamp}/update")
        loss = results.array(f"{clamp}/loss")
        curves.plot(update, loss.T, color=colour(k), linewidth=0.5, alpha=0.5)
        curves.plot(update, loss.mean(0), color=colour(k), label=clamp)
        found = fallen(results, clamp)
        times.plot(np.full(len(found), k), found, "o", color=colour(k))
        for place, accuracy in enumerate(results.array(f"{clamp}/accuracy")):
            at = place + 0.15 * (k - (len(CLAMPS) - 1) / 2)
            sets.plot(np.full(len(accuracy), at), accuracy, ".", color=PALE, markersize=5)
            sets.plot(at, accuracy.mean(), "o", color=colour(k))
    curves.axhline(PLATEAU, color=GREY, linestyle=":")
    curves.annotate(
        "ln 2", (config.iterations, PLATEAU), xytext=(0, 3), textcoords="offset points", ha="right"
    )
    curves.set(xlabel="updates", ylabel="loss", ylim=(0, None))
    curves.legend(frameon=False, title="clamp")
    times.set_xticks(range(len(CLAMPS)), CLAMPS)
    times.set(xlabel="clamp", ylabel="updates until half of ln 2", ylim=(0, None))
    sets.axhline(0.5, color=GREY, linestyle=":")
    sets.set_xticks(range(len(SETS)), SETS)
    sets.set(ylabel="share of right answers", ylim=(0, 1.03))
    loss, slope = results.array("toy/loss"), results.array("toy/slope")
    for k, (name, of) in enumerate(zip(HELD, loss, strict=True)):
        toy.semilogy(of.T / of[:, 0], color=colour(k), linewidth=0.8)
        toy.plot([], [], color=colour(k), label=f"{name} held")
    steps = np.arange(loss.shape[2])
    toy.semilogy(steps, np.exp(slope.mean() * steps), color=GREY, linestyle=":", label="theory, mean slope")
    toy.set(xlabel="updates of the toy", ylabel="loss over that at the start", ylim=(1e-6, 3))
    toy.legend(frameon=False)
    letters((curves, times, sets, toy))
    return drawn
