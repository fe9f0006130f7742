"""Clauses about one run: it finishes, changes something, and keeps the bounds."""

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
    """What the rule is meant to change has changed after one of several random runs.

    That is the weight, every gain and offset of a neuron rule, or a variable behind what a synapse transmits. A change
    in one run is enough, since a random drive may lack what a rule waits for, and a rule that never does anything is
    caught by all of them.
    """
    seeds = range(trial.seed + 1, trial.seed + SEEDS)
    left = list(trial.purposes)
    for one in (trial, *(Trial(trial.rule, trial.host, trial.engines, seed) for seed in seeds)):
        moved = _changed(one)
        left = [names for names in left if moved.isdisjoint(names)]
        if not left:
            return ""
    unmoved = " and ".join(" or ".join(names) for names in left)
    broken(f"{unmoved} did not change in {STEPS * DT}: check the equations and the default learning rate")


def _changed(trial: Trial) -> set[str]:
    before, after = trial.before(trial.network()), trial.values(trial.finished(trial.reference))
    return {name for name in before if not np.array_equal(before[name], after[name])}


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
