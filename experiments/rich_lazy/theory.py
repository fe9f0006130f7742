"""The linear network in which the alignment of the tangent kernel before and after learning has a closed form."""

from __future__ import annotations

import numpy as np
import optax

from neurosim.analysis.learning import alignment
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.rich_lazy.config import Config
from neurosim.experiments.rich_lazy.network import linear
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Shuffled
from neurosim.rng import generator


def expected(rank: int, dimensions: int) -> float:
    """Return the mean alignment over directions of the task: (1 + 1/d) sqrt(r/(d + 3)), for r equal singular values."""
    return (1 + 1 / dimensions) * (rank / (dimensions + 3)) ** 0.5


def aligned(dimensions: int) -> float:
    """Return the alignment for weights of rank 1 along the task: 2/sqrt(d + 3)."""
    return 2 / (dimensions + 3) ** 0.5


def start(config: Config, seed: int) -> np.ndarray:
    """Return initial weights W_1 (ranks + 1, directions, hidden, inputs); the last reads the task's direction alone.

    The task is the first input; orthonormal directions of the weights are random, which is the same as a random task.
    """
    d, rng = config.dimensions, generator(seed, "orientations")
    found = []
    for start, rank in enumerate((*config.linear_ranks, 1)):
        drawn = [
            [np.linalg.qr(rng.normal(size=(d, rank)))[0] for _ in range(2)] for _ in range(config.directions)
        ]
        if start == len(config.linear_ranks):
            drawn = [[u, np.eye(d, 1)] for u, _ in drawn]
        found.append([u @ v.T * (config.linear_norm / rank**0.5) for u, v in drawn])
    return np.array(found)


def kernel(w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
    """Return the tangent kernel of whitened inputs, W_1^T W_1 + |w_2|**2 1."""
    return np.asarray(w1.T @ w1 + (w2**2).sum() * np.eye(w1.shape[1]))


def learned(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Train from all initial weights, and compare first and last kernels."""
    d, first = config.dimensions, start(config, run.seed)
    model = network_model(linear(d), ("w1.w", "w2.w"), steps=1, dtype="float64")
    batch = {"inputs": {"x": np.eye(d)}, "target": np.eye(d)[0].reshape(d, 1, 1)}
    # The loss is half the sum of squares, the term their mean.
    descend = Descend(mean_square("y.output"), optax.sgd(config.linear_rate * d / 2))
    learner = Learner(model, descend, batches=Shuffled(batch, d), every=config.linear_steps)
    alike, residual = [], []
    for number, rows in enumerate(first):
        flat = rows.swapaxes(1, 2).reshape(config.directions, -1)
        zero = np.zeros((config.directions, d))
        seeds = [1000 * run.seed + k for k in range(config.directions)]
        last = learner.train(config.linear_steps, seeds, vary={"w1.w": flat, "w2.w": zero}).last
        w1 = last["w1.w"].reshape(-1, d, d).swapaxes(1, 2)
        alike.append(
            [
                alignment(kernel(a, 0 * w), kernel(b, w))
                for a, b, w in zip(rows, w1, last["w2.w"], strict=True)
            ]
        )
        found = np.einsum("nh,nhi->ni", last["w2.w"], w1) - np.eye(d)[0]
        residual.append((found**2).sum(1))
        stage(number + 1, len(first), "ranks")
    ranks = np.array([*config.linear_ranks, 1])
    closed = np.array([*(expected(rank, d) for rank in config.linear_ranks), aligned(d)])
    return {
        "alignment": Data(np.array(alike), ("start", "direction"), "", "of the first and last kernel"),
        "residual": Data(np.array(residual), ("start", "direction"), "", "squared error at the end"),
        "rank": Data(ranks, ("start",), "", "rank of the initial weights; the last is aligned with the task"),
        "expected": Data(closed, ("start",), "", "mean alignment in theory"),
    }
