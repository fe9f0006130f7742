"""Shifting tasks by concatenated representations: several small networks or one large one, probed on a new task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import optax
from matplotlib.figure import Figure

from neurosim.circuits.perceptron import Perceptron
from neurosim.datasets import DataSet, digits
from neurosim.experiment import (
    Claim,
    Data,
    Experiment,
    Results,
    RunContext,
    Stage,
    at_least,
    ordering,
    setting,
)
from neurosim.learning.bptt import accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Shuffled
from neurosim.palette import PALE, colour

CITATION = "Zhang, Bottou 2022, Learning useful representations for shifting tasks and distributions, arXiv 2212.07346"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2212.07346", "kind": "paper-ordering"}
ARMS = ("one small", "concatenated", "one large")
OLD, NEW = range(5), range(5, 10)


@dataclass(frozen=True)
class Config:
    """Settings; networks and task are of this project."""

    parts: int = setting(5, "small networks that are concatenated", low=2)
    hidden: tuple[int, ...] = setting((32, 16), "hidden layers of a small network", low=1)
    large: tuple[int, ...] = setting((160, 80), "hidden layers of the large network", low=1)
    steps: int = setting(1000, "updates on the old task", low=1)
    rate: float = setting(0.1, "learning rate", low=1e-4)
    batch: int = setting(64, "images per update", low=1)
    examples: int = setting(100, "examples of the new task", low=10)
    ridge: float = setting(0.01, "ridge of the probe", low=0.0)
    seeds: int = setting(5, "repetitions", low=1)


def task(data: DataSet, classes: range) -> DataSet:
    """Return the images of some classes, with labels from 0."""
    rows = np.flatnonzero(np.isin(data.labels, classes))
    return data.changed(
        f"classes {classes[0]} to {classes[-1]}",
        images=data.images[rows],
        labels=data.labels[rows] - classes[0],
        classes=len(classes),
    )


def probed(
    seen: np.ndarray, labels: np.ndarray, tests: np.ndarray, targets: np.ndarray, ridge: float
) -> float:
    """Return the accuracy of ridge regression on one-hot targets, with a constant input."""
    a, b = (np.column_stack([rows, np.ones(len(rows))]) for rows in (seen, tests))
    w = np.linalg.solve(a.T @ a + ridge * np.eye(a.shape[1]), a.T @ np.eye(len(NEW))[labels])
    return float(((b @ w).argmax(1) == targets).mean())


def learn(
    config: Config, run: RunContext, hidden: tuple[int, ...], count: int, stage: Stage
) -> dict[str, Data]:
    """Train `count` networks on the old task and show them the new one."""
    train, test = digits().split(1437, run.seed)
    layers = Perceptron((64, *hidden, len(OLD)))
    top = layers.layers[-2]
    model = network_model(layers.network((top, "y")), (*layers.weights, *layers.biases), steps=1)
    old = task(train, OLD)
    learner = Learner(
        model,
        Descend(softmax_cross_entropy("y.output"), optax.sgd(config.rate)),
        batches=Shuffled(old.batch("x"), min(config.batch, len(old))),
    )
    seeds = [1000 * run.seed + number for number in range(count)]
    training = learner.train(config.steps, seeds, progress=lambda p: stage(p.step, p.steps, "updates"))

    def shown(data: DataSet, measure: Any) -> np.ndarray:
        return learner.evaluate(training, Evaluation(Shuffled(data.batch("x"), len(data)), {"it": measure}))[
            "it"
        ]

    def features(outcome, batch):  # type: ignore[no-untyped-def]
        return outcome[f"{top}.output"][:, -1]

    few = [task(train, NEW).some(config.examples, 1000 * run.seed + n) for n in range(config.seeds)]
    dims = ("network", "sample", "feature")
    return {
        "accuracy": Data(shown(task(test, OLD), accuracy("y.output")), ("network",), "", "test accuracy, old task"),
        "tests": Data(
            shown(task(test, NEW), features),
            ("network", "test", "feature"), "", "representation of test images of the new task",
        ),
        "examples": Data(
            np.stack([shown(data, features) for data in few]),
            ("seed", *dims), "", "representation of the examples of the new task",
        ),
        "labels": Data(np.array([data.labels for data in few]), ("seed", "sample"), "", "labels of the examples"),
        "targets": Data(task(test, NEW).labels, ("test",), "", "labels of the test images"),
    }  # fmt: skip


def run(config: Config, run: RunContext) -> None:
    """Train, then probe, every arm with the same examples."""
    run.cite(CITATION)
    small = run.stage("small", partial(learn, config, run, config.hidden, config.parts * config.seeds))
    large = run.stage("large", partial(learn, config, run, config.large, config.seeds))

    def probe(stage: Stage) -> dict[str, Data]:
        found = []
        for n in range(config.seeds):
            group = range(n * config.parts, (n + 1) * config.parts)
            arms = ((small, group[:1]), (small, group), (large, [n]))
            row = []
            for of, chosen in arms:
                seen, tests = (
                    np.concatenate(list(of[name].array[where]), axis=-1)
                    for name, where in (("examples", (n, list(chosen))), ("tests", list(chosen)))
                )
                row.append(probed(seen, of["labels"].array[n], tests, of["targets"].array, config.ridge))
            found.append(row)
        return {
            "accuracy": Data(np.array(found), ("seed", "arm"), "", "test accuracy of the probe, new task")
        }

    run.stage("probe", probe)


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge what concatenation brings."""
    found = results.array("probe/accuracy")
    old = min(float(results.array(f"{arm}/accuracy").min()) for arm in ("small", "large"))
    yield at_least(
        "old-task", "Every network has learned the old task: least test accuracy", source="this project",
        kind="own", expected=0.97, measured=old,
    )  # fmt: skip
    wins = float((found[:, 1] > found[:, 0]).mean())
    yield at_least(
        "above-small", "Concatenated representations carry the new task better than a small network's: share of seeds",
        **ABSTRACT, expected=1.0, measured=wins,
    )  # fmt: skip
    yield ordering(
        "above-large", "They carry it better than those of one network of the concatenated width: mean accuracy",
        **ABSTRACT, measured={ARMS[k]: float(found[:, k].mean()) for k in (1, 2)},
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy of the probe by arm, a line for each seed."""
    drawn, found = Figure(figsize=(4.6, 3.4), layout="constrained"), results.array("probe/accuracy")
    axes = drawn.subplots()
    axes.plot(range(3), found.T, ".-", color=PALE, linewidth=0.7)
    axes.plot(range(3), found.mean(0), "o", color=colour(0), markersize=9, label="mean")
    axes.set(
        xticks=range(3), xticklabels=ARMS, xlim=(-0.3, 2.3), ylabel="accuracy of a probe of the new task"
    )
    axes.legend(frameon=False)
    return drawn


experiment = Experiment(
    name="dynamics_concatenated",
    title="Concatenated representations for shifting tasks",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
