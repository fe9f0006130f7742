"""Bi-level pruning: weights under a mask, and scores of the mask, descend in turn on two halves of each batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from matplotlib.figure import Figure

from neurosim.circuits.perceptron import Perceptron
from neurosim.datasets import digits
from neurosim.experiment import Claim, Data, Experiment, Results, RunContext, Stage, at_least, setting
from neurosim.learning.bptt import Model, Objective, accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase, Shuffled, Stages
from neurosim.palette import colour
from neurosim.plot.axes import plain_logarithmic

CITATION = "Zhang et al. 2022, Advancing model pruning via bi-level optimization, NeurIPS, arXiv 2210.04092"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2210.04092", "kind": "paper-ordering"}
ARMS = ("one-shot", "iterative", "bi-level")


@dataclass(frozen=True)
class Config:
    """Settings; network and data are this project's smallest ones."""

    hidden: tuple[int, ...] = setting((64, 64), "hidden layers", low=1)
    updates: int = setting(500, "updates before pruning", low=1)
    pruning: int = setting(400, "updates of each arm after it", low=10)
    rounds: int = setting(8, "rounds of iterative pruning", low=1)
    rate: float = setting(0.1, "learning rate of weights", low=1e-4)
    scores: float = setting(10.0, "learning rate of scores", low=0.0)
    densities: tuple[float, ...] = setting(
        (0.1, 0.05, 0.02), "shares of weights that are kept", low=1e-3, high=1.0
    )
    seeds: int = setting(5, "initial weights", low=1)


def masked(model: Model, names: tuple[str, ...]) -> Model:
    """Return a model whose weights act as top-k(score) * w, k of the share 'density' in the batch.

    Forward the mask is 0 or 1, over all layers together; backward a score has the derivative of its mask: dL/d(m w) w.
    """

    def masks(parameters: dict[str, Any], density: Any) -> dict[str, Any]:
        every = jnp.concatenate([jnp.abs(parameters[f"{name}.score"]) for name in names])
        bound = jnp.quantile(every, 1 - density)
        found = {}
        for name in names:
            score = parameters[f"{name}.score"]
            hard = (jnp.abs(score) >= bound).astype(score.dtype)
            found[name] = score + jax.lax.stop_gradient(hard - score)
        return found

    def outcome(parameters: dict[str, Any], batch: Any, key: Any) -> Any:
        m = masks(parameters, batch["density"][0])
        own = {name: value for name, value in parameters.items() if not name.endswith(".score")}
        return model.outcome({**own, **{name: m[name] * own[name] for name in names}}, batch, key)

    def initial(seed: int) -> dict[str, Any]:
        found = model.initial(seed)
        return {**found, **{f"{name}.score": jnp.ones_like(found[name]) for name in names}}

    trainable = (*model.trainable, *(f"{name}.score" for name in names))
    # Scores and weights are free, so that nothing is projected.
    return replace(
        model, initial=initial, outcome=outcome, trainable=trainable, lived=None, learned=None, project=dict
    )


def prune(config: Config, run: RunContext, density: float, stage: Stage) -> dict[str, Data]:
    """Train densely, then prune in three ways from the same weights, on the same batches."""
    train, test = digits().split(1437, run.seed)
    layers = Perceptron((64, *config.hidden, 10))
    names = layers.weights
    model = masked(network_model(layers.network(), (*names, *layers.biases), steps=1), names)
    cross_entropy = softmax_cross_entropy("y.output")

    def half(which: int) -> Any:
        """Return the loss on one half of a batch."""

        def term(outcome: Any, batch: Any) -> Any:
            rows = slice(which * 32, (which + 1) * 32)
            return cross_entropy({"y.output": outcome["y.output"][rows]}, {"label": batch["label"][rows]})

        return term

    def stream(share: float) -> Shuffled:
        return Shuffled({**train.batch("x"), "density": np.full(len(train), share, np.float32)}, 64)

    weights = [*names, *layers.biases]

    def descent(name: str, which: int, rate: float, of: list[str]) -> Descend:
        losses = Objective({name: half(which)}, {name: {name: 1.0}})
        return Descend(losses, optax.sgd(rate), of, name=name)

    learner = Learner(
        model,
        descent("lower", 0, config.rate, weights),
        descent("upper", 1, config.scores, [f"{n}.score" for n in names]),
        batches=stream(1.0),
        every=100,
    )
    fixed = {"*.score": 0.0}
    seeds = [1000 * run.seed + n for n in range(config.seeds)]
    dense = learner.train(config.updates, seeds, phase=Phase(rates=fixed))

    def scored(training: Any) -> Any:
        """Return a training that begins with weights of another, scored by magnitude."""
        scores = {f"{n}.score": np.abs(training.last[n]) for n in names}
        return learner.train(0, seeds, vary={**training.last, **scores})

    sparse = Phase(rates=fixed, batches=stream(density))
    found = {"one-shot": learner.train(config.pruning, after=scored(dense), phase=sparse)}
    training = dense
    for number in range(1, config.rounds + 1):
        share = density ** (number / config.rounds)
        training = learner.train(
            max(config.pruning // config.rounds, 1),
            after=scored(training),
            phase=Phase(rates=fixed, batches=stream(share)),
        )
    found["iterative"] = training
    found["bi-level"] = Stages(learner, [(config.pruning, Phase(batches=stream(density)))]).train(
        seeds, vary={**dense.last, **{f"{n}.score": np.abs(dense.last[n]) for n in names}}
    )
    whole = {**test.batch("x"), "density": np.full(len(test), density, np.float32)}
    test_set = Evaluation(Shuffled(whole, len(test)), {"it": accuracy("y.output")})
    accuracies = np.array([learner.evaluate(found[arm], test_set)["it"] for arm in ARMS])
    return {
        "accuracy": Data(accuracies, ("arm", "seed"), "", "test accuracy"),
        "arm": Data(np.array(ARMS), ("arm",), "", "how it was pruned"),
    }


def run(config: Config, run: RunContext) -> None:
    """Prune to each density."""
    run.cite(CITATION)
    for number, density in enumerate(config.densities):
        run.stage(f"density_{number}", partial(prune, config, run, density))


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge bi-level pruning against pruning by magnitude."""
    for number, density in enumerate(config.densities):
        found = dict(zip(ARMS, results.array(f"density_{number}/accuracy"), strict=True))
        for other in ARMS[:2]:
            yield at_least(
                f"{other}-{number}", f"Bi-level pruning above {other} magnitude pruning at a density of {density:g}: "
                "mean difference of accuracy", **ABSTRACT, expected=0.0,
                measured=float((found["bi-level"] - found[other]).mean()),
                note=", ".join(f"{arm} {value.mean():.3f} ± {value.std():.3f}" for arm, value in found.items()),
            )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy against density for each way of pruning."""
    drawn = Figure(figsize=(4.8, 3.4), layout="constrained")
    axes = drawn.subplots()
    found = np.array([results.array(f"density_{n}/accuracy") for n in range(len(config.densities))])
    for k, arm in enumerate(ARMS):
        axes.plot(config.densities, found[:, k], ".", color=colour(k), markersize=4)
        axes.plot(config.densities, found[:, k].mean(1), color=colour(k), label=arm)
    plain_logarithmic(axes.xaxis)
    axes.set(xlabel="share of weights kept", ylabel="test accuracy")
    axes.legend(frameon=False)
    return drawn


experiment = Experiment(
    name="dynamics_bilevel_pruning",
    title="Bi-level pruning",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
