"""A program: the blocks of one step in order, each a short list of assignments, with what they need.

Engines that compile print these blocks; none of them reads equations or knows a rule by name. In statements
`select(condition, a, b)` chooses, `active` says that a neuron is not refractory, and names that begin with an
underscore are local. A block 'matrix', or one with `matrix` set, has one statement in the language of
`neurosim.model.matrix`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from neurosim.compiler.equations.forms import (
    Level,
    NetworkEquations,
    Path,
    PopulationEquations,
    Regular,
    StateClamp,
)
from neurosim.compiler.schedule.exact import Linear
from neurosim.model.expressions import Statement, expression, names_in, substitute, substitute_all

BlockKind = Literal[
    "draw", "input", "recall", "operate", "clamp", "clear", "graded", "group", "evaluate", "remember", "record",
    "learn", "adapt", "rest", "integrate", "decay", "threshold", "source", "note", "deliver", "on_pre", "on_post",
    "reset", "external", "matrix", "accumulate", "apply", "record_end",
]  # fmt: skip

SPIKES = "__spikes"
"""The local that a threshold assigns: whether a neuron spikes."""


RESTS = "__rests"
"""The local of a block `rest`: whether a neuron that is refractory remains so."""


def sum_of(name: str) -> str:
    """Return the name of the sum of a variable's changes over presentations."""
    return f"{name}___sum"


@dataclass(frozen=True)
class Block:
    """One piece of a step: what kind, whose (a unit, a projection, an external), and the assignments.

    level, where the traces of a decay are kept; clamp, the clamp that a block of that kind applies; regular, when a
    block that operates does so; matrix, whether its first statement is in the matrix language; total, whether it works
    out sums over the edges of each target; path, the pathway of its own that its spikes take.
    """

    kind: BlockKind
    owner: str
    statements: tuple[Statement, ...] = ()
    level: Level | None = None
    clamp: StateClamp | None = None
    regular: Regular | None = None
    matrix: bool = False
    total: bool = False
    path: Path | None = None

    def real(self) -> Block:
        """Return the block with whole numbers written as floats (see `Expression.real`)."""
        statements = tuple(
            Statement(s.target, s.op, expression(s.expression).real.text) for s in self.statements
        )
        return replace(self, statements=statements)

    @property
    def writes(self) -> frozenset[str]:
        """The names that the block assigns, locals left out."""
        return frozenset(s.target for s in self.statements if not s.target.startswith("_"))

    @property
    def reads(self) -> frozenset[str]:
        """The names that the block reads."""
        named = (
            frozenset().union(*(names_in(s.expression) for s in self.statements))
            if self.statements
            else frozenset()
        )
        augmented = frozenset(s.target for s in self.statements if s.op != "=")
        return named | augmented


@dataclass(frozen=True)
class Propagator:
    """Coefficients of an exact step, worked out from constants and dt before a run.

    names P__x__y, Q__x__y and c__x in statements belong to `owner`; the ones for held states carry the prefix H.
    """

    owner: str
    linear: Linear
    frozen: frozenset[str] = frozenset()
    prefix: str = ""


@dataclass(frozen=True)
class Program:
    """The blocks of one step in order, the coefficients they need, those of a presentation, and stored definitions."""

    equations: NetworkEquations
    blocks: tuple[Block, ...]
    propagators: tuple[Propagator, ...]
    presentation: tuple[Block, ...]
    stored: Mapping[str, tuple[str, ...]]

    @property
    def sums(self) -> list[tuple[str, str]]:
        """The variables, as (owner, name), whose changes are summed over presentations."""
        applied = [block for block in self.presentation if block.kind == "apply"]
        return [
            (block.owner, s.target)
            for block in applied
            for s in block.statements
            if s.expression == sum_of(s.target)
        ]

    def inline(self, population: PopulationEquations, text: str) -> str:
        """Return an expression of a unit written on its states, constants and fed ports alone."""
        return inline(self.equations, population, text)


def inline(equations: NetworkEquations, population: PopulationEquations, text: str) -> str:
    """Return an expression of a unit with definitions written out and ports that no projection feeds set to 0."""
    fed = {
        projection.delivery.port
        for projection in equations.projections.values()
        if projection.target == population.name
    }
    silent = {port: "0" for port in population.ports if port not in {*fed, *population.groups}}
    return substitute(substitute_all(text, population.definitions), silent)
