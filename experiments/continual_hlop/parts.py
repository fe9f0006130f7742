"""Parts of learners: lateral neurons that learn a subspace, the exact subspace, and what both keep free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from neurosim.experiments.continual_hlop.activity import LAYERS, Activity, received
from neurosim.experiments.continual_hlop.config import Config
from neurosim.learning.protocol import (
    GradientRule,
    Learner,
    Now,
    Part,
    Shuffled,
    Training,
    reads,
)
from neurosim.rng import generator

LARGEST = 10.0  # of an element of a change, before the learning rate


class Free1(GradientRule):
    """What the subspace of the first layer's input leaves free."""

    H = reads("kept1_w.w")
    G = "G - (G @ H.T) @ H"


class Free2(GradientRule):
    """What the subspace of the second layer's input leaves free."""

    H = reads("kept2_w.w")
    G = "G - (G @ H.T) @ H"


class Free3(GradientRule):
    """What the subspace of the third layer's input leaves free."""

    H = reads("kept3_w.w")
    G = "G - (G @ H.T) @ H"


FREE = {"w1.w": Free1(), "w2.w": Free2(), "w3.w": Free3()}


def orthonormal(seed: int, task: int, layer: int, rows: int, columns: int) -> NDArray[np.float64]:
    """Return random orthonormal rows (rows, columns)."""
    drawn = generator(seed, f"lateral {task} {layer}").normal(size=(columns, rows))
    return np.ascontiguousarray(np.linalg.qr(drawn)[0].T)


class Subspaces(Part):
    """Keeps, at the end of each task, rows that span what the layers received, `every` steps apart.

    Arguments: config; every, steps of a task.
    """

    patterns: tuple[str, ...] = ("kept*",)

    def __init__(self, config: Config, every: int) -> None:
        self.config, self.every = config, every
        self.steps = every

    def step(self, now: Now, state: Any) -> tuple[dict[str, Array], Any]:
        """Change nothing within a task."""
        return {}, state

    def rows(self, learner: Learner, training: Training, task: int) -> list[NDArray[np.float64]]:
        """Return the rows that a task adds to each layer, (seeds, rows, neurons)."""
        raise NotImplementedError

    def between(self, learner: Learner, training: Training) -> Training:
        """Return the training with the rows of the task that ended among those that are kept."""
        task = training.step // self.steps - 1
        if task >= self.config.tasks:
            return training
        parameters: dict[str, Any] = dict(training.carry.parameters)
        for layer, new in zip(LAYERS, self.rows(learner, training, task), strict=True):
            begin = sum(self.config.added(one)[layer - 1] for one in range(task))
            kept = self.kept(training, layer)
            kept[:, begin : begin + new.shape[1]] = new
            parameters[f"kept{layer}_w.w"] = jnp.asarray(flat(kept))
        return replace(training, carry=training.carry._replace(parameters=parameters))

    def kept(self, training: Training, layer: int) -> NDArray[np.float32]:
        """Return the rows of a layer that are kept, (seeds, rows, neurons)."""
        return matrices(training.carry.parameters[f"kept{layer}_w.w"], self.config.sizes[layer - 1])


def matrices(weights: Any, sources: int) -> NDArray[np.float32]:
    """Return weights (seeds, sources * targets) as matrices (seeds, targets, sources)."""
    found: NDArray[np.float32] = np.array(weights).reshape(len(weights), sources, -1).swapaxes(1, 2)
    return np.ascontiguousarray(found)


