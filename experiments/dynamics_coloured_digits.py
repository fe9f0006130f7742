"""Rich features on coloured digits: what one training misses, a second finds, and an invariant read-out needs both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
from neurosim.learning.bptt import Objective, network_model
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase, Shuffled
from neurosim.palette import PALE, colour
from neurosim.rng import generator

CITATION = (
    "Zhang, Lopez-Paz, Bottou 2022, Rich feature construction for the optimization-generalization dilemma, "
)
CITATION += "ICML, arXiv 2203.15516"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2203.15516", "kind": "paper-ordering"}
ARMS = ("trained as usual", "invariant read-out, usual features", "invariant read-out, rich features")


@dataclass(frozen=True)
class Config:
    """Settings; digits of 8 x 8 pixels stand for the paper's."""

    agreements: tuple[float, ...] = setting(
        (0.9, 0.8), "colour agrees with the label, by training environment", low=0.0, high=1.0
    )
    test: float = setting(0.1, "colour agrees with the label in the test environment", low=0.0, high=1.0)
    noise: float = setting(0.25, "labels that are wrong", low=0.0, high=0.5)
    hidden: int = setting(64, "hidden units", low=2)
    updates: int = setting(300, "updates of each training", low=1)
    rate: float = setting(0.1, "learning rate", low=1e-4)
    penalty: float = setting(50.0, "weight of the variance of losses over environments", low=0.0)
    seeds: int = setting(5, "draws of colours and noise, and initial weights", low=1)


def coloured(data: Any, agreement: float, noise: float, draw: np.random.Generator) -> dict[str, Any]:
    """Return digits in one of two channels, whether they are above 4 with noise, as label."""
    label = (data.labels > 4) ^ (draw.random(len(data)) < noise)
    channel = label ^ (draw.random(len(data)) >= agreement)
    x = np.zeros((len(data), 2, data.rows.shape[1]))
    x[np.arange(len(data)), channel.astype(int)] = data.rows
    return {"inputs": {"x": x.reshape(len(data), -1)}, "label": label.astype(np.int32)}


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return environments as one set, with the number of each in 'place'."""
    sizes = [len(part["label"]) for part in parts]
    return {
        "inputs": {"x": np.concatenate([part["inputs"]["x"] for part in parts])},
        "label": np.concatenate([part["label"] for part in parts]),
        "place": np.repeat(np.arange(len(parts), dtype=np.int32), sizes),
        "weight": np.ones(sum(sizes), np.float32),
        "other": np.zeros(sum(sizes), np.int32),
    }


def cross_entropy(outcome: Any, batch: Any, head: int = 0, name: str = "label") -> Any:
    """Return the loss of each sample by one head (two outputs)."""
    logits = outcome["y.output"][:, -1, 2 * head : 2 * head + 2]
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch[name])


def weighted(outcome: Any, batch: Any) -> Any:
    """Return the mean loss of the first head, with weights of samples."""
    return (batch["weight"] * cross_entropy(outcome, batch)).sum() / batch["weight"].sum()


def variance(outcome: Any, batch: Any, count: int) -> Any:
    """Return the variance over environments of their mean losses (V-REx)."""
    member = jax.nn.one_hot(batch["place"], count)
    means = (member * cross_entropy(outcome, batch)[:, None]).sum(0) / jnp.maximum(member.sum(0), 1)
    return jnp.var(means)


def distilled(outcome: Any, batch: Any) -> Any:
    """Return the loss of two heads on the labels that two other networks gave."""
    return (cross_entropy(outcome, batch) + cross_entropy(outcome, batch, 1, "other")).mean()


class Study:
    """Trainings of one draw."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run
        layers = Perceptron((128, config.hidden, 4))
        terms: dict[str, Any] = {
            "weighted": weighted,
            "variance": partial(variance, count=len(config.agreements)),
            "distilled": distilled,
        }
        self.objective = Objective(terms, {"loss": dict.fromkeys(terms, 0.0)})
        self.model = network_model(layers.network(), (*layers.weights, *layers.biases), steps=1)
        self.learner: Learner | None = None

    def train(
        self, seed: int, data: dict[str, Any], start: Any = None, frozen: bool = False, **weights: float
    ) -> Any:
        """Return a training with weights of terms; frozen, with hidden features as they are."""
        stream = Shuffled(data, 256)
        if self.learner is None:
            self.learner = Learner(
                self.model, Descend(self.objective, optax.sgd(self.config.rate)), batches=stream, every=1000
            )
        loss = {"weighted": 0.0, "variance": 0.0, "distilled": 0.0, **weights}
        rates = {"to_h1.w": 0.0, "h1.bias": 0.0} if frozen else {}
        vary = None if start is None else {name: value[None] for name, value in start.items()}
        phase = Phase(batches=stream, losses={"loss": loss}, rates=rates)
        return self.learner.train(self.config.updates, seed, vary=vary, phase=phase)

    def predicted(self, training: Any, data: dict[str, Any]) -> np.ndarray:
        """Return the labels that a training gives."""
        assert self.learner is not None
        each = {"it": lambda outcome, _: outcome["y.output"][:, -1, :2].argmax(-1)}
        found = self.learner.evaluate(training, Evaluation(Shuffled(data, len(data["label"])), each))["it"]
        return np.asarray(found).reshape(-1).astype(np.int32)

    def accuracies(self, stage: Stage) -> dict[str, Data]:
        """Return test accuracies of the arms for each draw."""
        config, found = self.config, []
        train, test = digits().split(1437, self.run.seed)
        for number in range(config.seeds):
            draw, seed = generator(self.run.seed, f"colours {number}"), 1000 * self.run.seed + number
            parts = np.array_split(np.arange(len(train)), len(config.agreements))
            data = joined(
                [
                    coloured(train._chosen(rows, "environment"), p, config.noise, draw)
                    for rows, p in zip(parts, config.agreements, strict=True)
                ]
            )
            tests = joined([coloured(test, config.test, config.noise, draw)])
            usual = self.train(seed, data, weighted=1.0)
            first = self.predicted(usual, data)
            wrong = first != data["label"]
            share = np.where(wrong, 0.5 / max(wrong.sum(), 1), 0.5 / max((~wrong).sum(), 1)) * len(wrong)
            second = self.train(seed, {**data, "weight": share.astype(np.float32)}, weighted=1.0)
            both = {**data, "label": first, "other": self.predicted(second, data)}
            rich = self.train(seed, both, distilled=1.0)
            row = [usual]
            for features in (usual, rich):
                read = {
                    **features.last,
                    "to_y.w": 0 * features.last["to_y.w"],
                    "y.bias": 0 * features.last["y.bias"],
                }
                row.append(self.train(seed, data, read, True, weighted=1.0, variance=config.penalty))
            found.append([float((self.predicted(one, tests) == tests["label"]).mean()) for one in row])
            stage(number + 1, config.seeds, "draws")
        return {
            "accuracy": Data(np.array(found), ("seed", "arm"), "", "test accuracy"),
            "arm": Data(np.array(ARMS), ("arm",), "", "how it was trained"),
        }


