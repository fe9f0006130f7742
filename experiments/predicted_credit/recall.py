"""Recall from a stream by a recurrent network whose gradients are cut, with a module that predicts what is cut off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from neurosim.experiment import Data, Stage
from neurosim.experiments.predicted_credit.config import Config
from neurosim.learning.bptt import Model, Objective, clip_each
from neurosim.learning.protocol import Carried, Descend, Learner
from neurosim.rng import generator
from neurosim.rng.jax_keys import sub_key

ARMS = ("none", "module")
EPOCHS = 5
"""Parts of the training of which means are kept."""


@partial(jax.tree_util.register_dataclass, data_fields=[], meta_fields=["batch", "units", "lag", "segment"])
@dataclass(frozen=True)
class Stream:
    """Endless sequences of +1 and -1 in segments, with what follows each, for the true credit at its end.

    Arguments: batch, sequences; units, of the network; lag, steps until an input is to be recalled; segment, steps.
    """

    batch: int
    units: int
    lag: int
    segment: int

    def start(self, key: Array) -> Array:
        """Return the inputs from `lag` steps before the first segment to `lag` after it."""
        return self._drawn(sub_key(key, "before"), self.segment + 2 * self.lag)

    def next(self, state: Array, key: Array, step: Any) -> tuple[Array, Any]:
        """Return (inputs around the next segment, batch)."""
        lag, end = self.lag, self.lag + self.segment
        batch = {
            "x": state[:, lag:end],
            "y": state[:, : self.segment],
            "x_ahead": state[:, end:],
            "y_ahead": state[:, self.segment : end],
            # Where the network begins; after the first step it is where it was.
            "start": 0.1 * jax.random.normal(sub_key(key, "state"), (self.batch, self.units)),
        }
        new = self._drawn(jax.random.fold_in(key, step), self.segment)
        return jnp.concatenate([state[:, self.segment :], new], axis=1), batch

    def _drawn(self, key: Array, steps: int) -> Array:
        return jax.random.rademacher(key, (self.batch, steps), jnp.float32)


def predicted(p: Mapping[str, Any], h: Array) -> Array:
    """Return S(h), the module's prediction of the derivative of the loss to come by the state h (batch, units)."""
    return h @ p["module.direct"] + jnp.tanh(h @ p["module.in"] + p["module.bias"]) @ p["module.out"]


def squares(p: Mapping[str, Any], h: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Return (sum of squared errors over sequences and steps, state at the end).

    h <- tanh(W h + w x + b), error = o h - y.
    """

    def step(h: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
        x, y = at
        h = jnp.tanh(h @ p["W"] + x[:, None] * p["w"] + p["b"])
        return h, jnp.square(h @ p["o"] - y).sum()

    end, errors = jax.lax.scan(step, h, (x.T, y.T))
    return errors.sum(), end


def outcome(p: Mapping[str, Any], batch: Any, key: Array) -> dict[str, Array]:
    """Return what comes of a segment: its error, the bridge to what follows, the module's error, and its cosine."""

    def ahead(h: Array) -> tuple[Array, tuple[Array, Array, Array]]:
        error, end = squares(p, h, batch["x"], batch["y"])
        bridge = (jax.lax.stop_gradient(predicted(p, end)) * end).sum()
        return error + bridge, (error, bridge, end)

    start = batch["start"]
    (_, (error, bridge, end)), target = jax.value_and_grad(ahead, has_aux=True)(start)
    true = jax.grad(lambda h: squares(p, h, batch["x_ahead"], batch["y_ahead"])[0])(end)
    guess = predicted(p, end)
    cosine = (guess * true).sum() / jnp.maximum(jnp.linalg.norm(guess) * jnp.linalg.norm(true), 1e-12)
    miss = jnp.square(predicted(p, start) - jax.lax.stop_gradient(target)).sum()
    return {
        "end": end,
        "error": error,
        "bridge": bridge,
        "miss": miss,
        "mean_square": error / batch["x"].size,
        "cosine": jax.lax.stop_gradient(cosine),
    }


def initial(config: Config, seed: int) -> dict[str, np.ndarray]:
    """Return the weights of network and module; the module's output is close to 0."""
    rng, n, hidden = generator(seed, "recurrent network and module"), config.units, config.hidden
    orthogonal = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return {
        "W": config.gain * orthogonal,
        "w": rng.normal(size=n),
        "b": np.zeros(n),
        "o": rng.normal(size=n) / np.sqrt(n),
        "module.direct": 1e-3 * rng.normal(size=(n, n)),
        "module.in": rng.normal(size=(n, hidden)) / np.sqrt(n),
        "module.bias": 0.1 * rng.normal(size=hidden),
        "module.out": 1e-3 * rng.normal(size=(hidden, n)),
    }


def learner(config: Config, segment: int, bridged: np.ndarray) -> Learner:
    """Return a learner of segments; bridged (seeds,), 1 where the module's prediction is added, 0 where it is not."""
    names = ("error", "bridge", "miss", "mean_square", "cosine")
    terms: Any = {name: lambda found, _, name=name: found[name] for name in names}
    losses: Any = {
        "network": {"error": 1.0, "bridge": bridged},
        "module": {"miss": 1.0},
        "seen": {"mean_square": 1.0, "cosine": 1.0},
    }
    mix = {"module.*": {"module": 1.0}, "*": {"network": 1.0}}
    return Learner(
        Model(partial(initial, config), outcome),
        Carried({"start": "end"}),
        Descend(Objective(terms, losses, mix), optax.chain(clip_each(config.clip), optax.adam(config.rate))),
        batches=Stream(config.batch, config.units, config.lag, segment),
        every=500,
        limit=1e9,
    )


def recalled(config: Config, segment: int, seed: int, stage: Stage) -> dict[str, Data]:
    """Train both arms from the same seeds, all at once, from the last checkpoint if there is one."""
    n = config.seeds
    seeds = [1000 * seed + k for k in range(n)] * len(ARMS)
    made = learner(config, segment, np.repeat([0.0, 1.0], n))
    kept = stage.restored()
    training = made.train(0, seeds) if kept is None else made.restored(kept)
    steps = config.steps // segment
    while training.step < steps:
        training = made.train(min(training.step + 500, steps), after=training)
        stage.checkpoint(training.arrays())
        stage(training.step, steps)

    def parts(name: str) -> np.ndarray:
        values = training.terms[name].reshape(len(ARMS), n, -1)
        return np.stack([part.mean(-1) for part in np.array_split(values, EPOCHS, axis=-1)], axis=-1)

    dims = ("arm", "seed", "part")
    return {
        "arm": Data(np.array(ARMS), ("arm",), "", "whether a module bridges the cuts"),
        "mean_square": Data(
            parts("mean_square"), dims, "", "mean squared error in each part of the training"
        ),
        "cosine": Data(parts("cosine"), dims, "", "cosine of predicted and true derivative at the cuts"),
    }
