"""What trials share: variables that nothing but rules of the clock 'sample' writes, such as weights and gains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.equations.names import CLOCK
from neurosim.compiler.schedule.contraction import Contraction, Kind, as_matrices, contracted
from neurosim.compiler.schedule.program import Block, Program, sum_of
from neurosim.model.expressions import Statement, names_in


def shared(program: Program) -> frozenset[str]:
    """Return the states 'owner.variable' that nothing writes in a step, only a presentation, with their sums."""
    in_steps = {f"{owner}.{name}" for block in program.blocks for owner, name in written(program, block)}
    structured = {
        p.name for p in program.equations.projections.values() if p.plasticity.structure is not None
    }
    learned = [
        (owner, name)
        for owner, name in program.sums
        if owner not in structured and f"{owner}.{name}" not in in_steps
    ]
    return frozenset(f"{owner}.{n}" for owner, name in learned for n in (name, sum_of(name)))


def summed(program: Program) -> list[str]:
    """Return the sums of changes over presentations, as 'owner.variable'."""
    return [f"{owner}.{sum_of(name)}" for owner, name in program.sums]


def written(program: Program, block: Block) -> Iterator[tuple[str, str]]:
    """Yield the variables, as (owner, name), that a block writes."""
    if block.clamp is not None:
        yield block.owner, block.clamp.variable
    for name in block.writes:
        refs = {} if block.kind == "external" else program.equations.part(block.owner).refs
        ref = refs.get(name)
        yield (block.owner, name) if ref is None else (ref.owner, ref.name)


@dataclass(frozen=True)
class Mean:
    """A sum of changes over presentations that is found by a contraction.

    target, the sum; contraction, of its change.
    """

    target: str
    contraction: Contraction


def split(
    program: Program, block: Block, level: Callable[[ProjectionEquations, str], str]
) -> tuple[list[Mean], Block]:
    """Return what a block 'accumulate' adds that can be contracted over trials, and a block with the rest of it.

    Arguments: level, of a name in the statements of a projection: 'run', 'step', 'pre', 'post' or 'edge'.
    """
    projection = program.equations.projections.get(block.owner)
    read = frozenset().union(*(names_in(statement.expression) for statement in block.statements))
    refs = {} if projection is None else projection.refs
    others = any(refs[name].end == "matrix" for name in read & refs.keys())
    if projection is None or block.total or others or not (projection.dense or projection.kernel):
        return [], block
    learned = shared(program)
    means: list[Mean] = []
    rest: list[Statement] = []
    for statement in block.statements:
        found = None
        if f"{projection.name}.{statement.target}" in learned:
            found = _contraction(program, projection, block, statement.expression, level, learned)
        if found is None:
            rest.append(statement)
        else:
            means.append(Mean(statement.target, found))
    return means, replace(block, statements=tuple(rest))


def _contraction(
    program: Program,
    projection: ProjectionEquations,
    block: Block,
    expression: str,
    level: Callable[[ProjectionEquations, str], str],
    learned: frozenset[str],
) -> Contraction | None:
    def at(name: str) -> str:
        return "edge" if block.matrix and name == "W" else level(projection, name)

    def kind(name: str) -> Kind:
        place = at(name)
        ref = projection.refs.get(name)
        own = "w" if block.matrix and name == "W" else name
        owner, variable = (projection.name, own) if ref is None else (ref.owner, ref.name)
        same = (
            variable in program.equations.part(owner).constants
            or f"{owner}.{variable}" in learned
            or name == "dt"
        )
        # The clock is no array of each trial, so what reads it is added trial by trial.
        clock = name in CLOCK and name != "dt"
        return Kind((place != "run" and place != "step") or clock, place == "edge" or clock, not same)

    text = expression if block.matrix else as_matrices(expression, at)
    return contracted(text, kind)
