"""Calls of rand(), randn() and poisson(mean) in equations: each becomes a variable drawn afresh at every step."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from neurosim.compiler.equations.timed import Timed
from neurosim.errors import DescriptionError
from neurosim.model.evaluate import evaluate
from neurosim.model.expressions import Rewriter, expression, made, names_in
from neurosim.model.times import nearest_step

Kind = Literal["normal", "uniform", "poisson", "signal"]
DRAWS: dict[str, Kind] = {"rand": "uniform", "randn": "normal", "poisson": "poisson"}


@dataclass(frozen=True)
class Draw:
    """A number per neuron or edge and step: its kind, and the purpose of the stream that a random one comes from.

    mean, of a Poisson number: an expression of constants; timed, a signal that is looked up, and late, how long before
    the step that is (s), an expression of constants.
    """

    kind: Kind
    stream: str
    mean: str = ""
    timed: Timed | None = field(default=None, compare=False)
    late: str = ""

    @property
    def reads(self) -> frozenset[str]:
        """The names that it reads."""
        return frozenset().union(*(names_in(text) for text in (self.mean, self.late) if text))

    def mean_from(self, values: Mapping[str, Any], where: str) -> np.ndarray:
        """Return the mean, one number or one per neuron, from constants (SI); where, for messages.

        Raises DescriptionError for one below 0 or beyond what can be drawn.
        """
        from neurosim.rng.poisson import MOST

        mean = np.asarray(evaluate(self.mean, values), dtype=float)
        if not np.all((mean >= 0) & (mean <= MOST)):
            wrong = mean[~((mean >= 0) & (mean <= MOST))].flat[0]
            raise DescriptionError(
                f"{where}: poisson({self.mean}) has the mean {wrong:g}: give one from 0 to {MOST:g}, or lower dt"
            )
        return mean

    def fill(self, key: Any, step: int, values: Mapping[str, Any], out: np.ndarray, where: str) -> None:
        """Fill an array with the numbers of a step.

        Arguments: key, of the stream; values, constants (SI) by name; where, for messages.
        """
        from neurosim.rng import draws, poisson

        if self.timed is not None:
            late = nearest_step(evaluate(self.late, values), values["dt"]) if self.late else 0
            self.timed.fill(step, late, out)
            return
        if self.kind != "poisson":
            {"normal": draws.fill_normal, "uniform": draws.fill_uniform}[self.kind](key, step, out)
            return
        mean = self.mean_from(values, where)
        if mean.ndim:
            poisson.fill_poisson_each(key, step, mean, out)
        else:
            poisson.fill_poisson(key, step, float(mean), out)


def with_draws(text: str, draw: Callable[[str, Kind, str], str], where: str) -> str:
    """Return an expression with each call of rand(), randn() and poisson(mean) replaced by a variable.

    Arguments: text, checked before; draw(function, kind, mean), which names a new variable; where, for messages.
    Raises DescriptionError if a call has other arguments.
    """
    return made(_Draws(draw, where).visit(expression(text).tree)).text


class _Draws(Rewriter):
    def __init__(self, draw: Callable[[str, Kind, str], str], where: str) -> None:
        self.draw, self.where = draw, where

    def visit_Call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in DRAWS:
            return self.generic_visit(node)
        name, kind, arguments = node.func.id, DRAWS[node.func.id], [ast.unparse(a) for a in node.args]
        if kind == "poisson" and len(arguments) != 1:
            raise DescriptionError(f"{self.where}: {name} takes one argument: write {name}(mean)")
        if kind != "poisson" and arguments:
            raise DescriptionError(f"{self.where}: {name} takes no arguments: write {name}()")
        return ast.Name(self.draw(name, kind, "".join(arguments)), ast.Load())
