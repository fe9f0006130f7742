"""Calls of signals in time, s(t) and s(t - d): each becomes a variable that is looked up at every step."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import second

from neurosim.errors import DescriptionError
from neurosim.model.expressions import Rewriter, expression, made
from neurosim.model.timed import TimedSignal
from neurosim.model.times import nearest_step
from neurosim.model.units import Dimension, scalar_in_si


@dataclass
class Timed:
    """A signal on the grid of a network; users may put another in its place while a simulation runs.

    values, in SI units, one row per value and a column for each neuron, or one for all; every, steps between two
    values; first, the step of the first one.
    """

    values: np.ndarray
    every: int
    first: int
    dimension: Dimension

    def take(self, signal: TimedSignal, size: int, dt: float, where: str) -> None:
        """Become another signal; raises DescriptionError if that does not fit."""
        fresh = on_grid(signal, size, dt, where)
        if fresh.dimension is not self.dimension:
            raise DescriptionError(f"{where}: the signal has another unit than the one before: correct it")
        if fresh.values.shape[1] != self.values.shape[1]:
            raise DescriptionError(
                f"{where}: the signal has {fresh.values.shape[1]} columns, the one before {self.values.shape[1]}: "
                "give as many"
            )
        self.values, self.every, self.first = fresh.values, fresh.every, fresh.first

    def fill(self, step: int, late: Any, out: np.ndarray) -> None:
        """Fill an array with the values that a step reads; late, how many steps before it (a number or one each)."""
        row = np.clip((step - np.asarray(late) - self.first) // self.every, 0, len(self.values) - 1)
        column = np.arange(out.size) if self.values.shape[1] > 1 else 0
        out[:] = self.values[row, column]


def on_grid(signal: TimedSignal, size: int, dt: float, where: str) -> Timed:
    """Return a signal on the grid of a network; raises DescriptionError where its times or its width do not fit."""
    values = signal.si if signal.si.ndim == 2 else signal.si[:, None]
    if values.shape[1] not in (1, size):
        raise DescriptionError(
            f"{where}: the signal has {values.shape[1]} columns for {size} neurons: give one for each, or (times,)"
        )
    steps = scalar_in_si(signal.dt, second.dim, where) / dt
    every = round(steps)
    if every < 1 or abs(steps - every) > 1e-6 * every:
        raise DescriptionError(
            f"{where}: dt = {signal.dt} of the signal is not a whole number of steps of {dt:g} s: change one of them"
        )
    first = int(nearest_step(scalar_in_si(signal.start, second.dim, where), dt))
    return Timed(values, every, first, signal.dimension)


def with_signals(text: str, names: Collection[str], look: Callable[[str, str], str], where: str) -> str:
    """Return an expression with each call of a signal replaced by a variable.

    Arguments: names, of signals; look(signal, late), which names the variable of what it was `late` (an expression in
    seconds, '' for now) before; where, for messages.
    """
    if not expression(text).calls & {*names}:
        return text
    return made(_Signals(names, look, where).visit(expression(text).tree)).text


class _Signals(Rewriter):
    def __init__(self, names: Collection[str], look: Callable[[str, str], str], where: str) -> None:
        self.names, self.look, self.where = names, look, where

    def visit_Call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in self.names:
            return self.generic_visit(node)
        late = _late(node.args[0]) if len(node.args) == 1 else None
        if late is None:
            call = ast.unparse(node)
            raise DescriptionError(
                f"{self.where}: '{call}': a signal is read at t or some time before: write {node.func.id}(t) or "
                f"{node.func.id}(t - delay)"
            )
        return ast.Name(self.look(node.func.id, late), ast.Load())


def _late(node: ast.expr) -> str | None:
    """Return d of `t - d`, '' of t, None of anything else."""
    match node:
        case ast.Name(id="t"):
            return ""
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=late):
            return ast.unparse(late)
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Add(), right=ahead):
            return f"-({ast.unparse(ahead)})"
    return None
