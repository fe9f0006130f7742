"""What is imposed on a variable in a run from outside: held units, directions, shifts, replaced credit."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array


class Held(NamedTuple):
    """What is imposed on one variable x (size, trials) whenever it is written, in one step or, as rows, in each.

    on, where or how far, from 0 to 1; value, what x is held at: x <- value where on, or, with an orthonormal basis D
    (size, directions), x <- x + on D D^T (value - x); shift, what is added; credit, what takes the place of the
    derivative of a loss by x in backward passes. Each is None or broadcasts against x; rows have steps first, but
    basis.
    """

    on: Any = None
    value: Any = None
    basis: Any = None
    shift: Any = None
    credit: Any = None

    def imposed(self, x: Any) -> Any:
        """Return the variable with all of it imposed."""
        if self.on is not None and self.basis is None:
            x = jnp.where(self.on > 0, self.value, x)
        elif self.on is not None:
            x = x + self.on * (self.basis @ (self.basis.T @ (self.value - x)))
        if self.shift is not None:
            x = x + self.shift
        return x if self.credit is None else _credited(x, jnp.broadcast_to(self.credit, jnp.shape(x)))


@jax.custom_vjp
def _credited(x: Array, credit: Array) -> Array:
    return x


def _forward(x: Array, credit: Array) -> tuple[Array, Array]:
    return x, credit


def _backward(credit: Array, true: Array) -> tuple[Array, Array]:
    return credit.astype(true.dtype), jnp.zeros_like(credit)


_credited.defvjp(_forward, _backward)
