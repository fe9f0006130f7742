"""Values of expressions on numpy arrays, by walking the parsed text: a definition that is asked for, a coefficient."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import exprel

from neurosim.model.expressions import CONSTANTS

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs, "arccos": np.arccos, "arcsin": np.arcsin, "arctan": np.arctan, "ceil": np.ceil, "clip": np.clip,
    "cos": np.cos, "cosh": np.cosh, "exp": np.exp, "expm1": np.expm1, "exprel": exprel, "floor": np.floor,
    "int": np.trunc, "log": np.log, "log10": np.log10, "log1p": np.log1p, "sign": np.sign, "sin": np.sin,
    "sinh": np.sinh, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh,
}  # fmt: skip
_OPERATORS: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.true_divide,
    ast.Pow: operator.pow, ast.Mod: np.mod, ast.FloorDiv: np.floor_divide, ast.USub: operator.neg, ast.UAdd: operator.pos,
    ast.Not: np.logical_not, ast.And: np.logical_and, ast.Or: np.logical_or, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """Return the value of a checked expression; names are looked up in `values` (numbers or arrays in SI units)."""
    return _value(ast.parse(text.strip(), mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return values[node.id] if node.id in values else CONSTANTS[node.id]
        case ast.UnaryOp():
            return _OPERATORS[type(node.op)](_value(node.operand, values))
        case ast.BinOp():
            return _OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
        case ast.BoolOp():
            terms = [_value(v, values) for v in node.values]
            result = terms[0]
            for term in terms[1:]:
                result = _OPERATORS[type(node.op)](result, term)
            return result
        case ast.Compare():
            left, result = _value(node.left, values), True
            for op, right_node in zip(node.ops, node.comparators, strict=True):
                right = _value(right_node, values)
                result = np.logical_and(result, _OPERATORS[type(op)](left, right))
                left = right
            return result
        case ast.Call(func=ast.Name(id=name)):
            arguments = [_value(a, values) for a in node.args]
            return FUNCTIONS[name](
                *[
                    np.asarray(a, dtype=float) if isinstance(a, np.ndarray | np.bool_ | bool) else a
                    for a in arguments
                ]
            )
    raise TypeError(f"{type(node).__name__} is not part of the expression grammar")
