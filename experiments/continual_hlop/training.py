"""Arms of the study: the same networks, tasks and batches, with and without protection of earlier tasks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import optax
from numpy.typing import NDArray

from neurosim.analysis.learning import captured
from neurosim.datasets import DataSet, digits, fashion_mnist, permuted
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.continual_hlop.activity import LAYERS, SURROGATE, Activity, received
from neurosim.experiments.continual_hlop.config import TRAINERS, Config
from neurosim.experiments.continual_hlop.earlier import WEIGHTS, Consolidate, Memory, Replay, memory
from neurosim.experiments.continual_hlop.feedback import Feedback, with_feedback
from neurosim.experiments.continual_hlop.network import continual_network
from neurosim.experiments.continual_hlop.parts import (
    FREE,
    Lateral,
    Principal,
    matrices,
)
from neurosim.learning.bptt import Model, accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import (
    Descend,
    Evaluation,
    Learner,
    Part,
    Phase,
    Shuffled,
    Stages,
    Supplied,
    Training,
    matrix,
)

Array = NDArray[np.float64]


class Arm(NamedTuple):
    """What an arm has against forgetting, if anything, how errors come back, and what kind of neurons are trained."""

    guard: str = ""
    back: str = "exact"
    trainer: str = "rates"


ARMS = {
    "sequential": Arm(),
    "lateral": Arm("lateral"),
    "principal": Arm("principal"),
    "replay": Arm("replay"),
    "consolidated": Arm("consolidated"),
    "sequential_random": Arm("", "random"),
    "lateral_random": Arm("lateral", "random"),
    "sequential_sign": Arm("", "sign"),
    "lateral_sign": Arm("lateral", "sign"),
    **{f"sequential_{trainer}": Arm("", "exact", trainer) for trainer in TRAINERS},
    **{f"lateral_{trainer}": Arm("lateral", "exact", trainer) for trainer in TRAINERS},
}
ROWS = {"lateral": ("fresh", "kept"), "principal": ("kept",)}
"""Lateral neurons beside each layer, by what an arm has against forgetting."""
SEEN = 500  # training images of each task of which the captured share is taken


class Arms:
    """The stages of one run.

    Arguments: config; run, with its seed.
    """

    def __init__(self, config: Config, run: RunContext) -> None:
        config.require_sense()
        self.config, self.run = config, run

    @cached_property
    def tasks(self) -> list[tuple[DataSet, DataSet]]:
        """The images for training and test of each task."""
        config, seed = self.config, self.run.seed
        if config.data == "digits":
            whole, rest = digits().split(config.train_images, seed)
            first = whole, rest.some(config.test_images, seed)
        else:
            train, test = fashion_mnist(config.folder or None)
            first = train.some(config.train_images, seed), test.some(config.test_images, seed)
        mean, deviation = float(first[0].images.mean()), float(first[0].images.std())
        train, test = (part.scaled(mean, deviation) for part in first)
        # Never the pixels as they are: each task has a permutation of its own.
        places = [1000 * seed + task for task in range(config.tasks)]
        return [(permuted(train, place), permuted(test, place)) for place in places]

    def stream(self, data: DataSet, size: int) -> Shuffled:
        """Return batches of a set."""
        batch = data.batch("x")
        batch["inputs"]["x"] = batch["inputs"]["x"].astype(np.float32)
        return Shuffled(batch, size, partial=True)

    def learner(self, arm: str) -> Learner:
        """Return what learns in an arm."""
        config, (guard, back, trainer) = self.config, ARMS[arm]
        streams = [self.stream(train, config.batch) for train, _ in self.tasks]
        every = streams[0].per_epoch * config.epochs
        own = tuple(f"{kind}{layer}_w.w" for kind in ROWS.get(guard, ()) for layer in LAYERS)
        network, activity = continual_network(config, bool(own), trainer), Activity(trainer, config)
        # A spike reaches the next layer a step later: the outputs are two steps behind.
        steps = 1 if activity.spiking is None else activity.spiking.steps + 2
        model = network_model(network, (*WEIGHTS, *own), steps=steps, surrogate=SURROGATE)
        model = with_feedback(model, config) if back == "random" else model
        change: Part
        if back == "exact" and trainer in {"rates", "bptt"}:
            through = FREE if own else None
            loss = softmax_cross_entropy("y.output")
            change = Descend(loss, optax.sgd(config.rate), WEIGHTS, through=through)
        else:
            change = Supplied(Feedback(back, bool(own), activity), optax.sgd(config.rate), WEIGHTS)
        parts: list[Part] = [change]
        if guard == "lateral":
            parts = [Lateral(config, every, activity), change]
        elif guard == "replay":
            parts = [change, Replay(config, every, *self._replayed(model))]
        elif guard:
            samples = [self.some(train, config.sampled) for train, _ in self.tasks]
            of = {"principal": Principal, "consolidated": Consolidate}[guard]
            parts = [change, of(config, every, samples)]
        return Learner(model, *parts, batches=streams[0], every=streams[0].per_epoch)

    def _replayed(self, model: Model) -> tuple[Memory, Learner]:
        """Return what is kept for replay, and what learns it."""
        kept = memory(self.config, [train for train, _ in self.tasks], self.run.seed)
        descend = Descend(softmax_cross_entropy("y.output"), optax.sgd(self.config.replay_rate), WEIGHTS)
        return kept, Learner(model, descend, batches=kept, every=kept.per_epoch)

    def some(self, data: DataSet, count: int) -> Shuffled:
        """Return one batch of some images of a set."""
        chosen = data.some(min(count, len(data)), self.run.seed)
        return self.stream(chosen, len(chosen))

    def learned(self, arm: str, stage: Stage) -> dict[str, Data]:
        """Learn the tasks one after the other in an arm, and measure all of them after each."""
        config, learner = self.config, self.learner(arm)
        measures = {"accuracy": accuracy("y.output")}
        sets = {
            f"task {n}": Evaluation(self.stream(test, len(test)), measures)
            for n, (_, test) in enumerate(self.tasks)
        }
        steps = learner.every * config.epochs
        plan = [(steps, Phase(batches=self.stream(train, config.batch))) for train, _ in self.tasks]
        stages, seeds = Stages(learner, plan, sets), [self.run.seed + n for n in range(config.seeds)]
        kept = dict(stage.restored() or {})
        shares, seconds = (list(np.atleast_1d(kept.pop(name, ()))) for name in ("captured", "seconds"))
        training = learner.restored(kept) if kept else None
        for task in range(len(shares), config.tasks):
            began = time.process_time()
            training = stages.train(seeds, after=training, at_most=task + 1)
            seconds.append(time.process_time() - began)
            shares.append(self.captured(learner, training, task, ARMS[arm]))
            arrays = {"captured": np.array(shares), "seconds": np.array(seconds)}
            stage.checkpoint({**training.arrays(), **arrays})
            stage(task + 1, config.tasks, "tasks")
        assert training is not None
        table = _table(training, list(sets))
        found = {
            "accuracy": Data(
                table, ("seed", "after", "task"), "", "accuracy on a task after learning another"
            ),
            "step_time": Data(
                np.array(seconds) / (steps * config.seeds),
                ("after",),
                "s",
                "processor time of a step of one network",
            ),
        }
        if ARMS[arm].guard in ROWS:
            found["captured"] = Data(
                np.array(shares),
                ("after", "seed", "layer"),
                "",
                "share of the inputs' mean square that rows span",
            )
            found["overlap"] = Data(
                self.overlap(training), ("seed", "layer"), "", "largest element of |H H^T - 1| of all rows"
            )
        return found

    def captured(self, learner: Learner, training: Training, task: int, arm: Arm) -> Array:
        """Return the share of what layers receive in a task that kept rows span, (seeds, layers)."""
        if arm.guard not in ROWS:
            return np.zeros((self.config.seeds, len(LAYERS)))
        images = self.some(self.tasks[task][0], SEEN)
        seen = received(learner, training, images, self.config, arm.trainer)
        found = []
        for layer, size, inputs in zip(LAYERS, self.config.sizes, seen, strict=True):
            rows = matrices(training.carry.parameters[f"kept{layer}_w.w"], size)
            found.append([captured(x, h) for x, h in zip(inputs, rows, strict=True)])
        return np.array(found).T

    def overlap(self, training: Training) -> Array:
        """Return max |H H^T - 1| over the rows that are kept, (seeds, layers)."""
        found = []
        for layer, size in zip(LAYERS, self.config.sizes, strict=True):
            rows = matrices(training.carry.parameters[f"kept{layer}_w.w"], size)
            found.append([np.abs(h @ h.T - np.eye(len(h))).max() for h in rows])
        return np.array(found).T


def _table(training: Training, names: list[str]) -> Array:
    """Return the accuracy (seeds, after, task)."""
    measured: Mapping[str, Any] = {name: training.evaluations[name] for name in names}
    found: Array = np.moveaxis(matrix(measured, "accuracy", training.stages), 2, 0)
    return found
