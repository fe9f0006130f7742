"""Presentations: what rules with the clock 'sample' change, over one trial or a batch of trials that share weights."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jax import lax

from neurosim.compiler.schedule.contraction import Contraction
from neurosim.compiler.schedule.program import Block, Program
from neurosim.compiler.schedule.sharing import shared, split, summed
from neurosim.engines.jax import matrices, populations, projections
from neurosim.engines.jax.context import Context, Settings
from neurosim.engines.jax.edges import Edges, level_of
from neurosim.engines.jax.kernels import window
from neurosim.engines.jax.settling import Report, dynamic, settled
from neurosim.engines.jax.step import Values, context_of, take_step
from neurosim.engines.jax.trials import last_trial, repeated, trials_of
from neurosim.model.evaluate import Table, evaluate
from neurosim.model.expressions import Statement, names_in


def accumulate(
    program: Program, settings: Settings, fixed: Mapping[str, Any], state: Values, share: Any
) -> Values:
    """Return the state with `share` of the change that rules with the clock 'sample' ask for added to its sums.

    share, a number, or weights (trials,) of the trials of a batch. What trials share takes the mean of the changes of
    all trials, or their sum with these weights; anything else its own trial's.
    """
    common = shared(program)
    trials = trials_of(state, common)
    share = jnp.asarray(share, settings.dtype)
    weights = share if share.ndim or not trials else jnp.full(trials, share / trials[0])
    empty = {
        name: jnp.zeros((*value.shape, *trials) if name in common else value.shape, value.dtype)
        for name, value in state.items()
        if name in summed(program)
    }
    context = context_of(program, settings, fixed, state, jnp.maximum(state["step"] - 1, 0), {})
    context.values |= empty
    means: Values = {}
    for block in (b for b in program.presentation if b.kind == "accumulate"):
        projection = program.equations.projections.get(block.owner)
        if projection is not None and projection.kernel is not None:
            means |= of_kernels(context, block, weights if trials else share[None])
            continue
        found, rest = split(program, block, level_of) if trials else ([], block)
        for mean in found:
            value = mean_change(
                Edges(context, context.projection(block.owner)), block, mean.contraction, weights
            )
            means[f"{block.owner}.{mean.target}"] = value.T.reshape(-1)
        run(context, rest)
    changes = {
        name: (context.values[name] @ weights if trials else share * context.values[name])
        if name in common
        else share * context.values[name]
        for name in empty.keys() - means.keys()
    }
    return {**state, **{name: state[name] + change for name, change in {**changes, **means}.items()}}


def of_kernels(context: Context, block: Block, weights: Any) -> Values:
    """Return the sums over trials of the changes of kernels, with weights (trials,), each the mean over positions."""
    projection = context.projection(block.owner)
    assert projection.kernel is not None
    positions = projection.kernel.positions
    weights = jnp.tile(weights / positions, positions)
    found, rest = split(context.program, block, level_of)
    names = frozenset().union(*(names_in(s.expression) for s in block.statements))
    edges = window(context, projection, names)
    sums = {f"{block.owner}.{m.target}": mean_change(edges, block, m.contraction, weights) for m in found}
    for line in rest.statements:
        sums[f"{block.owner}.{line.target}"] = each_change(edges, block, line, weights)
    return {name: value.T.reshape(-1) for name, value in sums.items()}


def apply_sums(program: Program, settings: Settings, fixed: Mapping[str, Any], state: Values) -> Values:
    """Return the state after the changes that were added up.

    What trials share changes once; where that reads what they do not share, it reads the last trial.
    """
    common, step = shared(program), jnp.maximum(state["step"] - 1, 0)
    trials = trials_of(state, common)
    blocks = [block for block in program.presentation if block.kind == "apply"]
    once = [b for b in blocks if f"{b.owner}.{b.statements[0].target}" in common]
    apart = context_of(program, settings, fixed, state, step, {})
    for block in blocks if not trials else [b for b in blocks if b not in once]:
        run(apart, block)
    after = {name: state[name] if trials and name in common else apart.values[name] for name in state}
    if not trials or not once:
        return after
    together = context_of(
        program, settings, fixed, last_trial(after, common), step if not step.ndim else step[-1], {}
    )
    for block in once:
        run(together, block)
    return {name: together.values[name] if name in common else value for name, value in after.items()}


def run(context: Context, block: Block) -> None:
    """Run a block between two steps."""
    if not block.statements:
        return
    of_population = (
        populations.statements
        if block.owner in context.program.equations.populations
        else projections.all_edges
    )
    (matrices.change if block.matrix else of_population)(context, block)


# Means over trials ---------------------------------------------------------------------------------------------------


def mean_change(edges: Edges, block: Block, mean: Contraction, weights: Any) -> Any:
    """Return the sum over trials of a change (targets, sources), with weights (trials,)."""
    total = weights.sum()
    table = _table(weights / jnp.where(total > 0, total, 1.0))
    texts = [part.expression for part in mean.parts.values()]
    names = sorted(
        frozenset().union(*(names_in(text) for text in [*texts, mean.expression])) - mean.parts.keys()
    )
    known = {name: _value(edges, name, name in mean.varying, block.matrix) for name in names}
    parts = {name: evaluate(part.expression, known, table) for name, part in mean.parts.items()}
    return total * jnp.broadcast_to(evaluate(mean.expression, {**known, **parts}, table), edges.shape[::-1])


def each_change(edges: Edges, block: Block, line: Statement, weights: Any) -> Any:
    """Return the sum over trials of a change (targets, sources) that is worked out in each, with weights (trials,)."""
    if block.matrix:
        return matrices.changes(edges, line.expression) @ weights
    change = jnp.broadcast_to(edges.at_edges(line.expression), (*edges.shape, len(weights)))
    return (change @ weights).T


def _value(edges: Edges, name: str, varies: bool, matrix: bool) -> Any:
    """Return a name as a matrix (targets, sources), a column, or a number; per trial as (units, trials)."""
    value = edges.value("w" if matrix and name == "W" else name)
    if (matrix and name == "W") or level_of(edges.projection, name) == "edge":
        return edges.spread(value, "edge")[..., 0].T
    return jnp.atleast_2d(value) if varies else value


def _table(weights: Any) -> Table:
    """Return what functions do with matrices (units, trials) of which trials have these weights, 1 in all."""

    def outer(a: Any, b: Any) -> Any:
        # So turned, the result lies in memory as the weights do: by source.
        return (b @ (a * weights).T).T

    return {
        **matrices.MATRIX,
        ast.MatMult: operator.matmul,
        "outer": outer,
        "across": lambda a: jnp.broadcast_to(a, (a.shape[0], *weights.shape)) @ weights[:, None],
        "total": lambda a: a.sum(0, keepdims=True),
        "average": lambda a: a.mean(0, keepdims=True),
        "highest": lambda a: a.max(0, keepdims=True),
    }


# Batches of a simulation ---------------------------------------------------------------------------------------------

_ALONE = frozenset({"draw", "input", "clamp", "clear", "graded", "group", "evaluate", "integrate", "record"})
"""Blocks that leave nothing behind from one presentation to the next."""


def at_once(program: Program) -> bool:
    """Return whether patterns can be presented at the same time: none reads what another left behind."""
    equations, clamps = program.equations, program.equations.clamps
    learned = any((clamp.owner, clamp.variable) in program.sums for clamp in clamps)
    alone = all(block.kind in _ALONE for block in program.blocks)
    return alone and not learned and not equations.probes


def present(
    program: Program,
    settings: Settings,
    fixed: Mapping[str, Any],
    state: Values,
    start: Values,
    patterns: Values,
    shares: Any,
    steps: Any,
    settle: tuple[Any, Any, Any, Any] | None = None,
) -> tuple[Values, Report]:
    """Return (what a batch of patterns, presented at once, changes in the state, report).

    Arguments: start, of dynamic states; patterns, by population (batch, size); shares, their probabilities; steps, for
    how many each is presented; settle, instead: tolerance, damping, steps at most, and whether patterns that do not
    settle are left out; else nothing is learned from any.
    """
    common, batch = shared(program), len(shares)
    sums = {name: jnp.zeros_like(state[name]) for name in summed(program)}
    trials = repeated({**state, **sums, **start}, batch, common)

    rows = {name: value.T for name, value in patterns.items()}

    def take(state: Values) -> Values:
        return take_step(program, settings, fixed, state, rows)[0]

    if settle is None:
        trials["step"] = state["step"] + steps * jnp.arange(batch, dtype=jnp.int32)
        trials = lax.fori_loop(0, steps, lambda _, state: take(state), trials)
        report = Report(jnp.full(batch, steps), jnp.zeros(batch), jnp.full(batch, True))
    else:
        trials, report = settled(take, trials, dynamic(program), common, *settle[:3])
        shares = jnp.where(report.converged, shares, 0.0)
        shares = shares / jnp.maximum(shares.sum(), 1e-30)
    before = last_trial(trials, common)
    after = apply_sums(
        program, settings, fixed, last_trial(accumulate(program, settings, fixed, trials, shares), common)
    )
    if settle is not None:
        learns = jnp.where(settle[3], report.converged.any(), report.converged.all())
        after = {name: jnp.where(learns, value, before[name]) for name, value in after.items()}
    after["step"] = state["step"] + report.steps.sum(dtype=jnp.int32)
    return {n: v for n, v in after.items() if v is not state[n] and n not in sums}, report


def settle(
    program: Program,
    settings: Settings,
    fixed: Mapping[str, Any],
    state: Values,
    inputs: Values,
    how: tuple[Any, Any, Any],
) -> tuple[Values, Report]:
    """Return (state, report) after a network has settled; how, tolerance, damping and steps at most."""

    def take(state: Values) -> Values:
        return take_step(program, settings, fixed, state, inputs)[0]

    return settled(take, state, dynamic(program), shared(program), *how)
