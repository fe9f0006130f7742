"""Blocks of rules in the matrix language of `neurosim.model.matrix`: the change of all weights as one expression."""

from __future__ import annotations

import ast
import operator
from typing import Any

import jax.numpy as jnp

from neurosim.compiler.schedule.program import Block
from neurosim.engines.jax.arithmetic import JAX
from neurosim.engines.jax.context import Context
from neurosim.engines.jax.edges import Edges, level_of
from neurosim.engines.jax.trials import over_trials
from neurosim.model.evaluate import Table, evaluate
from neurosim.model.expressions import names_in


def _diag(a: Any) -> Any:
    return jnp.diag(a[:, 0]) if a.shape[1] == 1 else jnp.diag(a)[:, None]


MATRIX: Table = {
    **JAX, ast.MatMult: operator.matmul, "tril": jnp.tril, "diag": _diag, "solve": jnp.linalg.solve,
    "sum": jnp.sum, "mean": jnp.mean, "max": jnp.max,
}  # fmt: skip


def change(context: Context, block: Block) -> None:
    """Add a matrix (targets, sources) to the weights, or to their sum over presentations; bounds follow."""
    edges = Edges(context, context.projection(block.owner))
    first, *rest = block.statements
    full, added = edges.full(first.target), changes(edges, first.expression)
    context.write(full, context.values[full] + added.swapaxes(0, 1).reshape(-1, *context.trials))
    edges.run(tuple(rest))


def changes(edges: Edges, expression: str) -> Any:
    """Return the value of a matrix expression, (targets, sources) or (targets, sources, trials)."""
    names = sorted(names_in(expression))

    def found(*values: Any) -> Any:
        known = {name: _shaped(edges, name, value) for name, value in zip(names, values, strict=True)}
        return jnp.broadcast_to(evaluate(expression, known, MATRIX), edges.shape[::-1])

    return over_trials(found, edges.context.trials, *(edges.value("w" if n == "W" else n) for n in names))


def _shaped(edges: Edges, name: str, value: Any) -> Any:
    """Return a variable in one trial as a matrix, a column or a number."""
    ref = edges.projection.refs.get(name)
    if ref is not None and ref.end == "matrix":
        edges = Edges(edges.context, edges.context.projection(ref.owner))
    if name == "W" or (ref is not None and ref.end == "matrix"):
        return edges.spread(value, "edge").T
    return value if level_of(edges.projection, name) == "run" or jnp.ndim(value) == 0 else value[:, None]
