"""Stages on matrix completion: what learning one matrix first does to learning another."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiment.parallel import parallel_map
from neurosim.experiments.critical_periods.config import Config
from neurosim.experiments.critical_periods.networks import chain
from neurosim.learning.bptt import network_model
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase, Shuffled
from neurosim.rng import generator

RATE, PRODUCT = 0.2, 1e-3


def low_rank(size: int, rank: int, seed: int, name: str) -> np.ndarray:
    """Return a matrix of some rank from standard normal factors, of Frobenius norm `size`."""
    rng = generator(seed, f"{name} matrix")
    product = rng.normal(size=(size, rank)) @ rng.normal(size=(rank, size))
    return np.asarray(product * size / np.linalg.norm(product))


def batch(size: int, rank: int, seen: int, seed: int, name: str) -> Shuffled:
    """Return a matrix and which of its entries are seen, the same for both matrices; rows are trials."""
    places = generator(seed, "entries").permutation(size**2)[:seen]
    mask = np.zeros(size**2, np.float32)
    mask[places] = 1
    target = low_rank(size, rank, seed, name).astype(np.float32)
    inputs = {"x": np.eye(size, dtype=np.float32)}
    return Shuffled({"inputs": inputs, "target": target[:, None], "seen": mask.reshape(size, 1, size)}, size)


def on_seen(outcome: Any, batch: Any) -> Any:
    """Return half the mean square of the residual over entries that are seen."""
    residual = outcome["y.output"] - batch["target"]
    return 0.5 * jnp.sum(batch["seen"] * residual**2) / jnp.sum(batch["seen"])


def on_all(outcome: Any, batch: Any) -> Any:
    """Return the mean square error over all entries."""
    return jnp.mean((outcome["y.output"] - batch["target"]) ** 2)


def complete(
    config: Config, run: RunContext, depth: int, rank: int, seen: int, stage: Stage
) -> dict[str, Data]:
    """Learn the first matrix for some epochs, then the second, from the same weights for every number of epochs."""
    moments = sorted(config.first_epochs)
    model = network_model(
        chain(depth, config.size, PRODUCT), tuple(f"w{k}.w" for k in range(1, depth + 1)), steps=1
    )

    def one(seed: int) -> list[float]:
        first = batch(config.size, rank, seen, seed, "first")
        second = batch(config.size, config.second_rank, seen, seed, "second")
        learner = Learner(model, Descend(on_seen, optax.sgd(RATE)), batches=first, every=5000)
        training, test, found = learner.train(0, seed), Evaluation(second, {"error": on_all}), []
        for moment in moments:
            training = learner.train(moment, after=training)
            after = learner.train(moment + config.second_epochs, after=training, phase=Phase(batches=second))
            found.append(float(learner.evaluate(after, test)["error"][0]))
        return found

    seeds = [1000 * run.seed + n for n in range(1, config.seeds + 1)]
    errors = parallel_map(one, seeds, run.workers, lambda done, total: stage(done, total, "draws"))
    return {
        "error": Data(np.array(errors), ("seed", "moment"), "", "error on the second matrix, all entries"),
        "epochs": Data(np.array(moments), ("moment",), "", "epochs on the first matrix"),
    }
