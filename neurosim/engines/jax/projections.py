"""Blocks of projections: assignments on all edges and sums over them, or on the edges at which spikes arrive."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from neurosim.compiler.equations.forms import End, ProjectionEquations
from neurosim.compiler.schedule.program import Block
from neurosim.engines.jax.context import Context
from neurosim.engines.jax.edges import Edges
from neurosim.engines.jax.kernels import KernelEdges
from neurosim.engines.jax.state import past_of


def edges_of(
    context: Context,
    projection: ProjectionEquations,
    own: End = "pre",
    spikes: Array | None = None,
    apart: bool = False,
) -> Edges:
    """Return the edges of a projection for one block; apart, whether spikes are given for each edge."""
    return (Edges if projection.kernel is None else KernelEdges)(
        context, projection, own, spikes, apart=apart
    )


def all_edges(context: Context, block: Block) -> None:
    """Run the assignments of a block on every edge: graded sums, learning in continuous time, totals."""
    projection = context.projection(block.owner)
    if block.total:
        _totals(context, projection, block)
    else:
        edges_of(context, projection).run(block.statements)


def _totals(context: Context, projection: ProjectionEquations, block: Block) -> None:
    for line in block.statements:
        own: End = "pre" if projection.totals[line.target].level == "post" else "post"
        edges = edges_of(context, projection, own)
        size = context.population(projection.target if own == "pre" else projection.source).size
        context.values[edges.full(line.target)] = jnp.zeros(context.shape(size), context.settings.dtype)
        edges.run((line,))


def recall(context: Context, block: Block) -> None:
    """Take what reaches the synapses in this step of variables of the two ends."""
    projection = context.projection(block.owner)
    for name, ref in projection.late.items():
        if projection.late_level(name) == "edge":
            delays, pre = (context.values[f"{projection.name}/{n}"] for n in ("delays", "pre"))
            late = context.in_ring(past_of(ref.owner, ref.name), delays, pre)
        else:
            delay = projection.delay if ref.end == "pre" else projection.dendritic
            late = context.in_ring(past_of(ref.owner, ref.name), delay)
        context.values[f"{projection.name}.{name}"] = late


def arriving(context: Context, block: Block) -> None:
    """Run the assignments of a block at the edges where spikes of the source arrive."""
    projection = context.projection(block.owner)
    if block.path is not None:
        spikes = context.spikes(context.population(block.path.sender), block.path.delay)
        edges_of(context, projection, "pre", spikes).run(block.statements)
        return
    source = context.population(projection.sender("pre"))
    dendritic = projection.dendritic if block.kind == "deliver" else 0
    if projection.delays is None:
        spikes = context.spikes(source, projection.delay + dendritic)
    else:
        delays, pre = (context.values[f"{projection.name}/{name}"] for name in ("delays", "pre"))
        spikes = context.spikes(source, delays + dendritic, pre)
    edges_of(context, projection, "pre", spikes, projection.delays is not None).run(block.statements)


def on_post(context: Context, block: Block) -> None:
    """Run the assignments of a block at the edges that lead to units that spiked."""
    projection = context.projection(block.owner)
    path = block.path
    sender = projection.sender("post") if path is None else path.sender
    delay = projection.dendritic if path is None else path.delay
    spikes = context.spikes(context.population(sender), delay)
    edges_of(context, projection, "post", spikes).run(block.statements)


def decay(context: Context, block: Block) -> None:
    """Move the traces that are kept at one place on by a step."""
    edges = edges_of(context, context.projection(block.owner))
    for line in block.statements:
        if line.target.startswith("_"):
            value = edges.at_edges if block.level == "edge" else edges.as_kept
            edges.local[line.target] = value(line.expression)
        elif block.level == "edge":
            edges.write_edges(line)
        else:
            context.write(edges.full(line.target), edges.as_kept(line.expression))
