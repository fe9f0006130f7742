"""Calls of group functions in equations: each becomes a variable that is worked out over groups in every step."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.expressions import GROUPED, Rewriter, expression, made


@dataclass(frozen=True)
class Grouped:
    """A value that all neurons of a group share.

    function, one of `GROUPED`: the sum or maximum over the group, or the mean over the group and the batch;
    expression, of what; size, number of neurons of a group, which follow one another.
    """

    function: str
    expression: str
    size: int


def with_groups(
    text: str,
    constants: Mapping[str, np.ndarray],
    neurons: int,
    name: Callable[[Grouped], str],
    where: str,
) -> str:
    """Return an expression with each call of a group function replaced by a variable.

    Arguments: text, checked before; constants, for sizes of groups, 0 for one group of all; neurons, of the population;
    name, gives the variable; where, for messages.
    Raises DescriptionError on a size that is no whole part of the population.
    """
    return made(_Groups(constants, neurons, name, where).visit(expression(text).tree)).text


def sizes_in(text: str) -> frozenset[str]:
    """Return the names that stand for the size of a group in an expression."""
    calls = [n for n in ast.walk(expression(text).tree) if isinstance(n, ast.Call) and len(n.args) == 2]
    return frozenset(
        call.args[1].id
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in GROUPED and isinstance(call.args[1], ast.Name)
    )


class _Groups(Rewriter):
    def __init__(
        self, constants: Mapping[str, np.ndarray], neurons: int, name: Callable[[Grouped], str], where: str
    ) -> None:
        self.constants, self.neurons, self.name, self.where = constants, neurons, name, where

    def visit_Call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in GROUPED:
            return self.generic_visit(node)
        if len(node.args) != 2:
            raise DescriptionError(f"{self.where}: write {node.func.id}(x, size of a group)")
        inner = ast.unparse(self.visit(node.args[0]))
        return ast.Name(self.name(Grouped(node.func.id, inner, self.size(node.args[1]))), ast.Load())

    def size(self, node: ast.expr) -> int:
        value: Any = None
        match node:
            case ast.Constant(value=int() as value):
                pass
            case ast.Name(id=name) if name in self.constants and self.constants[name].ndim == 0:
                value = float(self.constants[name])
        size = self.neurons if value == 0 else value
        if size is None or size != int(size) or size < 1 or self.neurons % int(size):
            found = ast.unparse(node) if value is None else f"{value:g}"
            raise DescriptionError(
                f"{self.where}: groups of {found} in {self.neurons} neurons: give a whole number that divides it, or 0 "
                "for one group"
            )
        return int(size)
