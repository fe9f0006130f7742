"""A learning rate that homeostasis regulates, against constant rates and a random walk, while labels change."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

import jax
import numpy as np
import optax

from neurosim.circuits.perceptron import Perceptron
from neurosim.datasets import DataSet, digits, fashion_mnist
from neurosim.experiment import Data, Experiment, RunContext, Stage
from neurosim.experiments.homeostatic_rate.claims import claims
from neurosim.experiments.homeostatic_rate.config import BATCH, PRESETS, Config
from neurosim.experiments.homeostatic_rate.figure import figure
from neurosim.experiments.homeostatic_rate.rates import SOURCE, Homeostatic, RandomWalk, Rate
from neurosim.experiments.homeostatic_rate.shift import CLASSES, Shifting
from neurosim.learning.bptt import Objective, accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase, Shuffled, Training
from neurosim.rng import generator


def confusion(outcome: Any, batch: Any) -> Any:
    """Return how many images of each class are taken for each label (classes, labels)."""
    guess = jax.nn.one_hot(outcome["y.output"][:, -1].argmax(-1), CLASSES)
    return jax.nn.one_hot(batch["label"], CLASSES).T @ guess


class Study:
    """The arms of one run: the same networks, images and swaps, with learning rates that differ."""

    def __init__(self, config: Config, run: RunContext) -> None:
        config.require_sense()
        self.config, self.run = config, run
        self.seeds = [1000 * run.seed + n for n in range(config.seeds)]

    @cached_property
    def images(self) -> tuple[DataSet, DataSet]:
        """Images for training and for validation."""
        config, seed = self.config, self.run.seed
        if config.data == "digits":
            train, test = digits().split(config.images, seed)
        else:
            train, test = fashion_mnist(config.folder or None)
        return train.some(config.images, seed), test.some(min(config.validation, len(test)), seed)

    @cached_property
    def layers(self) -> Perceptron:
        """The network: layers of exponential linear units."""
        return Perceptron((self.images[0].rows.shape[1], *self.config.hidden, CLASSES), transfer="elu")

    def stream(self, swaps: int) -> Shifting:
        """Return batches with so many swaps in an epoch."""
        train, count = self.images[0], self.config.images
        interval = count // swaps if swaps else count + 1
        return Shifting(
            train.rows.astype(np.float32), train.labels.astype(np.int32), np.int32(interval), BATCH
        )

    def learner(self, rate: Rate) -> Learner:
        """Return what learns at a rate that a part decides."""
        layers = self.layers
        model = network_model(layers.network(), (*layers.weights, *layers.biases), steps=1)
        terms = {"entropy": softmax_cross_entropy("y.output"), "right": accuracy("y.output")}
        descend = Descend(Objective(terms, {"loss": {"entropy": 1.0}}), optax.sgd(1.0))
        # A loss may well grow when labels swap.
        return Learner(
            model, descend, rate, batches=self.stream(0), every=self.config.images // BATCH, limit=1e30
        )

    def start(self) -> dict[str, np.ndarray]:
        """Return biases, standard normal; weights are those of the network's description."""
        found = {}
        for name, size in zip(self.layers.biases, self.layers.sizes[1:], strict=True):
            found[name] = np.stack(
                [generator(seed, f"start of {name}").normal(size=size) for seed in self.seeds]
            )
        return found

    def arm(self, kind: str, factor: float, swaps: int, stage: Stage) -> dict[str, Data]:
        """Train for all epochs; measure after each."""
        config, per_epoch = self.config, self.config.images // BATCH
        learner, phase = self.learners[kind], Phase(batches=self.stream(swaps), rates={"*": factor})
        valid = self.images[1]
        test = Evaluation(Shuffled(valid.batch("x"), len(valid)), {"confusion": confusion})
        counts = np.bincount(valid.labels, minlength=CLASSES)
        kept = dict(stage.restored() or {})
        rows = [
            list(np.atleast_1d(kept.pop(name, ()))) for name in ("validation", "rate", "takes", "decisions")
        ]
        training = learner.restored(kept) if kept else learner.train(0, self.seeds, vary=self.start())
        for epoch in range(len(rows[0]), config.epochs):
            training = learner.train((epoch + 1) * per_epoch, after=training, phase=phase)
            order, state = (
                np.asarray(training.carry.stream["order"]),
                training.carry.states[learner.parts[-1].name],
            )
            table = learner.evaluate(training, test)["confusion"]
            right = np.take_along_axis(table, order[..., None], 2)[..., 0].sum(1) / counts.sum()
            for row, value in zip(
                rows, (right, state["rate"], state["takes"], state["decisions"]), strict=True
            ):
                row.append(np.asarray(value))
            stage(epoch + 1, config.epochs, "epochs")
            names = ("validation", "rate", "takes", "decisions")
            arrays = {name: np.array(row) for name, row in zip(names, rows, strict=True)}
            stage.checkpoint({**training.arrays(), **arrays})
        return self.measured(training, rows, factor)

    @cached_property
    def learners(self) -> dict[str, Learner]:
        """What learns, by the name of the kind of rate."""
        rate, per_epoch = self.config.rate, self.config.images // BATCH
        kinds = {
            "constant": Rate(rate, per_epoch),
            "walk": RandomWalk(rate, per_epoch),
            "homeostatic": Homeostatic(rate, per_epoch),
            "whole": Homeostatic(rate, per_epoch, whole=True),
        }
        return {name: self.learner(kind) for name, kind in kinds.items()}

    def measured(self, training: Training, rows: list[list[np.ndarray]], factor: float) -> dict[str, Data]:
        """Return accuracies and learning rates of each epoch."""
        online = training.terms["right"].reshape(len(self.seeds), self.config.epochs, -1).mean(2)
        validation, rate, takes, decisions = (np.array(row).T for row in rows)
        dims = ("seed", "epoch")
        return {
            "online": Data(online, dims, "", "share that was right before its update"),
            "validation": Data(
                validation, dims, "", "validation accuracy at the end of an epoch, labels of then"
            ),
            "rate": Data(rate * factor, dims, "", "learning rate at the end of an epoch"),
            "takes": Data(takes, dims, "", "changes of the learning rate so far"),
            "decisions": Data(decisions, dims, "", "decisions about it so far"),
        }


def run(config: Config, run: RunContext) -> None:
    """Run all arms at all numbers of swaps."""
    run.cite(SOURCE)
    study = Study(config, run)
    arms = [(kind, 1.0) for kind in ("constant", "walk", "homeostatic", "whole")]
    arms += [("constant", factor) for factor in config.factors]
    for swaps in config.swaps:
        for kind, factor in arms:
            times = f"_{factor:g}".replace(".", "p") if factor != 1 else ""
            run.stage(f"{kind}{times}_{swaps}", partial(study.arm, kind, factor, swaps))


experiment = Experiment(
    name="homeostatic_rate",
    title="A homeostatic learning rate while labels change",
    citation=SOURCE,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
