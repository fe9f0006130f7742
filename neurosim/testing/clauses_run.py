"""Clauses about one run: it comes to its end, changes something, and keeps the bounds."""

from __future__ import annotations

import numpy as np

from neurosim.engines.recordings import Samples
from neurosim.rng import generator
from neurosim.testing.hosts import DT, SOURCES, TARGETS
from neurosim.testing.report import broken
from neurosim.testing.trial import STEPS, Trial

SEEDS = 3


def runs(trial: Trial) -> str:
    """The network runs for 100 ms on every engine and all states stay finite."""
    for engine in trial.engines:
        trial.finished(engine)
    return ""


def changes_something(trial: Trial) -> str:
    """The weight, or the gain or variable of a neuron rule, is not what it was after one of several random runs."""
    seeds = range(trial.seed + 1, trial.seed + SEEDS)
    others = (Trial(trial.rule, trial.host, trial.engines, seed) for seed in seeds)
    if not any(_changed(one) for one in (trial, *others)):
        names = " and ".join(trial.watched) or "nothing to watch"
        broken(f"{names} did not change in {STEPS * DT}: check the equations and the default learning rate")
    return ""


def _changed(trial: Trial) -> bool:
    before, after = trial.before(trial.network()), trial.values(trial.finished(trial.reference))
    return any(not np.array_equal(before[name], after[name]) for name in before)


def keeps_bounds(trial: Trial) -> str:
    """Weights that start at the bounds stay within them at every step of several random runs."""
    if np.isinf(trial.limits).all():
        return "the rule sets no bounds"
    for seed in range(trial.seed, trial.seed + SEEDS):
        lowest, highest = extremes(trial, seed)
        low, high = trial.limits
        if lowest < low or highest > high:
            broken(
                f"weights from {lowest:g} to {highest:g} (SI) outside the bounds [{low:g}, {high:g}]: see `then`"
            )
    return ""


def extremes(trial: Trial, seed: int) -> tuple[float, float]:
    """Return the smallest and the largest weight (SI) of a run that starts with every weight at one of its bounds."""
    weight = np.array(trial.span)[generator(seed, "bounds").integers(0, 2, (TARGETS, SOURCES))]
    simulation = trial.run(trial.reference, trial.network(weight=weight), STEPS, seed)
    recorded = simulation.recordings()["plastic.w"]
    assert isinstance(recorded, Samples)
    seen = np.append(recorded.values, trial.values(simulation)["plastic.w"])
    return float(seen.min()), float(seen.max())
