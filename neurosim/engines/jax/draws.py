"""Random numbers of the project's streams in JAX: those that `neurosim.rng.draws` gives for (key, step, index)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.extend.random import threefry_2x32
from jax.scipy.special import ndtri

from neurosim.rng.draws import fill_normal, fill_uniform

FILL = {"normal": fill_normal, "uniform": fill_uniform}


def words(key: int | np.uint64) -> np.ndarray:
    """Return a key of `stream_key` as two unsigned 32-bit words, the lower first."""
    return np.array([int(key) & 0xFFFFFFFF, int(key) >> 32], dtype=np.uint32)


def uniform(key: Array, step: Array, size: int, dtype: Any) -> Array:
    """Return numbers uniform on [0, 1), shape (size,): `neurosim.rng.draws.uniform` rounded to the precision.

    Arguments: key, from `words`; step, a 32-bit integer >= 0, so the high word of the step is 0.
    """
    high, low = _random_words(key, step, size)
    return jnp.minimum(_fraction(high >> 5, low >> 6, 53, dtype), 1 - np.finfo(dtype).epsneg)


def normal(key: Array, step: Array, size: int, dtype: Any) -> Array:
    """Return standard normal numbers, shape (size,): those of `neurosim.rng.draws.normal` up to rounding.

    Arguments: as of `uniform`.
    """
    high, low = (word >> 6 for word in _random_words(key, step, size))
    # The upper half of the uniform numbers is the lower one mirrored: tails stay exact in single precision too.
    upper = high >= 1 << 25
    high, low = (jnp.where(upper, (1 << 26) - 1 - word, word) for word in (high, low))
    tail = _fraction(high, low, 52, dtype) + 2.0**-53
    return jnp.where(upper, -ndtri(tail), ndtri(tail))


DRAW = {"normal": normal, "uniform": uniform, "poisson": uniform}
"""What is drawn of each kind; Poisson numbers are made of uniform ones."""


def on_host(kind: str, key: np.uint64, step: int, size: int) -> np.ndarray:
    """Return the numbers of one step outside JAX, in double precision."""
    out = np.empty(size)
    FILL[kind](key, step, out)
    return out


def _random_words(key: Array, step: Array, size: int) -> tuple[Array, Array]:
    counters = jnp.stack([jnp.full(size, step, jnp.uint32), jnp.arange(size, dtype=jnp.uint32)])
    first, second = threefry_2x32((key[0], key[1]), counters)
    return first, second


def _fraction(high: Array, low: Array, bits: int, dtype: Any) -> Array:
    """Return (high * 2**26 + low) / 2**bits."""
    high, low = (word.astype(jnp.int32).astype(dtype) for word in (high, low))
    return high * 2.0 ** (26 - bits) + low * 2.0**-bits
