"""Hierarchical polynomials: a learner that goes layer by layer finds the inner feature, a kernel does not."""

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
    at_least,
    at_most,
    setting,
)
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Shuffled
from neurosim.palette import colour
from neurosim.plot.axes import letters, plain_logarithmic
from neurosim.rng import generator

CITATION = (
    "Nichani, Damian, Lee 2023, Provable guarantees for nonlinear feature learning in three-layer networks, "
)
CITATION += "NeurIPS, arXiv 2305.06986"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2305.06986", "kind": "paper-ordering"}
ARMS = ("kernel", "layerwise", "layerwise, one step")


@dataclass(frozen=True)
class Config:
    """Settings; dimension and target are of this project."""

    dimensions: int = setting(14, "dimensions of the input", low=2)
    samples: tuple[int, ...] = setting((200, 400, 800, 1200), "training samples", low=20)
    tests: int = setting(2000, "test samples", low=100)
    bound: float = setting(2.5, "the target is clip(p, +-bound)^3/3, p the hidden quadratic feature", low=0.1)
    degrees: tuple[int, ...] = setting((2, 4, 6), "degrees of the kernel, of which the best counts", low=1)
    ridges: tuple[float, ...] = setting(
        (1e-3, 1e-2, 1e-1, 1.0), "ridges of the kernel, of which the best counts", low=0.0
    )
    outer: int = setting(5, "degree of the polynomial of the learned feature", low=1)
    seeds: int = setting(5, "draws of feature and data", low=1)


def products(x: np.ndarray) -> np.ndarray:
    """Return the quadratic features x_i x_j, i <= j, less their means 1 for i = j."""
    i, j = np.triu_indices(x.shape[1])
    return x[:, i] * x[:, j] - (i == j)


def kernel_error(
    config: Config, x: np.ndarray, y: np.ndarray, tests: np.ndarray, targets: np.ndarray
) -> float:
    """Return the relative test error of the best ridge regression, by these tests, with kernels (1 + x x'/d)^degree."""
    errors = []
    for degree in config.degrees:
        k = (1 + x @ x.T / x.shape[1]) ** degree
        seen = (1 + tests @ x.T / x.shape[1]) ** degree
        for ridge in config.ridges:
            w = np.linalg.solve(k + ridge * np.eye(len(x)), y - y.mean())
            errors.append(np.mean((seen @ w + y.mean() - targets) ** 2))
    return float(min(errors) / targets.var())


def measure(config: Config, run: RunContext, count: int, stage: Stage) -> dict[str, Data]:
    """Learn from a number of samples in each way."""
    d = config.dimensions
    layers = Perceptron((d * (d + 1) // 2, 1))
    model = network_model(layers.network(), layers.weights, steps=1, dtype="float64")
    errors, found = [], []
    for number in range(config.seeds):
        rng = generator(run.seed, f"polynomials {number}")
        a = rng.normal(size=(d, d))
        a = (a + a.T) / 2
        a -= np.trace(a) / d * np.eye(d)
        a /= 2**0.5 * np.linalg.norm(a)  # the variance of x^T A x is 2 |A|^2
        x, tests = rng.normal(size=(max(config.samples), d))[:count], rng.normal(size=(config.tests, d))
        hidden = [np.einsum("ni,ij,nj->n", rows, a, rows) for rows in (x, tests)]
        y, targets = (np.clip(p, -config.bound, config.bound) ** 3 / 3 for p in hidden)
        phi, seen = products(x), products(tests)
        ridge = np.linalg.solve(phi.T @ phi + np.eye(phi.shape[1]), phi.T @ (y - y.mean()))
        batch = {"inputs": {"x": phi}, "target": (y - y.mean())[:, None, None]}
        learner = Learner(
            model, Descend(mean_square("y.output"), optax.sgd(0.5)), batches=Shuffled(batch, count)
        )
        zero = {"to_y.w": np.zeros((1, phi.shape[1]))}
        step = learner.train(1, run.seed, vary=zero).last["to_y.w"]
        row, alike = [kernel_error(config, x, y, tests, targets)], []
        for w in (ridge, step):
            inner, outer = phi @ w, seen @ w
            scale = inner.std()
            fit = np.polynomial.Polynomial.fit(inner / scale, y, config.outer)
            limits = np.array([inner.min(), inner.max()]) / scale  # no extrapolation
            row.append(float(np.mean((fit(np.clip(outer / scale, *limits)) - targets) ** 2) / targets.var()))
            alike.append(float(np.corrcoef(outer, hidden[1])[0, 1]))
        errors.append(row)
        found.append(alike)
        stage(number + 1, config.seeds, "draws")
    return {
        "error": Data(
            np.array(errors), ("seed", "arm"), "", "mean square error over the variance of the target"
        ),
        "correlation": Data(
            np.array(found), ("seed", "way"), "", "of the learned feature with the hidden one"
        ),
        "arm": Data(np.array(ARMS), ("arm",), "", "how it is learned"),
    }


def run(config: Config, run: RunContext) -> None:
    """Learn from each number of samples."""
    run.cite(CITATION)
    for count in config.samples:
        run.stage(f"samples_{count}", partial(measure, config, run, count))


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge feature and error."""
    found = np.array([results.array(f"samples_{n}/error") for n in config.samples])
    alike = np.array([results.array(f"samples_{n}/correlation") for n in config.samples])
    yield at_least(
        "feature", "The learned feature is more like the hidden one with more samples: least gain of correlation from "
        "the fewest to the most, over seeds", **ABSTRACT, expected=0.0,
        measured=float((alike[-1, :, 0] - alike[0, :, 0]).min()),
        note=f"means {', '.join(f'{value:.2f}' for value in alike[..., 0].mean(1))}",
    )  # fmt: skip
    yield at_most(
        "layerwise", f"With {config.samples[-1]} samples the error is below the kernel's: greatest ratio over seeds",
        **ABSTRACT, expected=1.0, measured=float((found[-1, :, 1] / found[-1, :, 0]).max()),
        note="degree and ridge of the kernel are the best on the test set",
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: error and correlation against the number of samples."""
    drawn = Figure(figsize=(8.2, 3.4), layout="constrained")
    axes = drawn.subplots(1, 2)
    found = np.array([results.array(f"samples_{n}/error") for n in config.samples])
    alike = np.array([results.array(f"samples_{n}/correlation") for n in config.samples])
    for k, arm in enumerate(ARMS):
        axes[0].plot(config.samples, found[..., k], ".", color=colour(k), markersize=4)
        axes[0].plot(config.samples, found[..., k].mean(1), color=colour(k), label=arm)
        if k:
            axes[1].plot(config.samples, alike[..., k - 1], ".", color=colour(k), markersize=4)
            axes[1].plot(config.samples, alike[..., k - 1].mean(1), color=colour(k), label=arm)
    for one in axes:
        plain_logarithmic(one.xaxis)
        one.set(xlabel="training samples", ylim=(0, None))
    axes[0].set_ylabel("test error over variance")
    axes[1].set_ylabel("correlation with the hidden feature")
    axes[0].legend(frameon=False)
    letters(axes)
    return drawn


experiment = Experiment(
    name="dynamics_polynomials",
    title="Hierarchical polynomials, layer by layer",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
