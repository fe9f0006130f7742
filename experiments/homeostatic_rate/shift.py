"""A stream of images whose labels swap, two classes at a time, at equal intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

CLASSES = 10


@partial(jax.tree_util.register_dataclass, data_fields=["x", "classes", "interval"], meta_fields=["size"])
@dataclass(frozen=True)
class Shifting:
    """Batches of images in a new order in every epoch, labelled by a permutation of classes that does a random walk.

    After every `interval` images of an epoch, counted at the ends of batches and not after its first, two classes swap
    labels. A batch has 'label' as of now, 'class', and 'order' (trials, classes), the label of each class.
    Arguments: x, images (images, pixels); classes (images,); interval, more than an epoch has for none; size, of a
    batch.
    """

    x: Any
    classes: Any
    interval: Any
    size: int

    @property
    def per_epoch(self) -> int:
        """Number of batches in an epoch."""
        return int(self.classes.shape[0]) // self.size

    def start(self, key: Array) -> Any:
        """Return labels as they are, and no order of images yet."""
        return {"order": jnp.arange(CLASSES), "images": jnp.zeros(self.classes.shape[0], jnp.int32)}

    def next(self, state: Any, key: Array, step: Any) -> tuple[Any, Any]:
        """Return (state, batch); a swap that is due after the batch is in the state."""
        epoch, place = jnp.divmod(step, self.per_epoch)
        # A branch, since the step is the same for all seeds: a permutation takes longer than an update.
        images = lax.cond(
            place == 0,
            lambda: jax.random.permutation(jax.random.fold_in(key, epoch), self.classes.shape[0]).astype(
                jnp.int32
            ),
            lambda: state["images"],
        )
        chosen = lax.dynamic_slice_in_dim(images, place * self.size, self.size)
        order, classes = state["order"], jnp.asarray(self.classes)[chosen]
        batch = {
            "inputs": {"x": jnp.asarray(self.x)[chosen]},
            "label": order[classes],
            "class": classes,
            "order": jnp.broadcast_to(order, (self.size, CLASSES)),
        }
        pick = jax.random.fold_in(jax.random.fold_in(key, 1_000_003), step)
        a, b = jax.random.choice(pick, CLASSES, (2,), replace=False)
        swapped = order.at[a].set(order[b]).at[b].set(order[a])
        due = (place > 0) & (jnp.mod((place + 1) * self.size, self.interval) == 0)
        return {"order": jnp.where(due, swapped, order), "images": images}, batch
