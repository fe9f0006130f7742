"""Pruning in three regimes: load and temperature, the density of the weights and the size of batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
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
    at_most,
    not_tested,
    setting,
)
from neurosim.learning.bptt import accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Shuffled
from neurosim.palette import colour
from neurosim.plot.axes import plain_logarithmic

CITATION = "Zhou, Yang, Chang, Mahoney 2023, A three-regime model of network pruning, ICML, arXiv 2305.18383"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2305.18383", "kind": "paper-ordering"}


@dataclass(frozen=True)
class Config:
    """Settings; network and data are this project's smallest ones."""

    hidden: int = setting(64, "hidden units", low=1)
    batches: tuple[int, ...] = setting((8, 32, 128, 512), "images per update; small is hot", low=1)
    epochs: int = setting(40, "epochs of training, the same for every size of batches", low=1)
    rate: float = setting(0.05, "learning rate", low=1e-4)
    densities: tuple[float, ...] = setting(
        (1.0, 0.5, 0.2, 0.1, 0.05, 0.025), "shares of weights that are kept", low=1e-3, high=1.0
    )
    seeds: int = setting(5, "initial weights", low=1)


def magnitude(weights: dict[str, np.ndarray], density: float) -> dict[str, np.ndarray]:
    """Return weights (seeds, edges) with all but the largest of each network set to 0, over all layers together."""
    every = np.concatenate([np.abs(w) for w in weights.values()], axis=1)
    bound = np.quantile(every, 1 - density, axis=1, keepdims=True)
    return {name: np.where(np.abs(w) >= bound, w, 0) for name, w in weights.items()}


def prune(config: Config, run: RunContext, size: int, stage: Stage) -> dict[str, Data]:
    """Train with one size of batches, prune once without retraining, and measure."""
    train, test = digits().split(1437, run.seed)
    layers = Perceptron((64, config.hidden, 10))
    model = network_model(layers.network(), (*layers.weights, *layers.biases), steps=1)
    batches = Shuffled(train.batch("x"), min(size, len(train)))
    learner = Learner(
        model, Descend(softmax_cross_entropy("y.output"), optax.sgd(config.rate)), batches=batches
    )
    seeds = [1000 * run.seed + n for n in range(config.seeds)]
    training = learner.train(
        config.epochs * batches.per_epoch, seeds, progress=lambda p: stage(p.step, p.steps, "updates")
    )
    whole = [
        Evaluation(
            Shuffled(data.batch("x"), len(data)),
            {"accuracy": accuracy("y.output"), "loss": softmax_cross_entropy("y.output")},
        )
        for data in (train, test)
    ]
    found = []
    for density in config.densities:
        kept = magnitude({name: training.last[name] for name in layers.weights}, density)
        pruned = learner.train(0, seeds, vary={**training.last, **kept})
        found.append([learner.evaluate(pruned, of)["accuracy"] for of in whole])
    return {
        "accuracy": Data(np.array(found), ("density", "part", "seed"), "", "accuracy: training, test"),
        "density": Data(np.array(config.densities), ("density",), "", "share of weights that are kept"),
        "loss": Data(
            learner.evaluate(training, whole[0])["loss"], ("seed",), "", "training loss before pruning"
        ),
    }


def run(config: Config, run: RunContext) -> None:
    """Train and prune with each size of batches."""
    run.cite(CITATION)
    for size in config.batches:
        run.stage(f"batch_{size}", partial(prune, config, run, size))


def test_accuracy(config: Config, results: Results) -> np.ndarray:
    """Return test accuracy (batch sizes, densities, seeds)."""
    return np.array([results.array(f"batch_{size}/accuracy")[:, 1] for size in config.batches])


def effect(found: np.ndarray) -> np.ndarray:
    """Return accuracy of the hottest minus that of the coldest training (densities, seeds)."""
    return found[0] - found[-1]


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge whether the effect of temperature changes with load."""
    found = test_accuracy(config, results)
    change = effect(found)
    low = config.densities.index(0.5) if 0.5 in config.densities else 0
    noise = float(found[:, low].std(axis=1).max())
    yield at_most(
        "low-load", "At a density of one half temperature has no effect: |difference| of mean accuracies of the "
        "smallest and the largest batches", **ABSTRACT, expected=max(0.02, 2 * noise),
        measured=float(abs(change[low].mean())),
        note="0.02 or two standard deviations over seeds",
    )  # fmt: skip
    losses = ", ".join(f"{n}: {results.array(f'batch_{n}/loss').mean():.3g}" for n in config.batches)
    mean = change.mean(1)
    if len(mean) < 2 or not np.isfinite(mean).all():
        yield not_tested(
            "sign", "The effect changes its sign", **ABSTRACT, expected="signs differ", why="one density"
        )
        return
    yield at_most(
        "sign", "The effect of temperature changes its sign as density falls: least mean effect (hot minus cold) times "
        "the greatest, over densities", **ABSTRACT, expected=-1e-4, measured=float(mean.min() * mean.max()),
        note=f"a product below -1e-4 counts; training losses before pruning, by size of batches: {losses}",
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: test accuracy against density for each size of batches."""
    drawn, found = Figure(figsize=(5, 3.6), layout="constrained"), test_accuracy(config, results)
    axes = drawn.subplots()
    for k, size in enumerate(config.batches):
        axes.plot(config.densities, found[k], ".", color=colour(k), markersize=4, alpha=0.4)
        axes.plot(config.densities, found[k].mean(1), color=colour(k), label=f"{size}")
    plain_logarithmic(axes.xaxis)
    axes.set(xlabel="share of weights kept (low load: right)", ylabel="test accuracy", ylim=(0, 1.02))
    axes.legend(frameon=False, title="images per update")
    return drawn


experiment = Experiment(
    name="dynamics_pruning_regimes",
    title="Pruning in three regimes",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
