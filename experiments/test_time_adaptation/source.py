"""The source: networks trained on clean images, first kernels of length 1, and the statistics of their drives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import optax
from numpy.typing import NDArray

from neurosim.datasets import DataSet, digits, fashion_mnist
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.test_time_adaptation.config import Config
from neurosim.experiments.test_time_adaptation.network import (
    AFFINE,
    KERNELS,
    LAYERS,
    READ,
    convolutional,
)
from neurosim.learning.bptt import network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Shuffled

Array = NDArray[Any]
TRAINED = (*KERNELS, *AFFINE, *READ)
STATISTICS = {f"norm{layer}.{name}": f"norm{layer}.{short}" for layer in LAYERS for name, short in
              (("mean", "m"), ("variance", "v"))}  # fmt: skip
"""Names of recordings by parameter."""


class Source:
    """The stage that makes the networks that arms start from.

    Arguments: config; run, with its seed.
    """

    def __init__(self, config: Config, run: RunContext) -> None:
        config.require_sense()
        self.config, self.run = config, run

    @property
    def seeds(self) -> list[int]:
        """The seeds of weights, orders of batches and corruptions."""
        return [self.run.seed + number for number in range(self.config.seeds)]

    @cached_property
    def sets(self) -> tuple[DataSet, DataSet]:
        """The images for training and test."""
        config, seed = self.config, self.run.seed
        if config.data == "digits":
            train, test = digits().split(config.train_images, seed)
        else:
            train, test = fashion_mnist(config.folder or None)
            train = train.some(config.train_images, seed)
        return train, test.some(config.test_images, seed)

    def trained(self, stage: Stage) -> dict[str, Data]:
        """Train the networks, normalise their first kernels, and take the statistics of their drives."""
        config, (train, _) = self.config, self.sets
        batches = stream(train, config.source_batch)
        descend = Descend(softmax_cross_entropy("y.output"), optax.adam(config.source_rate))
        model = network_model(convolutional(config), TRAINED, steps=1)
        learner = Learner(model, descend, batches=batches, every=batches.per_epoch)
        kept = stage.restored()
        training = learner.restored(kept) if kept else learner.train(0, self.seeds)
        for epoch in range(training.step // learner.every, config.epochs):
            training = learner.train((epoch + 1) * learner.every, after=training)
            stage.checkpoint(training.arrays())
            stage(epoch + 1, config.epochs, "epochs")
        sample = train.some(min(config.sampled, len(train)), self.run.seed)
        first = {name: _first(recording) for name, recording in STATISTICS.items()}
        statistics = learner.evaluate(training, Evaluation(stream(sample, len(sample)), first))
        return {
            name: Data(value, ("seed", f"{name} entry"), "", "parameter of the source")
            for name, value in unit_length(config, {**training.last, **statistics}).items()
        }


def stream(data: DataSet, size: int) -> Shuffled:
    """Return batches of a set."""
    batch = data.batch("x")
    return Shuffled({**batch, "inputs": {"x": batch["inputs"]["x"].astype(np.float32)}}, size)


def unit_length(config: Config, parameters: Mapping[str, Any]) -> dict[str, Array]:
    """Return parameters (seeds, ...) with first kernels of length 1, which the normalisation behind them hides."""
    found = {name: np.asarray(value) for name, value in parameters.items()}
    kernels = found[KERNELS[0]].reshape(-1, config.kernel**2, config.features[0])
    length = np.linalg.norm(kernels, axis=1)
    found[KERNELS[0]] = (kernels / length[:, None]).reshape(found[KERNELS[0]].shape)
    each = np.repeat(length, found["norm1.mean"].shape[1] // config.features[0], axis=1)
    return {
        **found,
        "norm1.mean": found["norm1.mean"] / each,
        "norm1.variance": found["norm1.variance"] / each**2,
    }


def _first(recording: str) -> Any:
    def measure(outcome: Mapping[str, Any], batch: Any) -> Any:
        return outcome[recording][0, -1]  # the same in all trials

    return measure
