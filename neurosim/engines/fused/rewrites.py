"""Rewrites of a lowered program that change how fast it runs, not what it computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.equations.names import part_of
from neurosim.compiler.schedule.program import Block, Program, Propagator
from neurosim.model.expressions import names_in


def merged(program: Program) -> list[Block]:
    """Return the blocks with two kinds of loops joined where nothing in between stands against it.

    A threshold joins the integration of its unit: a variable is still in a register when it is compared. Continuous
    learning joins the graded signal of its projection: a dense matrix is then read from memory once per step.
    """
    blocks = list(program.blocks)
    for at, block in enumerate(blocks):
        if block.kind == "threshold":
            _join(blocks, at, "integrate", _reads_population)
        if block.kind == "learn" and not block.total:
            _join(blocks, at, "graded", partial(_disturbs, program, block))
    return [b for b in blocks if b.statements or b.kind not in ("learn",)]


def _join(blocks: list[Block], at: int, kind: str, disturbs: Callable[[Block, Block], bool]) -> None:
    """Join a block to the first of its owner and the kind, unless a block from there on disturbs it."""
    earlier = [i for i in range(at) if blocks[i].kind == kind and blocks[i].owner == blocks[at].owner]
    if not earlier or any(disturbs(b, blocks[earlier[0]]) for b in blocks[earlier[0] : at]):
        return
    first = blocks[earlier[0]]
    blocks[earlier[0]] = replace(first, statements=(*first.statements, *blocks[at].statements))
    blocks[at] = replace(blocks[at], statements=())


def _reads_population(between: Block, first: Block) -> bool:
    return between is not first and between.owner == first.owner


def _disturbs(program: Program, learn: Block, between: Block, first: Block) -> bool:
    """Return whether a block, the graded signal itself among them, reads or writes what learning writes or reads."""
    if between.kind == "record":
        return any(r.target == learn.owner for r in program.equations.probes)
    projection = program.equations.projections[learn.owner]
    read = _elsewhere(projection, learn.reads)
    other = program.equations.projections.get(between.owner)
    if other is not None:
        return between.kind != "graded" or bool(_elsewhere(other, between.writes) & read)
    held = {(between.owner, between.clamp.variable)} if between.clamp is not None else set()
    return bool(({(between.owner, n) for n in between.writes} | held) & read)


def _elsewhere(projection: ProjectionEquations, names: frozenset[str]) -> set[tuple[str, str]]:
    """Return what names stand for that belongs to populations, as (population, variable)."""
    refs = (projection.refs[name] for name in names & projection.refs.keys())
    return {(ref.owner, ref.name) for ref in refs}


def scaled_traces(program: Program) -> dict[str, str]:
    """Return the traces that only decay between spikes, by full name, with the name of their decay per step.

    Such a trace is held as x/f with one factor f for all its neurons, so that a step without spikes costs one
    multiplication instead of one per neuron, and no trace ever becomes a slow denormal number.
    """
    found = {}
    for propagator in program.propagators:
        projection = program.equations.projections.get(propagator.owner)
        if projection is not None:
            for i, name in enumerate(propagator.linear.states):
                if name in projection.traces and _only_decays(propagator, i, projection):
                    found[f"{propagator.owner}__{name}"] = f"{propagator.owner}__{part_of('P', name, name)}"
    return found


def _only_decays(propagator: Propagator, i: int, projection: ProjectionEquations) -> bool:
    linear = propagator.linear
    texts = (*linear.matrix.values(), *linear.constant_offsets.values())
    read = frozenset().union(*map(names_in, texts)) & projection.constants.keys()
    if any(projection.constants[name].ndim for name in read):
        return False  # each edge has coefficients of its own
    alone = all(row == column for row, column in linear.matrix if i in (row, column))
    constant = all(
        not names_in(text) & set(linear.states) for (row, _), text in linear.matrix.items() if row == i
    )
    return (
        alone
        and constant
        and (i, i) in linear.matrix
        and i not in {*linear.constant_offsets, *linear.input_offsets}
    )
