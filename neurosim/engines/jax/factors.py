"""Products split into factors of source, target and edge, so that sums over edges become matrix products."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Literal

from neurosim.model.expressions import expression as parsed
from neurosim.model.expressions import names_in

Level = Literal["run", "pre", "post", "edge"]


def separate(expression: str, level: Callable[[str], Level]) -> dict[Level, str] | None:
    """Return the factors of a product by level, each as one expression, or None if a factor mixes levels.

    Arguments: expression, such as 'w * output_pre'; level, where a name varies; numbers belong to 'run'.
    """
    texts: dict[Level, str] = {}
    for factor, operator in _factors(parsed(expression).tree, "*"):
        text = ast.unparse(factor)
        levels = {level(name) for name in names_in(text)} - {"run"}
        if len(levels) > 1:
            return None
        place: Level = levels.pop() if levels else "run"
        texts[place] = f"{texts.get(place, '1')} {operator} ({text})"
    return texts


def _factors(node: ast.expr, operator: str) -> Iterator[tuple[ast.expr, str]]:
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from _factors(left, operator)
            yield from _factors(right, operator)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield from _factors(left, operator)
            yield from _factors(right, "/" if operator == "*" else "*")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield ast.Constant(-1.0), "*"
            yield from _factors(operand, operator)
        case _:
            yield node, operator