def flat(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Return matrices (seeds, targets, sources) as weights (seeds, sources * targets)."""
    return np.ascontiguousarray(rows.swapaxes(1, 2)).reshape(len(rows), -1).astype(np.float32)


class Principal(Subspaces):
    """The exact principal subspace of what is not kept yet: no learning, all images of a sample at once.

    Arguments: config; every, steps of a task; samples, some images of each task.
    """

    def __init__(self, config: Config, every: int, samples: Sequence[Shuffled]) -> None:
        super().__init__(config, every)
        self.samples = samples

    def rows(self, learner: Learner, training: Training, task: int) -> list[NDArray[np.float64]]:
        """Return the leading right singular vectors of the inputs, less what is kept."""
        seen = received(learner, training, self.samples[task], self.config)
        return [
            self._leading(x, self.kept(training, layer), task, layer)
            for layer, x in zip(LAYERS, seen, strict=True)
        ]

    def _leading(
        self, inputs: NDArray[np.float32], kept: NDArray[np.float32], task: int, layer: int
    ) -> NDArray[np.float64]:
        found = np.zeros((len(kept), self.config.added(task)[layer - 1], kept.shape[2]))
        for rows, x, h in zip(found, inputs.astype(float), kept, strict=True):
            vectors = np.linalg.svd(x - (x @ h.T) @ h, full_matrices=False)[2][: len(rows)]
            rows[: len(vectors)] = vectors
        return found


class Lateral(Subspaces):
    """Lateral neurons that learn the principal subspace of what a layer receives by Hebbian and anti-Hebbian changes.

    y = H x, e = x - K^T K x - H^T y, M <- 0.9 M + 0.1 <y e^T>, H <- H + eta M, several times for each batch;  x input
    of the layer (1), H weights of the neurons of this task, K those that are kept, M momentum, eta learning rate (1).
    It is Oja's subspace rule on what earlier tasks left. Elements of <y e^T> are at most 10.

    Arguments: config; every, steps of a task; activity, what layers receive.
    Source: Xiao, Meng, Zhang, He, Lin 2024, ICLR, arXiv 2402.11984.
    """

    patterns = ("fresh*", "kept*")

    def __init__(self, config: Config, every: int, activity: Activity) -> None:
        super().__init__(config, every)
        self.activity = activity

    def start(self, parameters: dict[str, Array], batch: Any) -> Any:
        """Return the momentum of the weights, 0."""
        return {name: jnp.zeros_like(value) for name, value in parameters.items() if name.startswith("fresh")}

    def step(self, now: Now, state: Any) -> tuple[dict[str, Array], Any]:
        """Return the weights after the changes of a batch."""
        changed, momentum = {}, {}
        counts = jnp.asarray(now.batch["counts"])
        inputs = zip(
            LAYERS, self.activity.received(now.outcome, now.batch), self.config.lateral_rates, strict=True
        )
        for layer, rounds, eta in inputs:
            name, other = f"fresh{layer}_w.w", f"kept{layer}_w.w"
            kept = now.model.matrix(other, now.before[other])
            count, samples = rounds.shape[2] * counts.sum(), (rounds.shape[0], -1, rounds.shape[3])
            shown = (rounds * counts[:, None, None]).reshape(samples)
            one = partial(self._seen, kept, eta, count)
            h, m = now.model.matrix(name, now.before[name]), now.model.matrix(name, state[name])
            (h, m), _ = lax.scan(one, (h, m), shown)
            changed[name], momentum[name] = now.model.flat(name, h), now.model.flat(name, m)
        return changed, momentum

    def _seen(
        self, kept: Array, eta: float, count: Array, at: tuple[Array, Array], x: Array
    ) -> tuple[tuple[Array, Array], None]:
        """Return (H, M) after what layers receive in a round (samples, n) was seen `repeats` times."""
        rest = x - (x @ kept.T) @ kept  # the same in all repeats, since what is kept stays
        change = partial(hebbian, x, rest, eta, count)
        return lax.fori_loop(0, self.config.repeats, lambda _, at: change(*at), at), None

    def vary(self, learner: Any, seeds: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the weights of the first task."""
        return {f"fresh{layer}_w.w": self.begun(seeds, 0, layer) for layer in LAYERS}

    def begun(self, seeds: NDArray[np.int64], task: int, layer: int) -> NDArray[np.float32]:
        """Return weights (seeds, sources * targets) whose rows of a task are random and orthonormal, the others 0."""
        size = self.config.sizes[layer - 1]
        room = max(self.config.added(one)[layer - 1] for one in range(self.config.tasks))
        found = np.zeros((len(seeds), room, size))
        count = self.config.added(task)[layer - 1] if task < self.config.tasks else 0
        for rows, seed in zip(found, seeds, strict=True):
            rows[:count] = orthonormal(int(seed), task, layer, count, size)
        return flat(found)

    def rows(self, learner: Learner, training: Training, task: int) -> list[NDArray[np.float64]]:
        """Return what the neurons of the task have learned."""
        fresh = [
            matrices(training.carry.parameters[f"fresh{layer}_w.w"], size)
            for layer, size in zip(LAYERS, self.config.sizes, strict=True)
        ]
        return [h[:, :count].astype(float) for h, count in zip(fresh, self.config.added(task), strict=True)]

    def between(self, learner: Learner, training: Training) -> Training:
        """Return the training with what was learned kept, and neurons for the next task."""
        training = super().between(learner, training)
        task = training.step // self.steps
        new = {f"fresh{layer}_w.w": jnp.asarray(self.begun(training.seeds, task, layer)) for layer in LAYERS}
        parameters: dict[str, Any] = {**training.carry.parameters, **new}
        rest = {name: jnp.zeros_like(value) for name, value in new.items()}
        states = {**training.carry.states, self.name: rest}
        return replace(training, carry=training.carry._replace(parameters=parameters, states=states))


def hebbian(x: Array, rest: Array, eta: float, count: Any, h: Array, m: Array) -> tuple[Array, Array]:
    """Return (H, M) after one change: x input (trials, n), rest what is not kept of it, H and M (rows, n).

    Arguments: eta, learning rate; count, number of the trials that count: those that do not are 0.
    """
    y = x @ h.T
    change = jnp.clip(y.T @ (rest - y @ h) / count, -LARGEST, LARGEST)
    m = 0.9 * m + 0.1 * change
    return h + eta * m, m
