"""The functions and operators of equations in JAX, with and without a gradient through comparisons."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.ad_checkpoint import checkpoint_name
from jax.scipy.special import ndtri

from neurosim.model.evaluate import OPERATORS, Table
from neurosim.model.functions import FUNCTIONS, load
from neurosim.rng.counts import LARGE

COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda old, new: new,
    "+=": operator.add,
    "-=": operator.sub,
    "*=": operator.mul,
    "/=": operator.truediv,
}
"""What an assignment makes of the old value and that of its expression."""


def integer(x: Any) -> Any:
    """Return x without its fraction, 1 or 0 of a condition."""
    x = jnp.asarray(x)
    return jnp.where(x, 1.0, 0.0) if x.dtype == bool else jnp.trunc(x)


def exprel(x: Any) -> Array:
    """Return (exp(x) - 1)/x, 1 at 0."""
    small = jnp.abs(x) < 1e-16
    return jnp.where(x == jnp.inf, x, jnp.where(small, 1.0, jnp.expm1(x) / jnp.where(small, 1.0, x)))


def clip(x: Any, low: Any, high: Any) -> Array:
    """Return min(max(x, low), high), NaN where any of them is."""
    return jnp.minimum(jnp.maximum(x, low), high)


def softplus(x: Any) -> Array:
    """Return log(1 + exp(x)), without overflow."""
    return jnp.logaddexp(x, 0.0)


def poisson_quantile(u: Any, mean: Any) -> Array:
    """Return the least k with P(K <= k) > u, K a Poisson number; no gradient passes."""
    u, mean = _constants(u, mean)
    spread = jnp.sqrt(jnp.where(mean > 0, mean, 1))
    many = _rounded_normal(u, mean, spread, 1 / spread, 1 / spread**2)
    few = _summed(u, jnp.exp(-mean), lambda k: mean / (k + 1), mean, mean * 0 + jnp.inf)
    found = jnp.where(mean > LARGE, jnp.where(mean == jnp.inf, mean, many), few)
    found = jnp.where(mean > 0, found, jnp.where(mean <= 0, 0.0, mean))
    return jnp.where((u >= 0) & (u < 1), found, jnp.nan)


def poisson_number(u: Any, mean: Any) -> Array:
    """Return the Poisson number that `neurosim.rng.poisson` draws where its uniform number is u."""
    return poisson_quantile(jnp.where(mean > LARGE, u, jnp.floor(u * 2.0**32) * 2.0**-32), mean)


def binomial_quantile(u: Any, n: Any, p: Any) -> Array:
    """Return the least k with P(K <= k) > u, K a binomial number; no gradient passes."""
    u, n, p = _constants(u, n, p)
    value = (u >= 0) & (u < 1) & ~jnp.isnan(n) & ~jnp.isnan(p)
    without_end = jnp.where(p > 0, jnp.inf, 0.0)
    n, likely = jnp.floor(jnp.maximum(n, 0)), p > 0.5
    p = jnp.clip(jnp.where(likely, 1 - p, p), 0, 1)
    u = jnp.where(likely, jnp.maximum(1 - u - np.finfo(u.dtype).epsneg, 0), u)
    sd = jnp.sqrt(jnp.where(n * p > LARGE, n * p * (1 - p), 1))
    many = _rounded_normal(u, n * p, sd, (1 - 2 * p) / sd, (1 - 6 * p * (1 - p)) / sd**2)
    few = _summed(u, jnp.exp(n * jnp.log1p(-p)), lambda k: (n - k) / (k + 1) * (p / (1 - p)), n * p, n)
    found = jnp.where(n * p > LARGE, jnp.minimum(many, n), few)
    found = jnp.where(n == jnp.inf, without_end, jnp.where(likely, n - found, found))
    return jnp.where(value, found, jnp.nan)


def _constants(*values: Any) -> list[Array]:
    """Return values as arrays of floats of one shape that no gradient passes."""
    found = jnp.broadcast_arrays(*(jnp.asarray(value, float) for value in values))
    dtype = jnp.result_type(*(v for v in values if isinstance(v, Array)), jnp.float32)
    return [lax.stop_gradient(value.astype(dtype)) for value in found]


def _summed(u: Array, first: Array, ratio: Callable[[Array], Array], mean: Array, most: Array) -> Array:
    """Return the quantile by summing probabilities, from that of 0 on, each a ratio of the one before."""

    def left(at: tuple[Array, Array, Array]) -> Array:
        k, p, total = at
        return (u >= total) & (k < most) & ((p > 1e-18) | (k < mean)) & (mean <= LARGE)

    def more(at: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        k, p, total = at
        going, p_next = left(at), p * ratio(k)
        return (
            jnp.where(going, k + 1, k),
            jnp.where(going, p_next, p),
            jnp.where(going, total + p_next, total),
        )

    found, _, _ = lax.while_loop(lambda at: jnp.any(left(at)), more, (u * 0, first, first))
    return found


def _rounded_normal(u: Array, mean: Array, sd: Array, skewness: Array, kurtosis: Array) -> Array:
    """Return what `neurosim.rng.counts.rounded_normal` does."""
    z = ndtri(jnp.clip(u, 2.0**-54, 1 - np.finfo(u.dtype).epsneg))
    x = z + skewness * (z * z - 1) / 6 + kurtosis * (z**3 - 3 * z) / 24
    x -= skewness**2 * (2 * z**3 - 5 * z) / 36 + z / (24 * sd * sd)
    return jnp.maximum(jnp.floor(mean + sd * x + 0.5), 0)


def _power(x: Any, y: Any) -> Any:
    found = jnp.power(x, y) if isinstance(x, int | float) else x**y
    if not isinstance(y, Array):
        return found
    # XLA takes exp(a)**b for exp(a*b), which is no number where one of them is infinite and the other 0.
    return jnp.where((y == 0) | (x == 1), jnp.ones_like(found), found)


def _remainder(x: Any, y: Any) -> Array:
    return jnp.where(y == 0, jnp.nan, _signed(_exact(jnp.mod, x, y), y))


def _floor_divide(x: Any, y: Any) -> Array:
    whole = _signed(_exact(jnp.floor_divide, x, y), jnp.true_divide(x, y))
    return jnp.where(y == 0, jnp.true_divide(x, y), whole)


def _signed(value: Any, sign: Any) -> Array:
    """Return a value, with a sign where it is 0, as IEEE 754 has it and jax.numpy has not."""
    value = jnp.asarray(value)
    return _signed_float(value, sign) if jnp.issubdtype(value.dtype, jnp.floating) else value


@jax.custom_jvp
def _signed_float(value: Array, sign: Any) -> Array:
    return jnp.where(value == 0, jnp.copysign(jnp.zeros_like(value), sign), value)


# The derivative is that of the value, also where it is 0.
_signed_float.defjvps(lambda change, result, value, sign: change, None)


def _exact(divide: Callable[[Any, Any], Array], x: Any, y: Any) -> Array:
    """Return divide(x, y), exactly where x counts steps and y is a whole number, in any precision."""
    x, y = jnp.asarray(x), jnp.asarray(y)
    if not jnp.issubdtype(x.dtype, jnp.integer):
        return divide(x, y)
    whole = (y == jnp.round(y)) & (y != 0) & (jnp.abs(y) < 2.0**31)
    among_integers = divide(x, jnp.where(whole, y, 1).astype(x.dtype))
    return jnp.where(whole, among_integers.astype(y.dtype), divide(x.astype(y.dtype), y))


SLOPE = "slope"
"""Name of the derivatives that are worth to be kept for backward passes."""


@jax.custom_jvp
def tanh(x: Any) -> Array:
    """Return the hyperbolic tangent."""
    return jnp.tanh(x)


@tanh.defjvp
def _(at: tuple[Array], changes: tuple[Array]) -> tuple[Array, Array]:
    # JAX's own derivative is the same, but it keeps two arrays, 1 - y and y, where one will do.
    y = tanh(*at)
    return y, changes[0] * checkpoint_name((1 - y) * (1 + y), SLOPE)  # type: ignore[no-untyped-call]


JAX: Table = {
    **OPERATORS,
    ast.Constant: float,
    ast.Div: jnp.true_divide, ast.Mod: _remainder, ast.FloorDiv: _floor_divide, ast.Pow: _power,
    ast.Not: jnp.logical_not, ast.And: jnp.logical_and, ast.Or: jnp.logical_or,
    **{name: load(function.jax) for name, function in FUNCTIONS.items()},
    "select": jnp.where,
}  # fmt: skip


def spiking(above: Callable[[Any, Any], Array], at_least: Callable[[Any, Any], Array]) -> Table:
    """Return a table in which conditions are numbers, 0 or 1, that gradients pass through.

    Arguments: above and at_least, what stands for x > y and x >= y.
    """
    return {
        **JAX,
        ast.Gt: above, ast.Lt: lambda x, y: above(y, x), ast.GtE: at_least, ast.LtE: lambda x, y: at_least(y, x),
        ast.And: operator.mul, ast.Or: lambda x, y: x + y - x * y, ast.Not: lambda x: 1.0 - x,
    }  # fmt: skip
