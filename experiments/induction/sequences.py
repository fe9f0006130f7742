"""Sequences of two exemplars with labels and a third that asks: nothing in them can be remembered, only looked up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from neurosim.experiments.induction.config import Config
from neurosim.experiments.induction.network import NAMED, TOKENS
from neurosim.rng import generator

SETS = ("training", "new pairs", "new classes")


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["features", "pairs", "classes", "known", "matching"],
    meta_fields=["count", "labels"],
)
@dataclass(frozen=True)
class Sequences:
    """A stream of sequences in which two labels, put to two classes anew each time, are shown and one is asked for.

    features of all classes (classes, numbers); pairs of labels (pairs, 2); classes and known, first and number of the
    classes and of the pairs that are drawn; matching, 1 where the second layer is held at a perfect match, else 0;
    count, of sequences in a batch; labels, how many there are.
    """

    features: Any
    pairs: Any
    classes: Any
    known: Any
    matching: Any
    count: int
    labels: int

    def draw(self, key: Array, step: ArrayLike) -> dict[str, Any]:
        """Return the batch of a step: inputs and label, and the pattern of a perfect match with whether it is held."""
        keys, n = jax.random.split(jax.random.fold_in(key, step), 5), self.count
        (first, among), (pair_first, pairs) = self.classes, self.known
        asked = jax.random.randint(keys[0], (n,), 0, among)
        other = (asked + jax.random.randint(keys[1], (n,), 1, among)) % among
        place = jax.random.randint(keys[2], (n,), 0, 2)  # of the class that is asked for
        pair = jnp.asarray(self.pairs)[pair_first + jax.random.randint(keys[3], (n,), 0, pairs)]
        pair = jnp.where(jax.random.bernoulli(keys[4], 0.5, (n, 1)), pair, pair[:, ::-1])
        shown = jnp.where(place[:, None] == jnp.arange(2), asked[:, None], other[:, None])
        classes = first + jnp.concatenate([shown, asked[:, None]], 1)
        return {
            "inputs": {
                "exemplars": jnp.asarray(self.features)[classes].reshape(n, -1),
                "labels": jax.nn.one_hot(pair, self.labels).reshape(n, -1),
            },
            "label": pair[jnp.arange(n), place],
            "match": jax.nn.one_hot(jnp.array(NAMED)[place], TOKENS)[:, None],
            "matching": jnp.full(n, self.matching, float),
        }


def sequences(config: Config, seed: int) -> Sequences:
    """Return the stream of training: features of random directions and one norm, and the pairs in training."""
    drawn = generator(seed, "features").normal(size=(config.classes + config.new_classes, config.features))
    features = (config.norm * drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    kept, left = held_out(config.labels, seed)
    pairs, classes = np.concatenate([kept, left]), np.array([0, config.classes])
    return Sequences(features, pairs, classes, np.array([0, len(kept)]), 0.0, config.batch, config.labels)


def measured_sets(config: Config, stream: Sequences) -> dict[str, Sequences]:
    """Return the sets of sequences on which the circuit is measured."""
    known = int(stream.known[1])
    whole = replace(stream, count=config.tests)
    new_pairs = np.array([known, len(stream.pairs) - known])
    new_classes = np.array([config.classes, config.new_classes])
    return dict(
        zip(SETS, (whole, replace(whole, known=new_pairs), replace(whole, classes=new_classes)), strict=True)
    )


def held_out(labels: int, seed: int, share: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of labels in training, in which every label occurs, and those that are left out."""
    pairs = np.array(list(combinations(range(labels), 2)))
    rng, count = generator(seed, "pairs of labels"), max(1, round(share * len(pairs)))
    while True:
        order = rng.permutation(len(pairs))
        kept, left = pairs[np.sort(order[count:])], pairs[np.sort(order[:count])]
        if len(np.unique(kept)) == labels:
            return kept, left
