"""Constants of 0 by which equations divide: told where the value is given, not once the network is built."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.expressions import expression


def check_divisors(texts: Callable[[], Mapping[str, str]], values: Mapping[str, Any], owner: str) -> None:
    """Refuse parameters of 0 by which equations divide.

    Arguments:
        texts: gives expressions by what they define, such as 'dv/dt'; called only where a parameter is 0.
        values: the values of parameters by name.
        owner: whose parameters they are, for messages.
    """
    zero = {
        n for n, v in values.items() if isinstance(v, int | float | np.ndarray) and np.any(np.asarray(v) == 0)
    }
    for defined, text in texts().items() if zero else ():
        for name in sorted(zero & set(divisors(text))):
            raise DescriptionError(f"{owner}.{name} = 0 divides {defined}: give a value above 0")


def divisors(text: str) -> Iterable[str]:
    """Yield the names by which an expression divides, alone or as factors."""
    for node in ast.walk(expression(text).tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
            yield from _factors(node.right)


def _factors(node: ast.expr) -> Iterable[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.UnaryOp(operand=operand):
            yield from _factors(operand)
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            yield from (*_factors(left), *_factors(right))
        case ast.BinOp(op=ast.Div() | ast.Pow(), left=left):
            yield from _factors(left)
