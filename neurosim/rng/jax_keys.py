"""Random keys of JAX that belong to the project's streams."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import SupportsIndex

import numpy as np

from neurosim.extras import optional
from neurosim.rng import stream_key

with optional():
    import jax
    from jax import Array


def jax_key(seed: SupportsIndex, entity: str, purpose: str) -> Array:
    """Return the JAX key (Threefry) of the stream (seed, entity, purpose).

    Arguments as of `neurosim.rng.stream_key`: jax_key(3, "reach", "training"). For the batch of a training step, fold
    the number of the step into the key. Raises DescriptionError as `stream_key` does.
    """
    return jax.random.wrap_key_data(jax.device_put(_words(seed, entity, purpose)), impl="threefry2x32")


def jax_keys(seeds: Iterable[SupportsIndex], entity: str, purpose: str) -> Array:
    """Return the JAX keys of the streams of several seeds (seeds,); see `jax_key`."""
    words = np.stack([_words(seed, entity, purpose) for seed in seeds])
    return jax.random.wrap_key_data(jax.device_put(words), impl="threefry2x32")


def _words(seed: SupportsIndex, entity: str, purpose: str) -> np.ndarray:
    """Return the two words of a key; made by numpy, as each operation of JAX is a program to be compiled."""
    word = int(stream_key(seed, entity, purpose))
    return np.array([word >> 32, word & 0xFFFFFFFF], np.uint32)


def sub_key(key: Array, purpose: str) -> Array:
    """Return the key of one purpose within a stream: other purposes can be added without changing its draws."""
    return jax.random.fold_in(key, zlib.crc32(purpose.encode()))
