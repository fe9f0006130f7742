"""Learning rates as parts of a learner: constant, walking at random, and regulated by simulated updates."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from neurosim.experiments.homeostatic_rate.config import BATCH
from neurosim.learning.protocol import Now, Recent, Regulator

SOURCE = (
    "Man, Damasio, Neven 2022, Need is all you need: homeostatic neural networks adapt to concept shift, arXiv "
    "2205.08645"
)
LEAST = 1e-8
MEMORY = 20
"""Most recent samples on which two simulated updates are compared."""
EXCITING = 5
"""From which class on a sample raises the learning rate."""


def moved(rate: Any, label: Any, step: float) -> Array:
    """Return the learning rate after one effect of a label: up by `step` from class 5 on, otherwise down.

    What would be 0 or less becomes 1e-8; less than half a step counts as 0.
    """
    found = rate + jnp.where(label >= EXCITING, step, -step)
    return jnp.where(found < step / 2, LEAST, found)


class Rate(Regulator):
    """The update of a batch is the learning rate times the gradient, if what is before it descends at a rate of 1.

    State: rate; takes and decisions, how many; place, of the batch in its epoch.
    Arguments: rate, at the start, whose tenth is a step; per_epoch, batches in an epoch.
    """

    def __init__(self, rate: float, per_epoch: int) -> None:
        self.rate, self.per_epoch = rate, per_epoch

    def begin(self, batch: Any) -> Any:
        """Return the state before the first batch."""
        return {"rate": jnp.float32(self.rate), "takes": jnp.int32(0), "decisions": jnp.int32(0)}

    def decide(self, now: Now, state: Any) -> tuple[Any, Any]:
        """Return (learning rate, state)."""
        place = jnp.mod(now.step, self.per_epoch)
        due = self.due(place)
        take = due & self.takes(now, state)
        label = now.batch["label"][0]
        rate = jnp.where(take, moved(state["rate"], label, self.rate / 10), state["rate"])
        counts = {"takes": state["takes"] + take, "decisions": state["decisions"] + due}
        return rate, {**self.after(now, state), "rate": rate, **counts}

    def due(self, place: Array) -> Array:
        """Return whether there is a decision at a batch of an epoch."""
        return place < 0

    def takes(self, now: Now, state: Any) -> Any:
        """Return whether the effect of the label of the first sample is taken."""
        return jnp.array(False)

    def after(self, now: Now, state: Any) -> Any:
        """Return what else is kept."""
        return state


class RandomWalk(Rate):
    """Takes the effect with probability 1/2, at every batch but the first of an epoch."""

    def due(self, place: Array) -> Array:
        """Return whether there is a decision at a batch of an epoch."""
        return place > 0

    def takes(self, now: Now, state: Any) -> Any:
        """Return a fair draw."""
        return jax.random.bernoulli(jax.random.fold_in(now.key, 1))


class Homeostatic(Rate):
    """Takes the effect if an update with the rate that the predicted label calls for does better on recent samples.

    At batches from the fourth of an epoch on, two updates are simulated, with the rate as it is and as the label
    predicted for the first sample of the batch would change it. If the second is right more often, strictly, on the 20
    samples before this batch, with their labels of now, the rate changes as the true label says.
    Arguments: rate; per_epoch; whole, whether simulations use the gradient of the whole batch, or only that of its
    first sample over the size of the batch, as published.
    Source: Man, Damasio, Neven 2022, arXiv 2205.08645.
    """

    def __init__(self, rate: float, per_epoch: int, whole: bool = False) -> None:
        super().__init__(rate, per_epoch)
        self.whole, self.recent = whole, Recent(MEMORY)

    def begin(self, batch: Any) -> Any:
        """Return the state before the first batch."""
        return {**super().begin(batch), "memory": self.recent.start(_kept(batch))}

    def due(self, place: Array) -> Array:
        """Return whether there is a decision at a batch of an epoch."""
        return place * BATCH > MEMORY

    def takes(self, now: Now, state: Any) -> Any:
        """Return whether the second simulation is better."""
        guess = now.outcome["y.output"][0, -1].argmax()
        other = moved(state["rate"], guess, self.rate / 10)
        slope = now.gradient if self.whole else self.of_first(now)
        return self.right(now, state, slope, other) > self.right(now, state, slope, state["rate"])

    def of_first(self, now: Now) -> Any:
        """Return the gradient of the first sample over the size of the batch."""
        size = now.batch["label"].shape[0]
        first = {"inputs": {"x": now.batch["inputs"]["x"][:1]}, "label": now.batch["label"][:1]}
        slope = jax.grad(lambda p: now.loss(p, first))(now.before)
        return jax.tree.map(lambda x: x / size, slope)

    def right(self, now: Now, state: Any, slope: Any, rate: Any) -> Array:
        """Return how many of the recent samples are right after an update."""
        samples, _ = state["memory"]
        parameters = {name: value - rate * slope[name] for name, value in now.before.items()}
        found = now.run(parameters, {"inputs": {"x": samples["x"]}})[0]["y.output"][:, -1].argmax(-1)
        return jnp.sum(found == now.batch["order"][0, samples["class"]])

    def after(self, now: Now, state: Any) -> Any:
        """Return the state with this batch among the recent samples."""
        return {**state, "memory": self.recent.after(state["memory"], _kept(now.batch))}


def _kept(batch: Any) -> Any:
    return {"x": batch["inputs"]["x"], "class": batch["class"]}
