"""What the paper claims about homeostatic learning rates, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.paired import paired
from neurosim.experiment import Claim, Results, at_least, not_tested, ordering
from neurosim.experiments.homeostatic_rate.config import Config

Array = NDArray[np.float64]
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2205.08645", "kind": "paper-ordering"}
RULES = {"homeostatic": "the published rule", "whole": "the variant with the gradient of whole batches"}


def arms(config: Config) -> dict[str, str]:
    """Return the arms as they are called in results, and in words."""
    constant = {f"constant_{factor:g}".replace(".", "p"): f"{factor:g} times" for factor in config.factors}
    return {"constant": "constant", **constant, "walk": "random walk", **RULES}


def last(results: Results, arm: str, swaps: int) -> Array:
    """Return the share of images that was right before its update in the last epoch, of each seed."""
    found: Array = results.array(f"{arm}_{swaps}/online")[:, -1]
    return found


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge rules against the same constant rate, the best constant rate and a random walk."""
    about = f"{config.data}, {config.images} images, {config.epochs} epochs, {config.seeds} seeds"
    shifts = [swaps for swaps in sorted(config.swaps) if swaps]
    for rule, words in RULES.items():
        gains = {
            swaps: last(results, rule, swaps) - last(results, "constant", swaps) for swaps in config.swaps
        }
        if 0 in gains:
            yield at_least(
                f"{rule}-unimpaired", f"Without swaps, {words} does not impair learning: accuracy minus that with the "
                "constant rate; -0.01 counts as none", **ABSTRACT, expected=-0.01, measured=float(gains[0].mean()),
                note=_told(results, rule, 0, about),
            )  # fmt: skip
        for swaps in shifts:
            yield at_least(
                f"{rule}-gain-{swaps}", f"With {swaps} swaps in an epoch, {words} is more accurate than the constant "
                "rate: mean difference", **ABSTRACT, expected=0.0, measured=float(gains[swaps].mean()),
                note=_told(results, rule, swaps, about),
            )  # fmt: skip
        if len(shifts) > 1:
            yield ordering(
                f"{rule}-grows", f"What {words} gains grows with the number of swaps: mean difference of accuracy",
                **ABSTRACT, measured={f"{swaps}": float(gains[swaps].mean()) for swaps in reversed(shifts)},
            )  # fmt: skip
    constants = [name for name in arms(config) if name.startswith("constant")]
    for swaps in shifts:
        best = max(constants, key=lambda name: float(last(results, name, swaps).mean()))
        yield at_least(
            f"best-constant-{swaps}", f"With {swaps} swaps in an epoch, the published rule is as accurate as the best "
            "of the constant rates that were tried: mean difference", **ABSTRACT, expected=0.0,
            measured=float((last(results, "homeostatic", swaps) - last(results, best, swaps)).mean()),
            note=f"{best.replace('_', ' times ')}; " + ", ".join(
                f"{words} {last(results, name, swaps).mean():.3f}" for name, words in arms(config).items()
            ),
        )  # fmt: skip
    yield not_tested(
        "seasons", "The gain is there when the rate of swaps changes too", **ABSTRACT, expected="above constant",
        why="how it changes is not in the authors' code",
    )  # fmt: skip


def _told(results: Results, rule: str, swaps: int, about: str) -> str:
    name = f"{rule}_{swaps}"
    takes, decisions = (results.array(f"{name}/{which}")[:, -1].mean() for which in ("takes", "decisions"))
    pair = paired(last(results, rule, swaps), last(results, "constant", swaps))
    rate = results.array(f"{name}/rate")[:, -1].mean()
    return (
        f"{about}; last epoch; {last(results, rule, swaps).mean():.3f}, constant "
        f"{last(results, 'constant', swaps).mean():.3f}; difference {pair}; takes {takes:.0f} of {decisions:.0f}; "
        f"learning rate at the end {rate:.4f}"
    )
