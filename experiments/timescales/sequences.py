"""Sequences of bits, their labels, and what a read-out makes of them."""

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

FIXED = ["task", "length", "size", "neurons", "groups"]


@partial(jax.tree_util.register_dataclass, data_fields=["spans", "active"], meta_fields=FIXED)
@dataclass(frozen=True)
class Sequences:
    """A stream of sequences of M bits, M uniform from N + 2 to 4 N + 1, N the longest span.

    Parity: bits are 1 with a probability that is uniform for each sequence, a label is the sum of the last N bits
    modulo 2. Match: bits are 1 with probability 0.5, a label is whether the first and the last of the last N are equal.
    Arguments: spans (heads,), the N of each head; active (heads,), 1 for heads that count; task, 'parity' or 'match';
    length, room for bits, at least 4 N + 1; size, sequences; neurons, whose activity is uniform from 0 to 0.1 at the
    start; groups, of sequences that have the same M.
    """

    spans: np.ndarray
    active: np.ndarray
    task: str
    length: int
    size: int
    neurons: int
    groups: int = 1

    def draw(self, key: Array, step: Any) -> dict[str, Any]:
        """Return the batch of a step: sequences end together and begin after padding."""
        draws = jax.random.split(jax.random.fold_in(key, step), 4)
        longest = jnp.max(self.spans)
        lengths = jax.random.randint(draws[0], (self.groups,), longest + 2, 4 * longest + 2, jnp.int32)
        chance = jax.random.uniform(draws[1], (self.size, 1)) if self.task == "parity" else 0.5
        bits = jax.random.uniform(draws[2], (self.size, self.length)) < chance
        # In one more step, whose input counts for nothing, the read-out sees what the last bit has made of the network.
        inputs = jnp.pad(bits.astype(jnp.float32), ((0, 0), (0, 1)))
        return {
            "inputs": {"x": inputs[..., None]},
            "lengths": jnp.repeat(lengths + 1, self.size // self.groups),
            "start": {"h.h": 0.1 * jax.random.uniform(draws[3], (self.size, self.neurons))},
            "label": labels(bits, jnp.asarray(self.spans), self.task),
            "active": jnp.asarray(self.active, jnp.float32),
            "newest": longest,
        }


def labels(bits: Array, spans: Array, task: str) -> Array:
    """Return the labels (sequences, heads) of bits (sequences, steps)."""
    if task == "parity":
        ago = jnp.arange(bits.shape[1])[::-1]
        # Sums of bits are exact in whole numbers.
        return (bits.astype(jnp.int32) @ (ago[:, None] < spans).astype(jnp.int32)) % 2
    return (bits[:, bits.shape[1] - spans] == bits[:, -1:]).astype(jnp.int32)


def cross_entropy(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
    """Return the sum over active heads of the mean cross-entropy."""
    each = optax.softmax_cross_entropy_with_integer_labels(_logits(outcome, batch), batch["label"])
    return (batch["active"] * each.mean(0)).sum()


def mean_accuracy(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
    """Return the mean accuracy of active heads."""
    return (batch["active"] * _right(outcome, batch)).sum() / batch["active"].sum()


def newest_accuracy(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
    """Return the accuracy of the last active head."""
    return _right(outcome, batch)[heads_in_use(outcome, batch) - 1]


def newest_span(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
    """Return the longest span."""
    return jnp.asarray(batch["newest"])


def heads_in_use(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
    """Return the number of active heads."""
    return jnp.asarray(batch["active"]).sum().astype(jnp.int32)


MEASURES = {
    "accuracy": mean_accuracy,
    "newest_accuracy": newest_accuracy,
    "newest": newest_span,
    "heads": heads_in_use,
}


def _logits(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
    return outcome["y.output"][:, -1].reshape(*batch["label"].shape, 2)


def _right(outcome: Mapping[str, Array], batch: Mapping[str, Any]) -> Array:
    return (_logits(outcome, batch).argmax(-1) == batch["label"]).mean(0)
