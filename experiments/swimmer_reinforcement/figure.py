"""The figure of the study of reinforcement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosim.experiment import Results
from neurosim.experiments.swimmer_reinforcement.claims import names, of
from neurosim.experiments.swimmer_reinforcement.config import Config
from neurosim.palette import PALE, colour
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("w_p", "w_o", "w_i", "w_c")


def label(name: str) -> str:
    """Return how a controller is called: 'MLP 64-64' for mlp64."""
    plain = {"circuit": "circuit, 4 weights", "drawn": "circuit, drawn weights"}
    width = name.removeprefix("mlp")
    return plain.get(name, f"MLP {width}-{width}")


def figure(config: Config, results: Results) -> Figure:
    """Return the figure: returns with noise against steps, without noise at the end, weights of the circuit."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(13, 3.9), layout="constrained")
    learning, last, weights = drawn.subplots(1, 3, width_ratios=(1.3, 1, 1))
    arms = names(config)
    for k, name in enumerate(arms):
        steps = of(results, config, name, "steps")[0] / 1e3
        noisy = of(results, config, name, "noisy")
        learning.plot(steps, noisy.T, color=colour(k), alpha=0.3, linewidth=0.8)
        learning.plot(steps, noisy.mean(0), "o-", color=colour(k), markersize=3, label=label(name))
        for mark, shift in ((0, -0.15), (-1, 0.15)):
            returns = of(results, config, name, "returns").mean(-1)[:, mark]
            at = np.full(len(returns), k + shift)
            last.plot(at, returns, "o", color=colour(k), markersize=4, mfc="none" if mark == 0 else colour(k))
    learning.set(xlabel="environment steps (thousands)", ylabel="return with noise", ylim=(-20, 1000))
    learning.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(0, 0.75))
    last.set_xticks(range(len(arms)), [label(name) for name in arms], rotation=30, ha="right", fontsize=8)
    last.set(ylabel="return without noise", ylim=(-20, 1000))
    last.set_title("before (open) and after (filled)", fontsize=9)
    vectors = {name: of(results, config, name, "weights") for name in ("circuit", "drawn")}
    for k in range(len(KINDS)):
        for n, values in enumerate(vectors.values()):
            ends = values[:, [0, -1], k].T
            weights.plot([k - 0.3 + 0.35 * n, k - 0.05 + 0.35 * n], ends, "o-", color=colour(n), markersize=3)
    weights.axhline(0, color=PALE, linewidth=0.8)
    weights.set_xticks(range(len(KINDS)), KINDS)
    weights.set(ylabel="weight", title="weights, before and after")
    weights.title.set_fontsize(9)
    letters((learning, last, weights))
    return drawn
