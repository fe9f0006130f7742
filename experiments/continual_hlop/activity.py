"""What layers receive, in networks of rates and of spikes, and what errors see of it."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from neurosim.engines.jax import Surrogate
from neurosim.experiments.continual_hlop.config import Config
from neurosim.experiments.continual_hlop.spiking import PEAK, STEP, spiking
from neurosim.learning.bptt.losses import Term
from neurosim.learning.protocol import Evaluation, Learner, Now, Shuffled, Training

LAYERS = (1, 2, 3)
SURROGATE = Surrogate("sigmoid", 0.25)
"""The derivative of a spike by the potential in 'bptt' and 'ottt': 4 s(4 u) (1 - s(4 u)), u above the threshold."""


class Rows(NamedTuple):
    """What the change of weights is made of, a row for each trial, or for each step of each trial.

    Fields: error, of the outputs (rows, 10); slopes, of the two hidden layers (rows, neurons); inputs, of the three
    layers (rows, neurons).
    """

    error: Any
    slopes: tuple[Any, Any]
    inputs: tuple[Any, Any, Any]


class Activity:
    """What is read of the networks of one kind.

    Arguments: trainer, 'rates', 'bptt', 'ottt' or 'dsr'; config.
    """

    def __init__(self, trainer: str, config: Config) -> None:
        self.trainer = trainer
        self.spiking = None if trainer == "rates" else spiking(trainer, config)

    def steps(self, outcome: Any, layer: int, variable: str = "s") -> Array:
        """Return a variable of a hidden layer (trials, T, neurons): a spike reaches the next layer a step later."""
        assert self.spiking is not None
        found: Array = outcome[f"h{layer}.{variable}"][:, layer - 1 : layer - 1 + self.spiking.steps]
        return found

    def received(self, outcome: Any, batch: Any) -> list[Array]:
        """Return what each of the three layers receives, (rounds, trials, samples, neurons).

        Lateral neurons see one round after the other: rates, rates weighted as in the read-out for 'dsr', the spikes of
        all steps for 'bptt', spikes and traces step by step for 'ottt'.
        """
        x = batch["inputs"]["x"]
        if self.spiking is None:
            return [
                one[None, :, None] for one in (x, outcome["h1.output"][:, -1], outcome["h2.output"][:, -1])
            ]
        spikes = [self.steps(outcome, layer) for layer in (1, 2)]
        if self.trainer == "bptt":
            return [x[None, :, None], *(one[None] for one in spikes)]
        if self.trainer == "ottt":
            traces = [self.steps(outcome, layer, "r") for layer in (1, 2)]
            both = [jnp.stack(one, 2).swapaxes(0, 1) for one in zip(spikes, traces, strict=True)]
            return [jnp.broadcast_to(x[None, :, None], (self.spiking.steps, len(x), 1, x.shape[1])), *both]
        return [one[None, :, None] for one in (x, *map(self.rate, spikes))]

    def rate(self, spikes: Array) -> Array:
        """Return the weighted mean over steps."""
        assert self.spiking is not None
        return jnp.einsum("bti,t->bi", spikes, jnp.asarray(self.spiking.weights, spikes.dtype))

    def rows(self, now: Now) -> Rows:
        """Return what the change of weights is made of, by what the network does in a step of learning."""
        x, outputs = now.batch["inputs"]["x"], now.outcome["y.output"][:, -1]
        if self.trainer == "ottt":
            return self._on_line(now, x)
        error = missed(outputs, now.batch)
        if self.trainer == "rates":
            h1, h2 = (now.outcome[f"h{layer}.output"][:, -1] for layer in (1, 2))
            return Rows(error, (h1 > 0, h2 > 0), (x, h1, h2))
        return self._by_rates(now, x, error)

    def _on_line(self, now: Now, x: Array) -> Rows:
        """Return rows of spatial errors and presynaptic traces, step by step (OTTT)."""
        assert self.spiking is not None
        steps, decay = self.spiking.steps, 1 - 1 / 2  # of the membrane, tau = 2 steps
        spikes = [self.steps(now.outcome, layer) for layer in (1, 2)]
        traces = [self.steps(now.outcome, layer, "r") for layer in (1, 2)]
        # Recorded after the reset, which took 1 of each spike.
        slopes = [SURROGATE.slope(self.steps(now.outcome, n, "v") + spikes[n - 1] - 1) for n in (1, 2)]
        outputs = spikes[1] @ now.model.matrix("w3.w", now.before["w3.w"]).T
        error = jax.vmap(missed, (1, None), 1)(outputs, now.batch) / steps
        shown = (1 - decay ** jnp.arange(1, steps + 1)) / (1 - decay)
        inputs = (shown[None, :, None] * x[:, None], *traces)
        flat = [one.reshape(-1, one.shape[-1]) for one in (error, *slopes, *inputs)]
        return Rows(flat[0], (flat[1], flat[2]), (flat[3], flat[4], flat[5]))

    def _by_rates(self, now: Now, x: Array, error: Array) -> Rows:
        """Return rows of the representation of spikes by their weighted rates (DSR)."""
        assert self.spiking is not None
        spikes = [self.steps(now.outcome, layer) for layer in (1, 2)]
        w1, w2 = (now.model.matrix(f"w{n}.w", now.before[f"w{n}.w"]) for n in (1, 2))
        driven = (x @ w1.T, self.rate(spikes[0]) @ w2.T)
        m1, m2 = ((one > 0) & (one < PEAK / STEP) for one in driven)
        kappa = self.spiking.steps * sum(w**2 for w in self.spiking.weights)
        return Rows(error, (m1, kappa * m2), (x, spikes[0].mean(1), self.rate(spikes[1])))


def missed(outputs: Array, batch: Any) -> Array:
    """Return the gradient of the mean cross-entropy by the outputs, (trials, 10)."""
    counts = batch["counts"] / batch["counts"].sum()
    return (jax.nn.softmax(outputs) - jax.nn.one_hot(batch["label"], 10)) * counts[:, None]


@cache
def _measures(trainer: str, config: Config) -> dict[str, Term]:
    activity = Activity(trainer, config)

    def of(layer: int) -> Term:
        def measure(outcome: Any, batch: Any) -> Array:
            found = activity.received(outcome, batch)[layer - 1]
            return found.reshape(-1, found.shape[-1])

        return measure

    return {f"layer{layer}": of(layer) for layer in LAYERS}


def received(
    learner: Learner, training: Training, batch: Shuffled, config: Config, trainer: str = "rates"
) -> list[NDArray[np.float32]]:
    """Return what each layer receives from a batch, (seeds, samples, neurons)."""
    measures = _measures(trainer, config)
    found = learner.evaluate(training, Evaluation(batch, measures))
    return [found[name] for name in measures]
