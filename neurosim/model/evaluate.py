"""Values of expressions, by walking the parsed text: on numpy arrays, or with the functions of another library."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from neurosim.model.expressions import CONSTANTS, expression
from neurosim.model.functions import FUNCTIONS, deferred

Table = Mapping[Any, Callable[..., Any]]
"""What functions (by name), operators and numbers (by node of the parsed text) in equations are."""


def _on_floats(function: Callable[..., Any]) -> Callable[..., Any]:
    # Functions of numpy give half precision, or none, on booleans.
    def on_floats(*arguments: Any) -> Any:
        floats = [
            np.asarray(a, float) if isinstance(a, np.ndarray | np.bool_ | bool) else a for a in arguments
        ]
        return function(*floats)

    return on_floats


OPERATORS: Table = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.true_divide,
    ast.Pow: operator.pow, ast.Mod: np.mod, ast.FloorDiv: np.floor_divide,
    ast.USub: operator.neg, ast.UAdd: operator.pos,
    ast.Not: np.logical_not, ast.And: np.logical_and, ast.Or: np.logical_or, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
NUMPY: Table = {
    **OPERATORS,
    ast.Constant: np.float64,
    **{name: _on_floats(deferred(function.numpy)) for name, function in FUNCTIONS.items()},
}


def evaluate(text: str, values: Mapping[str, Any], table: Table = NUMPY) -> Any:
    """Return the value of a checked expression.

    Arguments: values, numbers or arrays in SI units by name; table, what functions and operators do.
    """
    with np.errstate(all="ignore"):  # what is not finite is found in the state, and named
        return _value(expression(text).real.tree, values, table)


def _value(node: ast.expr, values: Mapping[str, Any], table: Table) -> Any:
    match node:
        case ast.Constant():
            return node.value if isinstance(node.value, int) else table[ast.Constant](node.value)
        case ast.Name():
            value = values[node.id] if node.id in values else CONSTANTS[node.id]
            return table[ast.Constant](value) if type(value) in (int, float) else value
        case ast.UnaryOp():
            return table[type(node.op)](_value(node.operand, values, table))
        case ast.BinOp():
            return table[type(node.op)](_value(node.left, values, table), _value(node.right, values, table))
        case ast.BoolOp():
            return reduce(table[type(node.op)], [_value(v, values, table) for v in node.values])
        case ast.Compare():
            terms = [_value(v, values, table) for v in (node.left, *node.comparators)]
            pairs = zip(node.ops, pairwise(terms), strict=True)
            return reduce(table[ast.And], [table[type(op)](left, right) for op, (left, right) in pairs])
        case ast.Attribute(value=matrix, attr="T"):
            return _value(matrix, values, table).T
        case ast.Call(func=ast.Name(id=name)):
            return table[name](*[_value(a, values, table) for a in node.args])
    raise TypeError(f"{type(node).__name__} is not part of the expression grammar")
