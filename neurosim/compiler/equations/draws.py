"""Calls of rand() and randn() in equations: each becomes a variable that is drawn afresh at every step."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from neurosim.errors import DescriptionError
from neurosim.model.expressions import Rewriter, expression, made

Kind = Literal["normal", "uniform"]
DRAWS: dict[str, Kind] = {"rand": "uniform", "randn": "normal"}


@dataclass(frozen=True)
class Draw:
    """A random number per neuron or edge and step: its kind, and the purpose of the stream that it comes from."""

    kind: Kind
    stream: str


def with_draws(text: str, draw: Callable[[str, Kind], str], where: str) -> str:
    """Return an expression with each call of rand() and randn() replaced by a variable.

    Arguments: text, checked before; draw(function, kind), which names a new variable; where, for messages.
    Raises DescriptionError if a call has arguments.
    """
    return made(_Draws(draw, where).visit(expression(text).tree)).text


class _Draws(Rewriter):
    def __init__(self, draw: Callable[[str, Kind], str], where: str) -> None:
        self.draw, self.where = draw, where

    def visit_Call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in DRAWS:
            return self.generic_visit(node)
        if node.args:
            raise DescriptionError(f"{self.where}: {node.func.id} takes no arguments: write {node.func.id}()")
        return ast.Name(self.draw(node.func.id, DRAWS[node.func.id]), ast.Load())
