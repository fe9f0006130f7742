"""Trainings under curricula: all networks of a task, and what is measured of them after every mini-epoch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import count
from threading import Lock
from typing import Any

import numpy as np
import optax

from neurosim.experiment import Data, RunContext, Stage, parallel_map
from neurosim.experiments.timescales.config import Config
from neurosim.experiments.timescales.curricula import Curriculum, curriculum, plan, streams
from neurosim.experiments.timescales.network import RECURRENT, trained_model
from neurosim.experiments.timescales.sequences import MEASURES, cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Stages, Training

ROWS = {
    "newest": "N of the newest head, or the longest N of the lesson",
    "accuracy": "mean test accuracy of the heads of the lesson",
    "newest_accuracy": "test accuracy of the newest head",
    "mean_tau": "mean time constant",
    "sd_tau": "standard deviation of time constants",
    "max_tau": "longest time constant",
    "memoryless": "share of neurons with tau = 1",
    "mean_weight": "mean recurrent weight",
    "radius": "spectral radius of the recurrent weights",
}
STEPS = ("mean_tau", "sd_tau", "max_tau")
NETWORK = {
    "in.w": "weights of the input, last network",
    "rec.w": "recurrent weights, last network, by (source, target)",
    "h.b": "biases of the recurrent input, last network",
    "h.c": "biases of the input from outside, last network",
    "h.tau": "time constants, last network",
    "out.w": "weights of the newest head, last network, by (neuron, output)",
    "y.bias": "biases of the newest head, last network",
}


class Trainings:
    """The trainings of one run. Networks of the same seed start alike under all curricula but for their read-out."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run
        self._learners: dict[int, Learner] = {}

    @cached_property
    def curricula(self) -> dict[str, list[Curriculum]]:
        """The curricula of each task."""
        config = self.config
        return {
            task: [curriculum(name, target, config.heads, config.forgotten) for name in names]
            for task, (target, _, names) in config.tasks.items()
        }

    def learner(self, heads: int) -> Learner:
        """Return what trains networks with so many heads: one program per room, for all tasks and seeds."""
        if heads not in self._learners:
            config = self.config
            model = trained_model(config.neurons, heads, config.tau_high, config.train_tau)
            descent = optax.chain(
                optax.clip_by_global_norm(config.clip),
                optax.sgd(config.rate, config.momentum, nesterov=True),
            )
            first, _ = streams(config, "parity", heads, (2,))
            self._learners[heads] = Learner(
                model, Descend(cross_entropy, descent), batches=first, every=config.steps
            )
        return self._learners[heads]

    def task(self, task: str, stage: Stage) -> dict[str, Data]:
        """Train all networks of a task; continues each from its last checkpoint."""
        seeds = self.config.tasks[task][1]
        jobs = [(number, chosen) for number in range(seeds) for chosen in self.curricula[task]]
        for chosen in self.curricula[task]:
            self.learner(chosen.heads)
        saved = _Checkpoints(stage)
        found = parallel_map(
            lambda job: self.course(task, *job, saved),
            jobs,
            self.run.workers,
            lambda done, total: stage(done, total, "networks"),
        )
        return self.together(task, found)

    def course(
        self, task: str, number: int, chosen: Curriculum, saved: _Checkpoints
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return what was measured before training and after every mini-epoch (times, rows), and the last network."""
        learner, seed = self.learner(chosen.heads), 1000 * self.run.seed + number
        stages, name = Stages(learner, plan(self.config, task, chosen)), f"{chosen.name}{number}"
        kept = saved.of(name)
        if kept:
            rows = list(kept.pop("table"))
            training = learner.restored(kept)
        else:
            training = learner.train(0, seed)
            _, test = streams(self.config, task, chosen.heads, chosen.lessons[0])
            before = learner.evaluate(training, Evaluation(test, MEASURES), name="test")
            rows = [self.row(training, {measure: value[0] for measure, value in before.items()})]
        for epoch in count(len(rows)):
            training = stages.train(after=training, at_most=epoch)
            if len(training.stages) < epoch:
                break
            measured = training.measures("test").values
            rows.append(self.row(training, {measure: value[-1] for measure, value in measured.items()}))
            saved.keep(name, {**training.arrays(), "table": np.array(rows)})
        return np.array(rows), self.network(training, chosen.heads)

    def row(self, training: Training, measured: dict[str, Any]) -> list[float]:
        """Return what is measured of a network, in the order of ROWS."""
        tau, weights = self.taus(training), training.last["rec.w"].astype(float)
        n = self.config.neurons
        return [
            *(float(measured[name]) for name in ("newest", "accuracy", "newest_accuracy")),
            tau.mean(),
            tau.std(),
            tau.max(),
            (tau <= 1).mean(),
            weights.sum() / (n * (n - 1)),
            np.abs(np.linalg.eigvals(weights.reshape(n, n))).max(),
        ]

    def taus(self, training: Training) -> np.ndarray:
        """Return the time constants that count, at least 1."""
        initial = self.learner(1).model.initial(int(training.seeds[0]))["h.tau"]
        return np.maximum(np.asarray(training.last.get("h.tau", initial), float), 1)

    def network(self, training: Training, heads: int) -> dict[str, np.ndarray]:
        """Return the last network, with the read-out of its newest head alone."""
        last, newest = training.last, int(training.measures("test").values["heads"][-1]) - 1
        n = self.config.neurons
        return {
            **{name: last[name] for name in RECURRENT},
            "h.tau": self.taus(training),
            "out.w": last["out.w"].reshape(n, heads, 2)[:, newest].reshape(-1),
            "y.bias": last["y.bias"].reshape(heads, 2)[newest],
        }

    def together(self, task: str, found: list[tuple[np.ndarray, dict[str, np.ndarray]]]) -> dict[str, Data]:
        """Return what was measured of all networks (curriculum, seed, mini-epoch), not a number after their last."""
        shape = (-1, len(self.curricula[task]))
        longest = max(len(rows) for rows, _ in found)
        padded = np.array(
            [np.pad(rows, ((0, longest - len(rows)), (0, 0)), constant_values=np.nan) for rows, _ in found]
        )
        table = padded.reshape(*shape, longest, len(ROWS)).swapaxes(0, 1)
        dims = ("curriculum", "seed", "mini_epoch")
        names = np.array([chosen.name for chosen in self.curricula[task]])
        data = {
            name: Data(table[..., place], dims, "step" if name in STEPS else "", text)
            for place, (name, text) in enumerate(ROWS.items())
        }
        data["curriculum"] = Data(names, ("curriculum",), "", "in which order N grows")
        for name, text in NETWORK.items():
            values = np.array([network[name] for _, network in found]).astype(np.float32)
            values = values.reshape(*shape, values.shape[-1]).swapaxes(0, 1)
            own = name.replace(".", "_")
            data[own] = Data(
                values, ("curriculum", "seed", own + "_index"), "step" if name == "h.tau" else "", text
            )
        return data


class _Checkpoints:
    """The states of several trainings in the one checkpoint of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._lock = stage, Lock()
        self._state = {name: np.asarray(value) for name, value in (stage.restored() or {}).items()}

    def of(self, name: str) -> dict[str, np.ndarray]:
        """Return the state of one training, empty if there is none."""
        front = f"{name}|"
        return {key.removeprefix(front): v for key, v in self._state.items() if key.startswith(front)}

    def keep(self, name: str, state: Mapping[str, np.ndarray]) -> None:
        """Keep the state of one training beside those of the others."""
        with self._lock:
            self._state |= {f"{name}|{key}": np.asarray(value) for key, value in state.items()}
            self._stage.checkpoint(self._state)
