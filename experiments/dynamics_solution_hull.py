"""Preferences between tasks without training: mixtures of the solutions of two tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optax
from matplotlib.figure import Figure

from neurosim.circuits.perceptron import Perceptron
from neurosim.datasets import digits
from neurosim.experiment import (
    Claim,
    Data,
    Experiment,
    Results,
    RunContext,
    Stage,
    at_least,
    not_tested,
    ordering,
    setting,
)
from neurosim.learning.bptt import accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase, Shuffled
from neurosim.palette import PALE, colour

CITATION = "Lu, Jayaraman et al. 2023, IBCL: zero-shot model generation for task trade-offs, arXiv 2305.14782"
OWN: dict[str, Any] = {"source": "this project", "kind": "own"}


@dataclass(frozen=True)
class Config:
    """Settings; the method's distributions over solutions are replaced by the solutions themselves."""

    hidden: int = setting(64, "hidden units", low=1)
    first: int = setting(1000, "updates on the first task", low=1)
    second: int = setting(200, "updates on the second task", low=1)
    rate: float = setting(0.1, "learning rate", low=1e-4)
    preferences: tuple[float, ...] = setting(
        (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0),
        "shares of the second solution",
        low=0.0,
        high=1.0,
    )
    seeds: int = setting(5, "initial weights", low=1)


def mix(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Learn two tasks one after the other and measure mixtures of the two solutions on both."""
    sets = []
    for part in digits().split(1437, run.seed):
        for low in (0, 5):
            rows = np.flatnonzero((part.labels >= low) & (part.labels < low + 5))
            sets.append(
                replace(part, images=part.images[rows], labels=part.labels[rows] - low, classes=5).batch("x")
            )
    layers = Perceptron((64, config.hidden, 5))
    model = network_model(layers.network(), (*layers.weights, *layers.biases), steps=1)
    shuffled = [Shuffled(batch, 64) for batch in sets[:2]]
    learner = Learner(
        model, Descend(softmax_cross_entropy("y.output"), optax.sgd(config.rate)), batches=shuffled[0]
    )
    seeds = [1000 * run.seed + n for n in range(config.seeds)]
    one = learner.train(config.first, seeds)
    two = learner.train(config.first + config.second, after=one, phase=Phase(batches=shuffled[1]))
    tests = [
        Evaluation(Shuffled(batch, len(batch["label"])), {"it": accuracy("y.output")}) for batch in sets[2:]
    ]
    found = []
    for number, share in enumerate(config.preferences):
        mixed = {name: (1 - share) * one.last[name] + share * two.last[name] for name in one.last}
        training = learner.train(0, seeds, vary=mixed)
        found.append([learner.evaluate(training, test)["it"] for test in tests])
        stage(number + 1, len(config.preferences), "mixtures")
    return {
        "accuracy": Data(np.array(found), ("preference", "task", "seed"), "", "test accuracy"),
        "preference": Data(np.array(config.preferences), ("preference",), "", "share of the second solution"),
    }


def run(config: Config, run: RunContext) -> None:
    """Learn and mix."""
    run.cite(CITATION)
    run.stage("mixtures", lambda stage: mix(config, run, stage))


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the front of mixtures."""
    found = results.array("mixtures/accuracy")
    steps = np.diff(found.mean(2), axis=0)
    yield at_least(
        "front", "Mixtures lie on a monotone front: smallest gain on the second task, and loss on the first, from one "
        "preference to the next, means over seeds", **OWN, expected=0.0,
        measured=float(min(steps[:, 1].min(), (-steps[:, 0]).min())),
    )  # fmt: skip
    both = found.mean(1)
    half = int(np.argmin(np.abs(np.array(config.preferences) - 0.5)))
    better = float(np.minimum(both[half] - both[0], both[half] - both[-1]).min())
    yield at_least(
        "middle", "The equal mixture has a higher mean accuracy over both tasks than either end: least difference over "
        "seeds", **OWN, expected=0.0, measured=better,
    )  # fmt: skip
    yield ordering(
        "means", "Mean accuracy over tasks and seeds", **OWN,
        measured={"equal mixture": float(both[half].mean()), "second solution": float(both[-1].mean()),
                  "first solution": float(both[0].mean())},
    )  # fmt: skip
    yield not_tested(
        "rehearsal", "The method does better than rehearsal", source="abstract, arXiv 2305.14782",
        kind="paper-ordering", expected="above", why="there is no distribution over solutions here",
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy on both tasks along the mixtures."""
    drawn, found = Figure(figsize=(4.4, 3.8), layout="constrained"), results.array("mixtures/accuracy")
    axes = drawn.subplots()
    axes.plot(found[:, 0], found[:, 1], color=PALE, linewidth=0.7)
    mean = found.mean(2)
    axes.plot(mean[:, 0], mean[:, 1], "o-", color=colour(0), label="mean over seeds")
    for share, (x, y) in zip(config.preferences, mean, strict=True):
        axes.annotate(f"{share:g}", (x, y), xytext=(5, 4), textcoords="offset points", fontsize=8)
    axes.set(
        xlabel="accuracy, digits 0 to 4", ylabel="accuracy, digits 5 to 9", xlim=(0, 1.08), ylim=(0, 1.08)
    )
    axes.legend(frameon=False, loc="lower left", title="numbers: share of the second solution")
    return drawn


experiment = Experiment(
    name="dynamics_solution_hull",
    title="Preferences between tasks from a hull of solutions",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
