"""Random keys of JAX that belong to the project's streams."""

from __future__ import annotations

import zlib
from typing import SupportsIndex

from neurosim.extras import optional
from neurosim.rng import stream_key

with optional():
    import jax
    import jax.numpy as jnp
    from jax import Array


def jax_key(seed: SupportsIndex, entity: str, purpose: str) -> Array:
    """Return the JAX key (Threefry) of the stream (seed, entity, purpose).

    Arguments as of `neurosim.rng.stream_key`: jax_key(3, "reach", "training"). For the batch of a training step, fold
    the number of the step into the key. Raises DescriptionError as `stream_key` does.
    """
    word = int(stream_key(seed, entity, purpose))
    words = jnp.array([word >> 32, word & 0xFFFFFFFF], jnp.uint32)
    return jax.random.wrap_key_data(words, impl="threefry2x32")


def sub_key(key: Array, purpose: str) -> Array:
    """Return the key of one purpose within a stream: other purposes can be added without changing its draws."""
    return jax.random.fold_in(key, zlib.crc32(purpose.encode()))
