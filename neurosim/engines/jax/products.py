"""Sums over weights as products of matrices, written so that they and their gradients are fast for many trials."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.ad_checkpoint import checkpoint_name

PRODUCT = "product"
"""Name of the sums, which backward passes keep."""


def weighted_sum(weights: Array, values: Array) -> Array:
    """Return sum over i of weights[i, j] * values[i], shape (to,) or (to, trials).

    Arguments: weights (from, to), or (from, to, trials), with trials 1 if they are the same in all; values (from,) or
    (from, trials).
    """
    if values.ndim == 1:
        return values @ weights
    if weights.shape[2] > 1:
        return jnp.einsum("ijt,it->jt", weights, values)
    found: Array = checkpoint_name(_shared(weights[:, :, 0], values), PRODUCT)  # type: ignore[no-untyped-call]
    return found


# XLA's product on a CPU is fast as long as it does not sum over the first axis of its left matrix. So the weights,
# (from, to), are turned first, and a barrier keeps the compiler from folding that into the product. Of the gradients,
# that of the values is weights @ g, and that of the weights values @ g.T or, turned, g @ values.T: the one with the
# longer first axis is faster. The rules of JAX give just these for the derivative as it is written here.


@jax.custom_jvp
def _shared(weights: Array, values: Array) -> Array:
    return _turned(weights) @ values


@_shared.defjvp
def _(at: tuple[Array, Array], changes: tuple[Array, Array]) -> tuple[Array, Array]:
    (weights, values), (dweights, dvalues) = at, changes
    turned = _turned(dweights) if dweights.shape[0] < dweights.shape[1] else dweights.T
    return _shared(weights, values), turned @ values + jnp.tensordot(weights, dvalues, (0, 0))


def _turned(matrix: Array) -> Any:
    return lax.optimization_barrier(matrix.T)  # type: ignore[no-untyped-call]
