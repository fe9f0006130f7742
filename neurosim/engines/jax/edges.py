"""The edges of a projection: assignments on all of them and sums over them, or those at which spikes arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
from jax import Array

from neurosim.compiler.equations.forms import End, ProjectionEquations
from neurosim.compiler.equations.names import CLOCK
from neurosim.compiler.schedule.program import sum_of
from neurosim.engines.jax.arithmetic import COMBINE, JAX
from neurosim.engines.jax.context import Context
from neurosim.engines.jax.factors import Level, separate
from neurosim.engines.jax.products import weighted_sum
from neurosim.engines.jax.strides import stride
from neurosim.engines.jax.surrogate import switch
from neurosim.model.evaluate import evaluate
from neurosim.model.expressions import Statement, names_in


def level_of(projection: ProjectionEquations, name: str) -> Level:
    """Return where a name in a block of a projection varies: not at all, with the source, the target, or the edge."""
    if name in projection.traces:
        return projection.traces[name].level
    if name in projection.totals:
        return projection.totals[name].level
    if name in projection.late:
        return projection.late_level(name)
    if name in projection.refs:
        return _END[projection.refs[name].end]
    per_edge = {*projection.states, *map(sum_of, projection.states), *projection.draws}
    if name in projection.constants:
        return "edge" if projection.constants[name].ndim else "run"
    # What has no unit are coefficients of exact steps: numbers, or one for each edge.
    coefficient = name not in {*projection.dimensions, *CLOCK}
    return "edge" if coefficient or name in per_edge or name.startswith("_") else "run"


_END: Mapping[str, Level] = {
    "pre": "pre",
    "post": "post",
    "each": "post",
    "one": "run",
    "edge": "edge",
    "matrix": "edge",
}


@dataclass
class Edges:
    """The edges of a projection and what happens at them in one block.

    own, the end whose units or spikes the block goes through; spikes, 0 or 1, at that end, or at each edge (`apart`) if
    delays differ, or None if the block is for every edge. Values at edges have the shape (sources, targets) if the
    projection is dense, else (edges,), before an axis of trials.
    """

    context: Context
    projection: ProjectionEquations
    own: End = "pre"
    spikes: Array | None = None
    local: dict[str, Any] = field(default_factory=dict)
    apart: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Number of sources and of targets."""
        return self.context.population(self.projection.source).size, self.context.population(
            self.projection.target
        ).size

    @property
    def whole(self) -> bool:
        """Whether all pairs of sources and targets are joined, so that values at edges are matrices."""
        return self.projection.dense

    @property
    def other(self) -> End:
        """The end that the block does not go through."""
        return "post" if self.own == "pre" else "pre"

    def full(self, name: str) -> str:
        """Return the name of a variable among the values of the step."""
        ref = self.projection.refs.get(name)
        return f"{self.projection.name}.{name}" if ref is None else f"{ref.owner}.{ref.name}"

    def value(self, name: str) -> Any:
        """Return a variable where it is kept: a number, one per source or target, or one per edge."""
        return self.context.value(self.projection.name, name)

    def spread(self, value: Any, level: Level) -> Any:
        """Return what is kept at a level as values at edges."""
        if jnp.ndim(value) == 0 or level == "run":
            return value
        if level == "edge":
            return value.reshape(*self.shape, *value.shape[1:]) if self.whole else value
        if self.whole:
            return value[:, None] if level == "pre" else value[None, :]
        at = stride(self.projection.pre if level == "pre" else self.projection.post)
        return at.taken(value) if at else value[self.context.values[f"{self.projection.name}/{level}"]]

    def at_edges(self, expression: str) -> Any:
        """Return the value of an expression at edges."""
        names = names_in(expression) - self.local.keys()
        spread = {name: self.spread(self.value(name), level_of(self.projection, name)) for name in names}
        return evaluate(expression, {**spread, **self.local}, JAX)

    def as_kept(self, expression: str) -> Any:
        """Return the value of an expression on variables of one level, as they are kept."""
        known = {name: self.value(name) for name in names_in(expression) - self.local.keys()}
        return evaluate(expression, {**known, **self.local}, JAX)

    def counted(self) -> Any:
        """Return the spikes as values at edges."""
        assert self.spikes is not None
        return self.spread(self.spikes, "edge" if self.apart else self.own)

    # Assignments ---------------------------------------------------------------------------------------------------

    def run(self, statements: tuple[Statement, ...]) -> None:
        """Run assignments one after the other, each on all edges or spikes at once."""
        for line in statements:
            level = level_of(self.projection, line.target)
            if line.target.startswith("_"):
                self.local[line.target] = self.at_edges(line.expression)
            elif level == "edge":
                self.write_edges(line)
            elif level == self.own and self.spikes is not None:
                self.write_end(line)
            else:
                self.write_sum(line, level)

    def write_edges(self, line: Statement) -> None:
        """Assign a variable of the edges."""
        full = self.full(line.target)
        old = self.spread(self.context.values[full], "edge")
        new = COMBINE[line.op](old, self.at_edges(line.expression))
        if self.spikes is not None:
            new = switch(self.counted(), new, old)
        self.context.write(full, jnp.broadcast_to(new, old.shape).reshape(-1, *self.context.trials))

    def write_end(self, line: Statement) -> None:
        """Assign a variable of the end that spikes, once per spike."""
        assert self.spikes is not None
        full = self.full(line.target)
        old = self.context.values[full]
        self.context.write(
            full, switch(self.spikes, COMBINE[line.op](old, self.as_kept(line.expression)), old)
        )

    def write_sum(self, line: Statement, end: Level) -> None:
        """Add the values at edges to a variable of the other end; refractory units drop what comes to held ones."""
        full = self.full(line.target)
        old = self.context.values[full]
        sign = -1.0 if line.op == "-=" else 1.0
        new = self.with_sum(old, end, line.expression, sign)
        target = self.context.population(self.projection.target)
        ref = self.projection.refs.get(line.target)
        if self.spikes is not None and ref is not None and end == "post" and ref.name in target.frozen:
            new = jnp.where(self.context.active(target), new, old)
        self.context.write(full, new)

    def with_sum(self, old: Any, end: Level, expression: str, sign: float) -> Any:
        """Return values of one end with the sum of an expression over their edges added, times a sign."""
        if self.whole:
            return old + sign * self.total(expression)
        summand = sign * self.at_edges(expression)
        summand = jnp.broadcast_to(summand, self.context.shape(self.projection.size))
        return self.added(old, end, summand if self.spikes is None else summand * self.counted())

    def added(self, old: Any, end: Level, summand: Any) -> Any:
        """Return values of one end with what comes from the edges added."""
        at = stride(self.projection.pre if end == "pre" else self.projection.post)
        if at is None:
            return old.at[self.context.values[f"{self.projection.name}/{end}"]].add(summand)
        return old + at.placed(summand, len(old))

    def total(self, expression: str) -> Any:
        """Return the sum of an expression over all edges of each unit of the other end, where all pairs are joined."""
        axis = 0 if self.own == "pre" else 1
        factors = separate(expression, lambda name: level_of(self.projection, name))
        if factors is None or self.local:
            summand = self.at_edges(expression)
            summand = summand if self.spikes is None else summand * self.counted()
            return jnp.broadcast_to(summand, (*self.shape, *self.context.trials)).sum(axis)
        run, other, own, edge = (
            self.as_kept(factors.get(k, "1.0")) for k in ("run", self.other, self.own, "edge")
        )
        own = own if self.spikes is None else own * self.spikes
        own = jnp.broadcast_to(own, self.context.shape(self.shape[axis]))
        if "edge" not in factors:
            return run * other * own.sum(0)
        matrix = self.spread(edge, "edge")
        return run * other * weighted_sum(matrix if axis == 0 else matrix.swapaxes(0, 1), own)
