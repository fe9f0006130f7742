"""Double descent needs an optimiser that gets far: a plastic read-out on fixed random features."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import optax
from matplotlib.figure import Figure

from neurosim.circuits.perceptron import Perceptron
from neurosim.experiment import (
    Claim,
    Data,
    Experiment,
    Results,
    RunContext,
    Stage,
    at_most,
    ordering,
    setting,
)
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Phase, Shuffled
from neurosim.palette import PALE, colour
from neurosim.plot.axes import letters, plain_logarithmic
from neurosim.rng import generator

CITATION = "Liu, Flanigan 2023, Understanding the role of optimization in double descent, arXiv 2312.03951"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2312.03951", "kind": "paper-ordering"}


@dataclass(frozen=True)
class Config:
    """Settings; samples, features and noise are of this project."""

    dimensions: int = setting(20, "dimensions of the input", low=1)
    samples: int = setting(100, "training samples", low=4)
    features: tuple[int, ...] = setting((20, 50, 80, 100, 125, 200, 400, 800), "random features", low=1)
    noise: float = setting(0.5, "standard deviation of the noise of the targets", low=0.0)
    steps: tuple[int, ...] = setting(
        (100, 10_000, 1_000_000), "steps of gradient descent, closed form", low=1
    )
    trained: int = setting(200, "steps that are also trained, to check the closed form", low=1)
    tests: int = setting(2000, "test samples, without noise", low=10)
    seeds: int = setting(5, "draws of data and features", low=1)


def data(config: Config, seed: int, number: int) -> tuple[np.ndarray, ...]:
    """Return inputs and targets, of training and of test, the latter without noise."""
    rng = generator(seed, f"double descent {number}")
    beta = rng.normal(size=config.dimensions) / config.dimensions**0.5
    x = rng.normal(size=(config.samples, config.dimensions))
    y = x @ beta + config.noise * rng.normal(size=config.samples)
    tests = rng.normal(size=(config.tests, config.dimensions))
    return x, y, tests, tests @ beta


def errors(
    features: np.ndarray, y: np.ndarray, tests: np.ndarray, targets: np.ndarray, steps: float
) -> list[float]:
    """Return the errors of training and test after steps of gradient descent from 0 with rate 1/s_1^2, by the SVD.

    w = V diag((1 - (1 - s^2/s_1^2)^steps)/s) U^T y, for features F = U diag(s) V^T.
    """
    u, s, vt = np.linalg.svd(features, full_matrices=False)
    filtered = -np.expm1(steps * np.log1p(-np.minimum((s / s[0]) ** 2, 1 - 1e-16))) / s
    w = vt.T @ (filtered * (u.T @ y))
    return [float(np.mean((features @ w - y) ** 2)), float(np.mean((tests @ w - targets) ** 2))]


def sweep(config: Config, run: RunContext, count: int, stage: Stage) -> dict[str, Data]:
    """Measure networks of one number of features: closed form for each number of steps, and a training."""
    layers = Perceptron((config.dimensions, count, 1), gain=1.0)
    model = network_model(layers.network(), ("to_y.w",), steps=1, dtype="float64")
    found, trained = [], []
    for number in range(config.seeds):
        x, y, tests, targets = data(config, run.seed, number)
        seed = 1000 * run.seed + number
        weights = np.asarray(model.initial(seed)["to_h1.w"]).reshape(config.dimensions, count)
        features, seen = np.maximum(x @ weights, 0), np.maximum(tests @ weights, 0)
        found.append([errors(features, y, seen, targets, t) for t in (*config.steps, np.inf)])
        # The loss is a mean over samples: its gradient is 2/n F^T (F w - y).
        rate = config.samples / (2 * np.linalg.norm(features, 2) ** 2)
        batch = {"inputs": {"x": x}, "target": y[:, None, None]}
        learner = Learner(
            model,
            Descend(mean_square("y.output"), optax.sgd(1.0)),
            batches=Shuffled(batch, len(x)),
            every=1000,
        )
        zero = {"to_y.w": np.zeros((1, count))}
        w = learner.train(config.trained, seed, vary=zero, phase=Phase(rates={"to_y.w": rate})).last["to_y.w"]
        trained.append(
            [np.mean((seen @ w - targets) ** 2), errors(features, y, seen, targets, config.trained)[1]]
        )
        stage(number + 1, config.seeds, "draws")
    dims = ("seed", "steps", "part")
    return {
        "error": Data(
            np.array(found), dims, "", "mean square error: of training with noise, of test without"
        ),
        "steps": Data(np.array([*config.steps, np.inf]), ("steps",), "", "steps of gradient descent"),
        "trained": Data(
            np.array(trained), ("seed", "way"), "", "test error of a training, and in closed form"
        ),
    }


def run(config: Config, run: RunContext) -> None:
    """Measure each number of features."""
    run.cite(CITATION)
    for count in config.features:
        run.stage(f"features_{count}", partial(sweep, config, run, count))


def table(config: Config, results: Results) -> np.ndarray:
    """Return the errors (features, seed, steps, part)."""
    return np.array([results.array(f"features_{count}/error") for count in config.features])


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge where there is a peak, and what training error it needs."""
    test, at = table(config, results)[..., 1], config.features.index(config.samples)
    peak = test[at] / np.maximum(test[0], test[-1])
    worst = {f"{t:g} steps": float(p) for t, p in zip((*config.steps, np.inf), peak.min(0), strict=True)}
    statement = "The peak where there are as many features as samples needs an optimiser that gets far: "
    statement += "test error there over the greater one of both ends, in the seed where it is smallest"
    yield ordering("peak-needs-steps", statement, **ABSTRACT, measured=dict(reversed(worst.items())))
    statement = (
        "After the fewest steps no seed has a peak: test error there over the greater one of both ends"
    )
    yield at_most("no-peak-early", statement, **ABSTRACT, expected=1.0, measured=float(peak[:, 0].max()))
    trained = np.array([results.array(f"features_{count}/trained") for count in config.features])
    yield at_most(
        "closed-form", "Trained networks have the test error of the closed form: largest relative difference",
        source="theory of gradient descent on squares", kind="theory", expected=1e-6,
        measured=float(np.abs(trained[..., 0] / trained[..., 1] - 1).max()),
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: errors of test and training against the number of features."""
    drawn = Figure(figsize=(8, 3.4), layout="constrained")
    axes, found = drawn.subplots(1, 2), table(config, results)
    for part, (one, name) in enumerate(zip(axes, ("training", "test"), strict=True)):
        for k, steps in enumerate((*config.steps, np.inf)):
            each = found[:, :, k, part]
            one.plot(config.features, each, ".", color=colour(k), alpha=0.35, markersize=4)
            label = "minimum norm" if np.isinf(steps) else f"{steps:,} steps"
            one.plot(config.features, np.median(each, axis=1), color=colour(k), label=label)
        one.axvline(config.samples, color=PALE, linestyle=":", linewidth=1)
        one.set(yscale="log", xlabel="random features", ylabel=f"{name} error")
        plain_logarithmic(one.xaxis)
    axes[0].set_ylim(bottom=1e-4)
    axes[1].legend(frameon=False)
    letters(axes)
    return drawn


experiment = Experiment(
    name="dynamics_double_descent",
    title="Double descent needs an optimiser that gets far",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
