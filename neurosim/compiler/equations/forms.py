"""The expanded form of a network: every rule, gain and signal written out as equations on named variables.

Both the reference engine and the lowering start from it. It is still equations: no numerical method, no schedule. Names
ending in _pre and _post in a projection are variables of its two populations; x__of__p is variable x of population p, a
modulator, of its one unit or of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from neurosim.compiler.equations.draws import Draw
from neurosim.model.expressions import Statement, names_in
from neurosim.model.network import Network
from neurosim.model.parts import Population, Tied
from neurosim.model.source import SourceModel
from neurosim.model.structural import StructuralRule
from neurosim.model.units import Dimension

End = Literal["pre", "post"]
Level = Literal["pre", "post", "edge"]


@dataclass(frozen=True)
class PopulationEquations:
    """A population written out.

    derivatives, expression of dx/dt by state; frozen, states held while refractory; definitions, subexpressions by
    name; ports, inputs that are summed afresh at each step; constants and states, values in SI units (0-d or (size,));
    threshold, reset, refractory (name of a constant), method as in the model; adaptation, derivatives of neuron rules,
    integrated by Euler's method apart from the model's; samples, changes of neuron rules after a presentation;
    draws, names of per-step random numbers and their kind; each, modulators with a value for each neuron; gains,
    port -> state that multiplies what is delivered to it; output_gains, states that multiply its output; dimensions,
    of every name.
    """

    described: Population
    dimensions: Mapping[str, Dimension]
    derivatives: Mapping[str, str] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    definitions: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    constants: Mapping[str, np.ndarray] = field(default_factory=dict)
    states: Mapping[str, np.ndarray] = field(default_factory=dict)
    threshold: str | None = None
    reset: tuple[Statement, ...] = ()
    refractory: str | None = None
    method: str = "exact"
    adaptation: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)
    draws: Mapping[str, Draw] = field(default_factory=dict)
    gains: Mapping[str, str] = field(default_factory=dict)
    each: frozenset[str] = frozenset()
    output_gains: tuple[str, ...] = ()
    source: SourceModel | None = None
    graded: bool = False

    @property
    def name(self) -> str:
        """The name of the population."""
        return self.described.name

    @property
    def size(self) -> int:
        """The number of its neurons."""
        return self.described.size

    @property
    def spiking(self) -> bool:
        """Whether its units emit spikes."""
        return self.threshold is not None or self.source is not None


@dataclass(frozen=True)
class Held:
    """A trace kept per presynaptic or postsynaptic neuron: dx/dt = derivative; `on_pre` or `on_post` add to it.

    Level 'edge': a presynaptic trace of a projection with many delays, kept per edge because spikes arrive apart.
    """

    level: Level
    derivative: str
    initial: float


@dataclass(frozen=True, eq=False)
class EdgeList:
    """Edges sorted by source.

    first, where those of each source begin, and their number (int64); listed, the target of each (int32), or None for
    all pairs; targets, number of units that they may lead to.
    """

    first: np.ndarray
    listed: np.ndarray | None
    targets: int

    @property
    def size(self) -> int:
        """Number of edges."""
        return int(self.first[-1])

    @property
    def pre(self) -> np.ndarray:
        """The source of each edge (int32), worked out anew: it would double the memory of the edges."""
        return np.repeat(np.arange(self.first.size - 1, dtype=np.int32), np.diff(self.first))

    @property
    def post(self) -> np.ndarray:
        """The target of each edge (int32)."""
        if self.listed is not None:
            return self.listed
        return np.tile(np.arange(self.targets, dtype=np.int32), self.first.size - 1)


@dataclass(frozen=True)
class Structure:
    """How the connections of a projection come and go: a rule, and what it sees.

    seen, expressions on names of the projection by the rule's names; initial, the weight (SI) that the
    description gives each edge.
    """

    rule: StructuralRule
    seen: Mapping[str, str]
    initial: np.ndarray


@dataclass(frozen=True)
class Sum:
    """A sum of an expression over the edges of each target ('post') or of each source ('pre')."""

    level: End
    expression: str


@dataclass(frozen=True)
class ProjectionEquations:
    """A projection written out.

    edges, sorted by source, then delay, then target; dense, whether they are all pairs with one delay; delay in steps,
    the largest if there are many; delays, of each edge, or None if there is one;
    constants, shared numbers in SI; states, one value per edge; w_shared, the weight is one number for all edges;
    traces, per neuron; deliver, statements at the arrival of a spike that act on the target;
    port and graded, the input of the target that is summed and the summand; on_pre, on_post, what rules do at spikes;
    derivatives, of edge states under continuous rules (Euler's method, values at the start of the step), and after,
    statements that follow them; samples, changes of edge states after a presentation, and after_sample; matrix and
    matrix_sample, the same two for the whole weight matrix W (targets, sources) in the language of `model.matrix`;
    totals, sums over the edges of each target (or source), by name, read by derivatives, samples and what follows them;
    draws, names of random numbers per edge and step, and their kind; each, modulators with a value for each neuron of
    the target; tied, index into a named parameter for each edge; structure, of a projection whose state `mask` a rule
    changes.
    """

    name: str
    source: str
    target: str
    edges: EdgeList
    dense: bool
    delay: int
    dimensions: Mapping[str, Dimension]
    constants: Mapping[str, np.ndarray]
    states: Mapping[str, np.ndarray]
    traces: Mapping[str, Held] = field(default_factory=dict)
    deliver: tuple[Statement, ...] = ()
    port: str | None = None
    graded: str | None = None
    on_pre: tuple[Statement, ...] = ()
    on_post: tuple[Statement, ...] = ()
    derivatives: Mapping[str, str] = field(default_factory=dict)
    after: tuple[Statement, ...] = ()
    samples: Mapping[str, str] = field(default_factory=dict)
    after_sample: tuple[Statement, ...] = ()
    matrix: str | None = None
    matrix_sample: str | None = None
    totals: Mapping[str, Sum] = field(default_factory=dict)
    tied: Tied | None = None
    delays: np.ndarray | None = None
    structure: Structure | None = None
    draws: Mapping[str, Draw] = field(default_factory=dict)
    each: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Number of edges."""
        return self.edges.size

    @property
    def pre(self) -> np.ndarray:
        """The source of each edge (int32)."""
        return self.edges.pre

    @property
    def post(self) -> np.ndarray:
        """The target of each edge (int32)."""
        return self.edges.post

    @property
    def w_shared(self) -> bool:
        """Whether the weight is one number for all edges."""
        return "w" in self.constants

    @property
    def plastic(self) -> bool:
        """Whether a rule changes its edges."""
        changes = (self.on_pre, self.on_post, self.derivatives, self.samples, self.matrix, self.matrix_sample)
        return any((*changes, self.after))

    def read_totals(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the totals that any of the expressions reads."""
        read = frozenset().union(*map(names_in, texts))
        return tuple(name for name in self.totals if name in read)

    def in_turn(self, statements: Iterable[Statement]) -> list[tuple[tuple[str, ...], list[Statement]]]:
        """Split statements where one reads totals: (totals to be worked out first, statements); the first has none."""
        turns: list[tuple[tuple[str, ...], list[Statement]]] = [((), [])]
        for statement in statements:
            totals = self.read_totals([statement.expression])
            if totals:
                turns.append((totals, []))
            turns[-1][1].append(statement)
        return turns


@dataclass(frozen=True, eq=False)
class StateClamp:
    """Holds `variable` of a unit at `value` (SI) for `indices` from step `start` up to, not including, step `stop`."""

    population: str
    variable: str
    indices: np.ndarray
    value: np.ndarray
    start: int
    stop: int


@dataclass(frozen=True)
class NetworkEquations:
    """A network written out: units and projections by name, in the order of the description; clamps of states."""

    network: Network
    seed: int
    populations: Mapping[str, PopulationEquations]
    projections: Mapping[str, ProjectionEquations]
    clamps: tuple[StateClamp, ...] = ()
