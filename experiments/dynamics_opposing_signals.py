"""Opposing signals in outliers and the edge of stability: a linear network of two layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
import optax
from matplotlib.figure import Figure

from neurosim.analysis.learning import sharpness
from neurosim.circuits.perceptron import Perceptron
from neurosim.engines.jax.precision import precision
from neurosim.experiment import (
    Claim,
    Data,
    Experiment,
    Results,
    RunContext,
    Stage,
    at_least,
    at_most,
    setting,
)
from neurosim.learning.bptt import Model, Objective, mean_square, network_model
from neurosim.learning.protocol import Descend, Evaluation, Every, Learner, Phase, Shuffled
from neurosim.palette import colour
from neurosim.plot.axes import letters
from neurosim.rng import generator

CITATION = "Rosenfeld, Risteski 2024, Outliers with opposing signals, ICLR, arXiv 2311.04163"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2311.04163", "kind": "paper-ordering"}
GROUPS = ("up", "down")
ENTRY = 0.1  # standard deviation of the initial weights


@dataclass(frozen=True)
class Config:
    """Settings; the task is this project's smallest one with opposing signals."""

    samples: int = setting(400, "samples", low=20)
    outliers: int = setting(40, "samples with the large feature, half of them with each target", low=2)
    ordinary: int = setting(10, "dimensions with an ordinary, linear target", low=1)
    large: float = setting(20.0, "square of the large feature, and of its target", low=0.0)
    hidden: int = setting(20, "hidden units", low=1)
    rates: tuple[float, ...] = setting((0.1, 0.38, 0.42, 0.5), "learning rates", low=1e-3)
    steps: int = setting(400, "steps of gradient descent on all samples", low=10)
    every: int = setting(2, "steps between measurements", low=1)
    seeds: int = setting(5, "draws of data and weights", low=1)


def data(config: Config, seed: int, number: int) -> dict[str, dict[str, Any]]:
    """Return inputs and targets of all samples, and of the two groups of outliers."""
    rng = generator(seed, f"opposing signals {number}")
    x = rng.normal(size=(config.samples, config.ordinary + 1)) / 10**0.5
    y = x[:, :-1] @ rng.normal(size=config.ordinary)
    out, x[:, -1] = np.arange(config.outliers), 0
    x[out, -1], y[out] = config.large**0.5, config.large**0.5 * np.where(out % 2, -1, 1)
    chosen: dict[str, Any] = {"all": slice(None), "up": out[::2], "down": out[1::2]}
    return {name: {"inputs": {"x": x[rows]}, "target": y[rows, None, None]} for name, rows in chosen.items()}


def descend(config: Config, run: RunContext, rate: float, stage: Stage) -> dict[str, Data]:
    """Follow sharpness and losses of groups at one learning rate."""
    layers = Perceptron(
        (config.ordinary + 1, config.hidden, 1),
        "identity",
        (ENTRY * (config.ordinary + 1) ** 0.5, ENTRY * config.hidden**0.5),
    )
    model = network_model(layers.network(), layers.weights, steps=1, dtype="float64")
    square = mean_square("y.output")
    half = Objective({"square": square}, {"loss": {"square": 0.5}})
    found: dict[str, list[np.ndarray]] = {"sharpness": [], "loss": []}
    learner = None
    for number in range(config.seeds):
        sets = data(config, run.seed, number)
        phase = Phase(batches=Shuffled(sets["all"], config.samples), rates={"*": rate})
        learner = learner or Learner(
            model,
            Descend(half, optax.sgd(1.0)),
            batches=Shuffled(sets["all"], config.samples),
            every=config.every,
        )
        measured = {
            name: Evaluation(Shuffled(of, len(of["target"])), {"loss": square}, Every(config.every))
            for name, of in sets.items()
        }
        points: list[Any] = []
        training: Any = None
        for step in range(0, config.steps + 1, config.every):
            training = learner.train(
                step, 1000 * run.seed + number, after=training, phase=phase, evaluations=measured
            )
            points.append(training.last)
        several = {name: np.array([point[name] for point in points]) for name in layers.weights}
        found["sharpness"].append(_sharpness(model, sets["all"], square, several))
        found["loss"].append(
            np.array([0.5 * training.measures(name).values["loss"].ravel() for name in sets])
        )
        stage(number + 1, config.seeds, "draws")
    return {
        "sharpness": Data(
            np.array(found["sharpness"]), ("seed", "step"), "", "largest eigenvalue of the Hessian"
        ),
        "loss": Data(np.array(found["loss"]), ("seed", "group", "step"), "", "half the mean square error"),
        "group": Data(np.array(["all", *GROUPS]), ("group",), "", "which samples"),
        "step": Data(np.arange(0, config.steps + 1, config.every), ("step",), "", "step of gradient descent"),
    }


