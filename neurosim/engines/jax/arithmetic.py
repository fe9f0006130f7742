"""The functions and operators of equations in JAX, with and without a gradient through comparisons."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.ad_checkpoint import checkpoint_name

from neurosim.compiler.evaluate import OPERATORS, Table

COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda old, new: new,
    "+=": operator.add,
    "-=": operator.sub,
    "*=": operator.mul,
    "/=": operator.truediv,
}
"""What an assignment makes of the old value and that of its expression."""


def _integer(x: Any) -> Any:
    x = jnp.asarray(x)
    return jnp.where(x, 1.0, 0.0) if x.dtype == bool else jnp.trunc(x)


def _exprel(x: Any) -> Array:
    small = jnp.abs(x) < 1e-16
    return jnp.where(small, 1.0, jnp.expm1(x) / jnp.where(small, 1.0, x))


SLOPE = "slope"
"""Name of the derivatives that are worth to be kept for backward passes."""


@jax.custom_jvp
def _tanh(x: Any) -> Array:
    return jnp.tanh(x)


@_tanh.defjvp
def _(at: tuple[Array], changes: tuple[Array]) -> tuple[Array, Array]:
    # JAX's own derivative is the same, but it keeps two arrays, 1 - y and y, where one will do.
    y = _tanh(*at)
    return y, changes[0] * checkpoint_name((1 - y) * (1 + y), SLOPE)  # type: ignore[no-untyped-call]


JAX: Table = {
    **OPERATORS,
    ast.Div: jnp.true_divide, ast.Mod: jnp.mod, ast.FloorDiv: jnp.floor_divide,
    ast.Not: jnp.logical_not, ast.And: jnp.logical_and, ast.Or: jnp.logical_or,
    "abs": jnp.abs, "arccos": jnp.arccos, "arcsin": jnp.arcsin, "arctan": jnp.arctan, "ceil": jnp.ceil,
    "clip": jnp.clip, "cos": jnp.cos, "cosh": jnp.cosh, "exp": jnp.exp, "expm1": jnp.expm1, "floor": jnp.floor,
    "log": jnp.log, "log10": jnp.log10, "log1p": jnp.log1p, "sign": jnp.sign, "sin": jnp.sin, "sinh": jnp.sinh,
    "sqrt": jnp.sqrt, "tan": jnp.tan, "tanh": _tanh,
    "int": _integer, "exprel": _exprel, "select": jnp.where,
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
