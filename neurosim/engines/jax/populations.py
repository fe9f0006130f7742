"""Blocks of units: assignments on arrays of shape (size,), or (size, trials)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from neurosim.compiler.equations.draws import Draw
from neurosim.compiler.equations.forms import PopulationEquations
from neurosim.compiler.schedule.program import Block
from neurosim.engines.jax.arithmetic import COMBINE, JAX, poisson_number
from neurosim.engines.jax.context import Context
from neurosim.engines.jax.draws import DRAW
from neurosim.engines.jax.state import past_of
from neurosim.engines.jax.surrogate import switch
from neurosim.engines.jax.trials import over_trials
from neurosim.errors import DescriptionError
from neurosim.model.evaluate import Table, evaluate
from neurosim.model.expressions import Statement, expression, names_in


class Names(dict[str, Any]):
    """The names that the statements of a unit read; locals are added as they are assigned."""

    def __init__(self, context: Context, population: PopulationEquations) -> None:
        super().__init__()
        self.context, self.population = context, population

    def look(self, expression: str, table: Table = JAX) -> Any:
        """Return the value of an expression."""
        local = {n: self[n] if n in self else self.find(n) for n in names_in(expression)}
        return evaluate(expression, local, table)

    def find(self, name: str) -> Any:
        """Return the present value of a name."""
        return (
            self.context.active(self.population)
            if name == "active"
            else self.context.value(self.population.name, name)
        )


def statements(context: Context, block: Block) -> None:
    """Run the assignments of a block one after the other."""
    assign(context, context.population(block.owner), block.statements)


def assign(
    context: Context,
    population: PopulationEquations,
    lines: Iterable[Statement],
    spikes: Array | None = None,
    detached: Collection[str] = (),
) -> None:
    """Run assignments on all units, or on those that spike; no gradient goes from spikes to `detached` variables."""
    names = Names(context, population)
    for line in lines:
        value = names.look(line.expression)
        if line.target.startswith("_"):
            names[line.target] = value
            continue
        ref = population.refs.get(line.target)
        full = f"{population.name}.{line.target}" if ref is None else f"{ref.owner}.{ref.name}"
        old = context.values[full]
        value = COMBINE[line.op](old, value)
        if spikes is not None:
            value = switch(lax.stop_gradient(spikes) if line.target in detached else spikes, value, old)
        context.write(full, value)


def group(context: Context, block: Block) -> None:
    """Work out what the neurons of each group share, or those of a group in all trials of a batch."""
    population = context.population(block.owner)
    (line,) = block.statements
    found = population.groups[line.target]
    shape = context.shape(population.size)
    value = jnp.broadcast_to(Names(context, population).look(line.expression), shape)
    parts = value.reshape(-1, found.size, *context.trials)
    axes = (1, 2) if found.function == "batch_mean" and context.trials else (1,)
    shared = _OVER[found.function](parts, axis=axes, keepdims=True)
    context.write(f"{population.name}.{line.target}", jnp.broadcast_to(shared, parts.shape).reshape(shape))


_OVER: dict[str, Callable[..., Array]] = {
    "group_sum": jnp.sum,
    "group_max": jnp.max,
    "batch_mean": jnp.mean,
}


def draw(context: Context, block: Block) -> None:
    """Draw the random numbers of a unit, or of the edges of a projection, for this step."""
    equations = context.program.equations
    part = equations.part(block.owner)
    size = part.size if isinstance(part, PopulationEquations) else len(part.pre)
    for name, drawn in part.draws.items():
        if drawn.timed is not None:
            assert isinstance(part, PopulationEquations)
            context.values[f"{part.name}.{name}"] = _looked_up(context, part, name, drawn)
            continue
        key = context.values[f"{part.name}/key/{name}"]
        take = partial(DRAW[drawn.kind], size=size, dtype=context.settings.dtype)
        found = over_trials(take, context.trials, key, context.step)
        if drawn.mean and isinstance(part, PopulationEquations):
            found = poisson_number(found, Names(context, part).look(drawn.mean))
        context.values[f"{part.name}.{name}"] = found


def _looked_up(context: Context, population: PopulationEquations, name: str, drawn: Draw) -> Array:
    """Return what a signal is in this step, or was some time before."""
    head = f"{population.name}/{name}"
    values, first, every = (context.values[f"{head}/{part}"] for part in ("values", "first", "every"))
    late: Any = 0
    if drawn.late:
        seconds = Names(context, population).look(drawn.late)
        late = jnp.floor(seconds / context.program.equations.network.step + (0.5 + 1e-6)).astype(jnp.int32)
    row = jnp.clip((context.step - late - first) // every, 0, len(values) - 1)
    row = jnp.broadcast_to(row, context.shape(population.size))
    column = context.along(jnp.arange(population.size)) if values.shape[1] > 1 else 0
    return values[row, column]


def read_input(context: Context, block: Block) -> None:
    """Take the input of a signal population; without one, it keeps its value."""
    if block.owner in context.inputs:
        context.write(f"{block.owner}.value", context.inputs[block.owner])


def rest(context: Context, block: Block) -> None:
    """End the refractory state where its condition is false."""
    population = context.population(block.owner)
    (line,) = block.statements
    until = f"{population.name}/until"
    old = context.values[until]
    rests = jnp.broadcast_to(Names(context, population).look(line.expression), old.shape)
    context.values[until] = jnp.where(rests != 0, old, jnp.minimum(old, context.step.astype(old.dtype)))


def remember(context: Context, block: Block) -> None:
    """Keep the values of this step of what comes late somewhere."""
    for owner, name in context.program.equations.remembered:
        if owner == block.owner:
            value = context.values[f"{owner}.{name}"]
            size = context.population(owner).size
            context.into_ring(past_of(owner, name), jnp.broadcast_to(value, context.shape(size)))


def operate(context: Context, block: Block) -> None:
    """Run statements on all units in the steps in which an operation is due."""
    population, regular = context.population(block.owner), block.regular
    assert regular is not None
    due = (context.step >= regular.first) & ((context.step - regular.first) % regular.every == 0)
    shape = context.shape(population.size)
    assign(
        context,
        population,
        block.statements,
        jnp.broadcast_to(due, shape).astype(context.settings.dtype),
        population.states,
    )


def clamp(context: Context, block: Block) -> None:
    """Overwrite what a clamp holds, between its start and its stop."""
    clamp = block.clamp
    assert clamp is not None
    head = f"clamp{context.program.equations.clamps.index(clamp)}"
    full = f"{clamp.owner}.{clamp.variable}"
    start, stop, index, value = (context.values[f"{head}/{n}"] for n in ("start", "stop", "index", "value"))
    on = (context.step >= start) & (context.step < stop)
    if clamp.when is not None:
        on = on & (_column(context, clamp.when)[0] > 0)
    if clamp.column is not None:
        value = _column(context, clamp.column)
    elif clamp.value.ndim == 2:
        row = jnp.moveaxis(value[jnp.clip(context.step - start, 0, len(value) - 1)], -1, 0)
        value = row if context.step.ndim else context.along(row)
    else:
        value = context.along(value)
    old = jnp.broadcast_to(context.values[full], context.shape(len(context.values[full])))
    new = value.astype(old.dtype)
    if clamp.basis is not None:
        basis = context.values[f"{head}/basis"].astype(old.dtype)
        new = old[index] + basis @ (basis.T @ (new - old[index]))
    context.write(full, old.at[index].set(jnp.where(on, new, old[index])))


def _column(context: Context, name: str) -> Array:
    """Return what a run is given in this step for a column of clamps."""
    if name not in context.inputs:
        raise DescriptionError(f"Column '{name}' of a clamp is missing: give it among the inputs")
    return context.inputs[name]


def threshold(context: Context, block: Block) -> None:
    """Find the units that spike and begin their refractory period."""
    population = context.population(block.owner)
    names = Names(context, population)
    names["active"] = jnp.asarray(context.active(population)).astype(context.settings.dtype)
    (line,) = block.statements
    spikes = jnp.broadcast_to(names.look(line.expression, context.thresholds), context.shape(population.size))
    if population.refractory is not None:
        until, rest = f"{population.name}/until", context.along(context.values[f"{population.name}/rest"])
        context.values[until] = jnp.where(spikes != 0, context.step + rest, context.values[until])
    context.note(population, spikes)


def source(context: Context, block: Block) -> None:
    """Take the spikes of a source, which are inputs here."""
    if block.owner not in context.inputs:
        raise DescriptionError(
            f"spike source '{block.owner}': its spikes are missing: give sources(...)['{block.owner}'] as an input"
        )
    context.note(context.population(block.owner), context.inputs[block.owner])


def reset(context: Context, block: Block) -> None:
    """Run the reset of the units that spiked."""
    population = context.population(block.owner)
    detached = compared(context, population) if context.settings.detach_reset else ()
    assign(context, population, block.statements, context.spikes(population), detached)


def compared(context: Context, population: PopulationEquations) -> frozenset[str]:
    """Return the variables on the greater side of a threshold's comparisons, such as v in v > v_threshold."""
    nodes = [n for n in ast.walk(expression(population.threshold or "0").tree) if isinstance(n, ast.Compare)]
    sides = [n.left if isinstance(n.ops[0], ast.Gt | ast.GtE) else n.comparators[0] for n in nodes]
    return frozenset().union(
        *(names_in(context.program.inline(population, ast.unparse(side))) for side in sides)
    )