def _sharpness(model: Model, batch: Any, square: Any, several: dict[str, np.ndarray]) -> np.ndarray:
    def loss(weights: Any) -> Any:
        outcome = model.outcome({**model.initial(0), **weights}, batch, jax.random.key(0))
        return 0.5 * square(outcome, batch)

    with precision("float64"):
        return np.asarray(sharpness(loss, several, several=True))


def run(config: Config, run: RunContext) -> None:
    """Descend at each learning rate."""
    run.cite(CITATION)
    for number, rate in enumerate(config.rates):
        run.stage(f"rate_{number}", partial(descend, config, run, rate))


def gap(losses: np.ndarray) -> np.ndarray:
    """Return |log of the ratio of the losses of the two groups|, from losses (seed, group, step)."""
    return np.abs(np.log(losses[:, 1] / losses[:, 2]))


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge progressive sharpening, and what happens at the edge."""
    first, last = np.argmin(config.rates), np.argmax(config.rates)
    slow = results.array(f"rate_{first}/sharpness")
    yield at_least(
        "sharpening", "At the smallest rate sharpness grows while the ordinary signal is learned: final over initial, "
        "least of the seeds", **ABSTRACT, expected=2.0, measured=float((slow[:, -1] / slow[:, 0]).min()),
        note="2 is this project's bound",
    )  # fmt: skip
    yield at_most(
        "balanced", "Below the edge the groups of outliers come to the same loss: largest |log ratio| at the end",
        **ABSTRACT, expected=0.1, measured=float(gap(results.array(f"rate_{first}/loss"))[:, -1].max()),
        note="0.1 is this project's bound",
    )  # fmt: skip
    edge = 2 / max(config.rates)
    fast, losses = results.array(f"rate_{last}/sharpness"), results.array(f"rate_{last}/loss")
    yield at_least(
        "crossing", "At the largest rate sharpness exceeds 2/rate in every seed: its greatest value over 2/rate",
        **ABSTRACT, expected=1.0, measured=float((fast.max(1) / edge).min()),
    )  # fmt: skip
    yield at_least(
        "opposing", "Then one group has a spike of its loss and the other a dip: largest |log ratio| of their losses, "
        "least of the seeds", **ABSTRACT, expected=0.5, measured=float(gap(losses).max(1).min()),
        note="0.5 is this project's bound",
    )  # fmt: skip
    yield at_most(
        "self-stabilisation", "Afterwards sharpness is below 2/rate: at the end, over 2/rate, greatest of the seeds",
        **ABSTRACT, expected=1.0, measured=float((fast[:, -1] / edge).max()),
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: sharpness at each rate, and losses of the groups at the largest."""
    drawn = Figure(figsize=(9, 3.4), layout="constrained")
    axes, step = drawn.subplots(1, 2), results.array("rate_0/step")
    for number, rate in enumerate(config.rates):
        each = results.array(f"rate_{number}/sharpness")
        axes[0].plot(
            step,
            each.T,
            color=colour(number),
            linewidth=0.8,
            label=[f"rate {rate:g}", *[None] * (len(each) - 1)],
        )
        axes[0].axhline(2 / rate, color=colour(number), linestyle=":", linewidth=1)
    top = 1.3 * float(results.array("rate_0/sharpness").max())
    axes[0].set(xlabel="step", ylabel="sharpness (dotted: 2/rate)", ylim=(0, top))
    axes[0].legend(frameon=False)
    last = int(np.argmax(config.rates))
    for group, name in enumerate(GROUPS, 1):
        each = results.array(f"rate_{last}/loss")[0, group]
        axes[1].plot(step, each, color=colour(group), label=f"outliers with target {name}")
    axes[1].set(
        xlabel="step", ylabel=f"loss of the group, rate {max(config.rates):g}, one seed", yscale="log"
    )
    axes[1].legend(frameon=False)
    letters(axes)
    return drawn


experiment = Experiment(
    name="dynamics_opposing_signals",
    title="Opposing signals in outliers and the edge of stability",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
