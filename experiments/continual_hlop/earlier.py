"""Earlier ways against forgetting, as parts of learners: replay of kept images, and elastic weight consolidation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from neurosim.datasets import DataSet
from neurosim.experiments.continual_hlop.activity import received
from neurosim.experiments.continual_hlop.config import Config
from neurosim.experiments.continual_hlop.feedback import returned
from neurosim.experiments.continual_hlop.network import FEED
from neurosim.experiments.continual_hlop.parts import matrices
from neurosim.learning.protocol import Learner, Now, Part, Phase, Shuffled, Training
from neurosim.rng import generator

WEIGHTS = tuple(f"{name}.w" for name in FEED)


@dataclass(frozen=True)
class Memory:
    """Batches of kept images of all tasks side by side, `size` of each, of which only those seen count.

    Arguments: images (tasks, samples, pixels); labels (tasks, samples); seen (tasks,), 1 or 0; size.
    """

    images: Any
    labels: Any
    seen: Any
    size: int

    @property
    def per_epoch(self) -> int:
        """Number of batches in which each image comes once."""
        return int(np.shape(self.labels)[1]) // self.size

    def draw(self, key: Array, step: ArrayLike) -> Any:
        """Return the batch of a step."""
        epoch, batch = jnp.divmod(step, self.per_epoch)
        order = jax.random.permutation(jax.random.fold_in(key, epoch), self.labels.shape[1])
        chosen = jax.lax.dynamic_slice_in_dim(order, batch * self.size, self.size)
        images = jnp.asarray(self.images)[:, chosen]
        return {
            "inputs": {"x": images.reshape(-1, images.shape[2])},
            "label": jnp.asarray(self.labels)[:, chosen].reshape(-1),
            "counts": jnp.repeat(jnp.asarray(self.seen), self.size),
        }


jax.tree_util.register_dataclass(Memory, data_fields=["images", "labels", "seen"], meta_fields=["size"])


def memory(config: Config, tasks: Sequence[DataSet], seed: int) -> Memory:
    """Return images of each task, as many of each class as `config.memory` says, or all there are of the rarest."""
    found = []
    for number, task in enumerate(tasks):
        order = generator(seed, f"memory {number}").permutation(len(task))
        ranks = [np.flatnonzero(task.labels[order] == one)[: config.memory] for one in range(task.classes)]
        found.append(order[np.concatenate(ranks)])
    size = min(len(one) for one in found)
    return Memory(
        np.stack([task.rows[one[:size]].astype(np.float32) for task, one in zip(tasks, found, strict=True)]),
        np.stack([task.labels[one[:size]].astype(np.int32) for task, one in zip(tasks, found, strict=True)]),
        np.zeros(len(tasks), np.float32),
        min(config.replay_batch, size),
    )


class Replay(Part):
    """After each task, passes over kept images of all tasks so far; the gradients of tasks are summed.

    Arguments: config; every, steps of a task; kept; learner, of what is replayed.
    """

    patterns = ()

    def __init__(self, config: Config, every: int, kept: Memory, learner: Learner) -> None:
        self.config, self.every, self.kept, self.learner = config, every, kept, learner
        self.steps = every

    def changes(self, trainable: Sequence[str], claimed: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Return that it changes nothing within a step."""
        return ()

    def step(self, now: Now, state: Any) -> tuple[dict[str, Array], Any]:
        """Change nothing within a step."""
        return {}, state

    def between(self, learner: Learner, training: Training) -> Training:
        """Return the training after the replay."""
        ended = training.step // self.steps
        seen = (np.arange(len(self.kept.seen)) < ended).astype(np.float32)
        weights = {name: np.asarray(value) for name, value in training.carry.parameters.items()}
        begun = self.learner.train(0, list(map(int, training.seeds)), vary=weights)
        # The loss is a mean over all images that count: `ended` times it is the sum of the tasks' means.
        phase = Phase(batches=replace(self.kept, seen=seen), rates={"*": float(ended)})
        steps = self.kept.per_epoch * self.config.replay_epochs
        after = self.learner.train(steps, after=begun, phase=phase)
        return replace(training, carry=training.carry._replace(parameters=after.carry.parameters))


class Consolidate(Part):
    """Elastic weight consolidation: weights are drawn to where earlier tasks left them, by how much they mattered.

    p <- (p + s C)/(1 + s F), s = eta lambda: an implicit step down lambda/2 sum F_t (p - p_t)^2;  F = sum F_t, C = sum
    F_t p_t over earlier tasks t, F_t Fisher information of each weight, p_t its value at the end of the task (1), eta
    learning rate, lambda strength (1).

    Arguments: config; every, steps of a task; samples, some images of each task.
    Source: Kirkpatrick et al. 2017, PNAS 114:3521, doi:10.1073/pnas.1611835114.
    """

    patterns = WEIGHTS

    def __init__(self, config: Config, every: int, samples: Sequence[Shuffled]) -> None:
        self.config, self.every, self.samples = config, every, samples
        self.steps = every

    def start(self, parameters: dict[str, Array], batch: Any) -> Any:
        """Return (F, C) of each weight, 0."""
        return {name: (jnp.zeros_like(value), jnp.zeros_like(value)) for name, value in parameters.items()}

    def step(self, now: Now, state: Any) -> tuple[dict[str, Array], Any]:
        """Return the weights after the step."""
        s = self.config.rate * self.config.consolidation
        return {
            n: (now.parameters[n] + s * centre) / (1 + s * fisher) for n, (fisher, centre) in state.items()
        }, state

    def between(self, learner: Learner, training: Training) -> Training:
        """Return the training with the information about the task that ended added."""
        task = training.step // self.steps - 1
        if task >= self.config.tasks:
            return training
        seen = received(learner, training, self.samples[task], self.config)
        weights = {name: np.asarray(training.carry.parameters[name]) for name in WEIGHTS}
        each = [
            fisher(
                [x[n] for x in seen], [matrices(weights[w][n : n + 1], size)[0] for w, size in self._sizes]
            )
            for n in range(len(training.seeds))
        ]
        state = dict(training.carry.states[self.name])
        for place, name in enumerate(WEIGHTS):
            new = np.stack([one[place].T.ravel() for one in each]).astype(weights[name].dtype)
            old, centre = state[name]
            state[name] = (jnp.asarray(old + new), jnp.asarray(centre + new * weights[name]))
        states = {**training.carry.states, self.name: state}
        return replace(training, carry=training.carry._replace(states=states))

    @property
    def _sizes(self) -> list[tuple[str, int]]:
        return list(zip(WEIGHTS, self.config.sizes, strict=True))


def fisher(inputs: list[NDArray[Any]], weights: list[NDArray[Any]]) -> list[NDArray[np.float64]]:
    """Return the mean over trials and told classes of the squared gradient of log p, by layer (targets, sources).

    Arguments: inputs of the layers (trials, sources); weights (targets, sources).
    """
    outputs = np.asarray(inputs[2] @ weights[2].T, float)
    p = np.exp(outputs - outputs.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    found = [np.zeros(w.shape) for w in weights]
    for one in range(p.shape[1]):
        slopes = inputs[1] > 0, inputs[2] > 0
        errors = returned(p - np.eye(p.shape[1])[one], slopes, weights[1], weights[2])
        for total, d, x in zip(found, errors, inputs, strict=True):
            total += (p[:, [one]] * d**2).T @ np.asarray(x, float) ** 2 / len(p)
    return found
