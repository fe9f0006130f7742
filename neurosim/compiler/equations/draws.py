"""Calls of rand() and randn() in equations: each becomes a variable that is drawn afresh at every step."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Literal

from neurosim.errors import DescriptionError

Draw = Literal["normal", "uniform"]
DRAWS: dict[str, Draw] = {"rand": "uniform", "randn": "normal"}


def with_draws(text: str, draw: Callable[[str, Draw], str], where: str) -> str:
    """Return an expression with each call of rand() and randn() replaced by a variable.

    Arguments: text, checked before; draw(function, kind), which names a new variable; where, for messages.
    Raises DescriptionError if a call has arguments.
    """
    tree = ast.parse(text.strip(), mode="eval")
    return ast.unparse(ast.fix_missing_locations(_Draws(draw, where).visit(tree)))


def draws_in(text: str) -> bool:
    """Return whether an expression calls rand() or randn()."""
    calls = (n.func for n in ast.walk(ast.parse(text.strip(), mode="eval")) if isinstance(n, ast.Call))
    return any(isinstance(function, ast.Name) and function.id in DRAWS for function in calls)


class _Draws(ast.NodeTransformer):
    def __init__(self, draw: Callable[[str, Draw], str], where: str) -> None:
        self.draw, self.where = draw, where

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id not in DRAWS:
            return node
        if node.args:
            raise DescriptionError(f"{self.where}: {node.func.id} takes no arguments: write {node.func.id}()")
        return ast.Name(self.draw(node.func.id, DRAWS[node.func.id]), ast.Load())