def run(config: Config, run: RunContext) -> None:
    """Train and measure."""
    run.cite(CITATION)
    run.stage("coloured", Study(config, run).accuracies)


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge rich features where colour misleads."""
    found = results.array("coloured/accuracy")
    for k in (0, 1):
        yield at_least(
            f"rich-{k}", f"Where colour misleads, '{ARMS[2]}' is above '{ARMS[k]}': mean difference of accuracy",
            **ABSTRACT, expected=0.0, measured=float((found[:, 2] - found[:, k]).mean()),
            note=f"above in {int((found[:, 2] > found[:, k]).sum())} of {len(found)} draws; means "
            f"{found[:, 2].mean():.3f}, {found[:, k].mean():.3f}",
        )  # fmt: skip
    yield at_least(
        "above-chance", f"'{ARMS[2]}' is above chance: least accuracy over draws", **ABSTRACT, expected=0.5,
        measured=float(found[:, 2].min()), note=f"without colour at most {1 - config.noise:g}",
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: test accuracy by arm."""
    drawn, found = Figure(figsize=(5.4, 3.2), layout="constrained"), results.array("coloured/accuracy")
    axes = drawn.subplots()
    axes.plot(found.T, range(3), ".-", color=PALE, linewidth=0.7)
    axes.plot(found.mean(0), range(3), "o", color=colour(0), markersize=9)
    axes.axvline(0.5, color=PALE, linestyle=":", linewidth=1)
    axes.set(
        yticks=range(3),
        yticklabels=ARMS,
        ylim=(2.4, -0.4),
        xlabel="accuracy where colour misleads",
        xlim=(0, 1),
    )
    return drawn


experiment = Experiment(
    name="dynamics_coloured_digits",
    title="Rich features on coloured digits",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
