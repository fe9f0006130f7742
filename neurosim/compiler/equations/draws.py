"""Random numbers in equations: rand(), randn(), poisson(mean) and binomial(n, p).

Each call becomes a variable that is drawn afresh at every step. A count is a quantile, a function of such a variable
and of what it depends on; Poisson numbers of neurons with a mean made of constants are drawn whole.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from neurosim.compiler.equations.timed import Timed
from neurosim.errors import DescriptionError
from neurosim.model.evaluate import evaluate
from neurosim.model.expressions import Rewriter, expression, made, names_in
from neurosim.model.times import nearest_step

Kind = Literal["normal", "uniform", "poisson", "signal"]
PLAIN: dict[str, Kind] = {"rand": "uniform", "randn": "normal"}
COUNTS = {"poisson": ("mean",), "binomial": ("n", "p")}
"""Draws with arguments, and the names of these."""


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

        Raises DescriptionError for one below 0 or without a limit.
        """
        mean = np.asarray(evaluate(self.mean, values), dtype=float)
        if not np.all((mean >= 0) & np.isfinite(mean)):
            wrong = mean[~((mean >= 0) & np.isfinite(mean))].flat[0]
            raise DescriptionError(
                f"{where}: poisson({self.mean}) has the mean {wrong:g}: give one of 0 or more"
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


def with_draws(text: str, draw: Callable[..., str], constants: Collection[str], where: str) -> str:
    """Return an expression with each call of a random number replaced by a variable, or a function of one.

    Arguments:
        text: checked before.
        draw: draw(function, kind) names a new variable, draw("poisson", "poisson", mean) one of a constant mean.
        constants: names of which the mean of a Poisson number that is drawn whole is made.
        where: for messages.

    Raises DescriptionError if a call has other arguments.
    """
    return made(_Draws(draw, constants, where).visit(expression(text).tree)).text


class _Draws(Rewriter):
    def __init__(self, draw: Callable[..., str], constants: Collection[str], where: str) -> None:
        self.draw, self.constants, self.where = draw, frozenset(constants), where

    def visit_Call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in PLAIN:
            if node.args:
                raise DescriptionError(f"{self.where}: {name} takes no arguments: write {name}()")
            return ast.Name(self.draw(name, PLAIN[name]), ast.Load())
        if name not in COUNTS:
            return self.generic_visit(node)
        wanted = COUNTS[name]
        if len(node.args) != len(wanted):
            number = {1: "one argument", 2: "two arguments"}[len(wanted)]
            raise DescriptionError(f"{self.where}: {name} takes {number}: write {name}({', '.join(wanted)})")
        mean = ast.unparse(node.args[0])
        if name == "poisson" and self.constants and not expression(mean).symbols - self.constants:
            return ast.Name(self.draw(name, "poisson", mean), ast.Load())
        uniform = ast.Name(self.draw(name, "uniform"), ast.Load())
        arguments = [uniform, *(self.visit(argument) for argument in node.args)]
        return ast.Call(ast.Name(f"{name}_quantile", ast.Load()), arguments, [])
