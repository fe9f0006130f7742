"""The toy: a product of three factors, learned with none, one or two of them held at what they should be."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.induction.config import Config
from neurosim.learning.bptt.model import Model
from neurosim.learning.protocol import Descend, Learner, Phase, Shuffled
from neurosim.rng import generator

FACTORS = ("a", "b", "c")
HELD: dict[str, tuple[str, ...]] = {"none": (), "c": ("c",), "b and c": ("b", "c")}


def _residual(parameters: Any, batch: Any, key: Any) -> Any:
    """Return a x b x c less the product of the true factors."""
    learned, true = (
        jnp.einsum("i,j,k->ijk", *(parameters[prefix + name] for name in FACTORS)) for prefix in ("", "true_")
    )
    return learned - true


def _loss(outcome: Any, batch: Any) -> Any:
    return 0.5 * jnp.mean(outcome**2)


def slope(config: Config, seed: int) -> float:
    """Return the change of the log loss per update with b and c held: 2 log(1 - |b|**2 |c|**2/d**3)."""
    b, c = (drawn(config, seed)[f"true_{name}"] for name in "bc")
    return float(2 * np.log(1 - (b @ b) * (c @ c) / config.toy_size**3))


def drawn(config: Config, seed: int) -> dict[str, np.ndarray]:
    """Return true and initial factors, standard normal."""
    names = [prefix + name for prefix in ("", "true_") for name in FACTORS]
    return {name: generator(seed, f"toy {name}").normal(size=config.toy_size) for name in names}


def learned(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Learn every draw with each set of factors held."""
    seeds = [1000 * run.seed + n for n in range(config.seeds)]
    each = [drawn(config, seed) for seed in seeds]
    start = {name: np.stack([one[name] for one in each]) for name in each[0]}
    model = Model(lambda seed: drawn(config, seed), _residual, FACTORS, dtype="float64")
    one = Shuffled({"x": np.zeros((1, 1))}, 1)
    learner = Learner(model, Descend(_loss, optax.sgd(1.0)), batches=one, every=config.toy_steps)
    losses = []
    for number, held in enumerate(HELD.values()):
        vary = {**start, **{name: start[f"true_{name}"] for name in held}}
        phase = Phase(rates=dict.fromkeys(held, 0.0))
        losses.append(learner.train(config.toy_steps, seeds, vary=vary, phase=phase).losses["loss"])
        stage(number + 1, len(HELD), "clamps")
    return {
        "loss": Data(np.array(losses), ("clamp", "draw", "step"), "", "half the mean square error"),
        "slope": Data(
            np.array([slope(config, s) for s in seeds]), ("draw",), "", "of the log loss, in theory"
        ),
        "clamp": Data(np.array(list(HELD)), ("clamp",), "", "factors that are held"),
    }
