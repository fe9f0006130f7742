"""Blocks of rules in the matrix language of `neurosim.model.matrix`: the change of all weights as one expression."""

from __future__ import annotations

import ast
import operator
from typing import Any

import jax.numpy as jnp

from neurosim.engines.evaluate import Table, evaluate
from neurosim.engines.jax_engine.arithmetic import JAX
from neurosim.engines.jax_engine.context import Context
from neurosim.engines.jax_engine.links import Edges, level_of
from neurosim.engines.lowering import Block
from neurosim.model.expressions import names_in


def _diag(a: Any) -> Any:
    return jnp.diag(a[:, 0]) if a.shape[1] == 1 else jnp.diag(a)[:, None]


MATRIX: Table = {
    **JAX, ast.MatMult: operator.matmul, "tril": jnp.tril, "diag": _diag, "solve": jnp.linalg.solve,
    "sum": jnp.sum, "mean": jnp.mean, "max": jnp.max,
}  # fmt: skip


def change(context: Context, block: Block) -> None:
    """Add a matrix (targets, sources) to the weights, or to their sum over presentations; bounds follow."""
    edges = Edges(context, context.link(block.owner))
    first, *rest = block.statements
    known = {name: _value(edges, name) for name in names_in(first.expression)}
    added = jnp.broadcast_to(evaluate(first.expression, known, MATRIX), edges.shape[::-1])
    full = edges.full(first.target)
    context.write(full, context.values[full] + added.T.reshape(-1))
    edges.run(tuple(rest))


def _value(edges: Edges, name: str) -> Any:
    if name == "W":
        return edges.spread(edges.value("w"), "edge").T
    value = edges.value(name)
    return value if level_of(edges.link, name) == "run" or jnp.ndim(value) == 0 else value[:, None]
