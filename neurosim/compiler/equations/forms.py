"""A network written out: every rule, gain and signal as equations on named variables.

Both the reference engine and the lowering start from it. It is still equations: no numerical method, no schedule. What
a name in a text refers to beyond the population or projection that the text belongs to stands in its `refs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from neurosim.compiler.equations.draws import Draw
from neurosim.compiler.equations.groups import Grouped
from neurosim.compiler.equations.names import event_population, part_of
from neurosim.compiler.equations.timed import Timed
from neurosim.model.convolution import Kernel
from neurosim.model.expressions import Statement, names_in
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection, Tied
from neurosim.model.source import SourceModel
from neurosim.model.structural import StructuralRule
from neurosim.model.units import DIMENSIONLESS, Dimension

End = Literal["pre", "post"]
Level = Literal["pre", "post", "edge"]


@dataclass(frozen=True)
class Limit:
    """Keeps a variable within two constants; owner, the rule (or 'sign') that asks for it."""

    owner: str
    variable: str
    low: str
    high: str

    @property
    def statement(self) -> Statement:
        """The assignment that brings the variable back."""
        return Statement(self.variable, "=", f"clip({self.variable}, {self.low}, {self.high})")


@dataclass(frozen=True)
class Ref:
    """What a name stands for that belongs to another: variable `name` of population `owner`.

    end, of which neuron: 'pre' or 'post', the one at that end of a connection; 'own', the one whose event it is that
    reads it, as it stands; of a modulator, which is held during a
    step, 'one', the only neuron of its population, or 'each', the one that has the number of the neuron that reads it
    (at a connection, of the target), or 'edge', the one that drives the weight of the connection. Of a projection
    `owner`: 'total', its total for the neuron that reads it, or 'matrix', all of its weights.
    """

    owner: str
    name: str
    end: Literal["pre", "post", "own", "one", "each", "edge", "total", "matrix"]

    @property
    def of_projection(self) -> bool:
        """Whether it belongs to a projection."""
        return self.end in ("total", "matrix")

    @property
    def modulator(self) -> bool:
        """Whether it is a modulator."""
        return self.end in ("one", "each", "edge")


@dataclass(frozen=True)
class Variables:
    """The names that the texts of a population or projection hold.

    dimensions, of every name; constants and states, values in SI units (0-d, or one per neuron or edge); draws, random
    numbers per step and their kind; refs, what names refer to that belong to others.
    """

    dimensions: Mapping[str, Dimension]
    constants: Mapping[str, np.ndarray]
    states: Mapping[str, np.ndarray]
    draws: Mapping[str, Draw]
    refs: Mapping[str, Ref]


@dataclass(frozen=True)
class Learning:
    """What rules change at one moment, in every step or after a presentation.

    changes, derivative (per step) or change (per presentation) by state; methods, how derivatives are integrated, by
    state, 'euler' where none is named; matrix, that of the whole weight matrix W
    (targets, sources) in the language of `model.matrix`; after, statements that follow them.
    """

    changes: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    matrix: str | None = None
    after: tuple[Statement, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The expressions of all changes."""
        return (*self.changes.values(), *(() if self.matrix is None else (self.matrix,)))

    @property
    def systems(self) -> dict[str, dict[str, str]]:
        """The derivatives that are integrated together, by method."""
        found: dict[str, dict[str, str]] = {}
        for name, text in self.changes.items():
            found.setdefault(self.methods.get(name, "euler"), {})[name] = text
        return found

    def __bool__(self) -> bool:
        return bool(self.changes or self.after or self.matrix is not None)


@dataclass(frozen=True)
class _Equations:
    """What populations and projections share: `variables`, whose parts may be read here."""

    variables: Variables

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The dimension of every name."""
        return self.variables.dimensions

    @property
    def constants(self) -> Mapping[str, np.ndarray]:
        """Values of constants in SI units."""
        return self.variables.constants

    @property
    def states(self) -> Mapping[str, np.ndarray]:
        """Values of states at the start, in SI units."""
        return self.variables.states

    @property
    def draws(self) -> Mapping[str, Draw]:
        """Names of random numbers and their kind."""
        return self.variables.draws

    @property
    def refs(self) -> Mapping[str, Ref]:
        """What names refer to that belong to others."""
        return self.variables.refs

    @property
    def modulators(self) -> dict[str, Ref]:
        """The modulators that rules read, by name."""
        return {name: ref for name, ref in self.refs.items() if ref.modulator}


@dataclass(frozen=True)
class System:
    """Differential equations, dx/dt by state, that are advanced together by a method.

    where, for messages; substeps, the number of equal parts of a step.
    """

    where: str
    method: str
    derivatives: Mapping[str, str]
    substeps: int = 1


@dataclass(frozen=True)
class Regular:
    """Statements that are executed in the steps first, first + every, and so on."""

    first: int
    every: int
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class PopulationEquations(_Equations):
    """A population written out.

    derivatives, expression of dx/dt by state; frozen, states held while refractory; definitions, subexpressions by
    name; maps, the new value in each step by state; ports, inputs that are summed afresh at each step, and what is
    worked out over groups, by name in `groups`; threshold, reset, method as in the
    model; each_step and presentation, changes by neuron rules, those of each step by Euler's method apart from the
    model's; synapses, systems that projections keep here, one value per neuron; gains, port -> states that multiply
    what is delivered to it; output_gains, states that multiply its output; totals, the sums over
    connections that rules read, by name: the projection, and what is summed there; refractory, the constant that is its
    refractory period; rests, the condition under which it rests for all of that; operations, what is done at regular
    times; stops, the definitions that are 1 where a condition ends a run, by the name of that; signals, those in time,
    by the names of parameters; event, of what answers to an event, the population and the event.
    """

    described: Population
    derivatives: Mapping[str, str] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    definitions: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    groups: Mapping[str, Grouped] = field(default_factory=dict)
    threshold: str | None = None
    refractory: str | None = None
    rests: str | None = None
    reset: tuple[Statement, ...] = ()
    each_step: Learning = field(default_factory=Learning)
    presentation: Learning = field(default_factory=Learning)
    synapses: tuple[System, ...] = ()
    gains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    output_gains: tuple[str, ...] = ()
    totals: Mapping[str, tuple[str, Sum]] = field(default_factory=dict)
    operations: tuple[Regular, ...] = ()
    stops: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, Timed] = field(default_factory=dict)
    event: tuple[str, str] | None = None

    def read_totals(self, texts: Iterable[str]) -> dict[str, list[str]]:
        """Return the totals that any of the expressions reads, by projection."""
        read, found = frozenset().union(*map(names_in, texts)), dict[str, list[str]]()
        for name, (projection, _) in self.totals.items():
            if name in read:
                found.setdefault(projection, []).append(self.refs[name].name)
        return found

    @property
    def name(self) -> str:
        """The name of the population."""
        return self.described.name

    @property
    def shown(self) -> str:
        """The name that users know: 'population.event' for what answers to an event."""
        return self.name if self.event is None else ".".join(self.event)

    @property
    def size(self) -> int:
        """The number of its neurons."""
        return self.described.size

    @property
    def method(self) -> str:
        """The numerical method of its model."""
        return self.described.model.method

    @property
    def dynamics(self) -> dict[str, str]:
        """The expression of dx/dt, or of a map, by state, of the model and of the synapses that are kept here."""
        kept = (item for system in self.synapses for item in system.derivatives.items())
        return {**self.derivatives, **self.maps, **dict(kept)}

    def fed(self, port: str) -> str:
        """Return what sums the graded input of a port: itself, or its part beside the currents of synapses."""
        part = part_of(port, "fed")
        return part if part in self.ports else port

    @property
    def source(self) -> SourceModel | None:
        """Its model, if that is a source of spikes."""
        return self.described.model if isinstance(self.described.model, SourceModel) else None

    @property
    def graded(self) -> bool:
        """Whether it has a graded output."""
        return self.described.model.output is not None

    @property
    def spiking(self) -> bool:
        """Whether its units emit spikes."""
        return self.threshold is not None or self.source is not None


@dataclass(frozen=True)
class Held:
    """A trace kept per presynaptic or postsynaptic neuron: dx/dt = derivative; `on_pre` or `on_post` add to it.

    Level 'edge': one kept per edge, since spikes arrive apart or what it reads differs from edge to edge; end, whose
    spikes change it; initial, one number, or one of each edge.
    """

    level: Level
    derivative: str
    initial: float | np.ndarray
    end: End


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


@dataclass(frozen=True, eq=False)
class Wiring:
    """The edges of a projection, sorted by source, then delay, then target, and how long spikes take.

    delay in steps up to the synapse, the largest if there are many; delays, of each edge (unsigned, in few bytes), or
    None if there is one; order, the place of each edge in the order of the description, or None if that is the order of
    the edges; kernel, the weights that edges share, or None if each has its own; dendritic, the delay in steps between
    the synapse and the target, in either direction.
    """

    edges: EdgeList
    delay: int
    delays: np.ndarray | None = None
    order: np.ndarray | None = None
    kernel: Kernel | None = None
    dendritic: int = 0

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.edges.size if self.kernel is None else self.kernel.size


@dataclass(frozen=True)
class Path:
    """A pathway of its own through a projection.

    name; end, of whose spikes; sender, the population whose spikes these are, its events among them; delay, in steps
    from the spike to the statements.
    """

    name: str
    end: End
    sender: str
    delay: int
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Delivery:
    """What a projection does to its target.

    spike, statements at the arrival of a spike; paths, more of them after delays of their own; late, whether a spike is
    passed on after `on_pre`; port and graded, the input of the target that is summed at every step and the summand.
    """

    spike: tuple[Statement, ...] = ()
    paths: tuple[Path, ...] = ()
    late: bool = False
    port: str | None = None
    graded: str | None = None


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
class Plasticity:
    """What the rules of a projection do together.

    traces, kept per neuron; totals, sums over the edges of each target (or source), by name; on_pre and on_post, what
    happens at spikes; paths, more of that, after delays of their own; each_step, changes of edge states in every step,
    from values at the start of the step; presentation, changes after a presentation; structure, of a projection whose
    state `mask` a rule changes; limits, the bounds that the rules and the sign of the projection keep.
    """

    traces: Mapping[str, Held] = field(default_factory=dict)
    totals: Mapping[str, Sum] = field(default_factory=dict)
    on_pre: tuple[Statement, ...] = ()
    on_post: tuple[Statement, ...] = ()
    paths: tuple[Path, ...] = ()
    each_step: Learning = field(default_factory=Learning)
    presentation: Learning = field(default_factory=Learning)
    structure: Structure | None = None
    limits: tuple[Limit, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.on_pre or self.on_post or self.paths or self.each_step or self.presentation)

    def events(self, end: End) -> tuple[Statement, ...]:
        """Return all statements at spikes of an end."""
        own = self.on_pre if end == "pre" else self.on_post
        return (*own, *(s for path in self.paths if path.end == end for s in path.statements))

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


@dataclass(frozen=True)
class ProjectionEquations(_Equations):
    """A projection written out: what it is, its edges, what it does to its target, and what its rules do to it.

    Its states have one value per edge, or of a kernel; a weight that nothing changes may be a constant. tied, for each
    edge the place in a named parameter that is its weight; driver, for each edge the neuron whose output is its weight
    (the ref 'w'); late, the variables of its ends, 'pre' or 'post', that names stand for as they reach the synapse.
    """

    described: Projection
    wiring: Wiring
    delivery: Delivery
    plasticity: Plasticity
    tied: Tied | None = None
    driver: np.ndarray | None = None
    late: Mapping[str, Ref] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the projection."""
        return self.described.name

    @property
    def source(self) -> str:
        """The name of the source population."""
        return self.described.source

    @property
    def target(self) -> str:
        """The name of the target population."""
        return self.described.target

    def sender(self, end: End) -> str:
        """Return the name of the population whose spikes act at an end: the one there, or that of one of its events."""
        return event_population(self.source if end == "pre" else self.target, self.described.event(end))

    @property
    def paths(self) -> tuple[Path, ...]:
        """All pathways of their own."""
        return (*self.delivery.paths, *self.plasticity.paths)

    @property
    def edges(self) -> EdgeList:
        """Its edges."""
        return self.wiring.edges

    @property
    def dense(self) -> bool:
        """Whether its edges are all pairs with one delay."""
        return self.edges.listed is None

    @property
    def delay(self) -> int:
        """The largest delay in steps up to the synapse."""
        return self.wiring.delay

    @property
    def dendritic(self) -> int:
        """The delay in steps between the synapse and the target."""
        return self.wiring.dendritic

    @property
    def whole_delay(self) -> int:
        """The largest delay in steps up to the target."""
        return self.wiring.delay + self.wiring.dendritic

    @property
    def delays(self) -> np.ndarray | None:
        """The delay of each edge in steps (unsigned, in few bytes: sums need another type), or None if there is one."""
        return self.wiring.delays

    @property
    def order(self) -> np.ndarray | None:
        """The place of each edge in the order of the description, or None if that is the order of the edges."""
        return self.wiring.order

    @property
    def kernel(self) -> Kernel | None:
        """The weights that edges share."""
        return self.wiring.kernel

    def late_level(self, name: str) -> Level:
        """Return where a late variable varies: with the neuron, or with the edge if delays differ."""
        ref = self.late[name]
        return (
            "edge" if ref.end == "pre" and self.delays is not None else "pre" if ref.end == "pre" else "post"
        )

    @property
    def kept(self) -> dict[str, Ref]:
        """What its synapse keeps per neuron at one of its ends, by the names in the synapse model."""
        return {name: ref for name, ref in self.refs.items() if "__" not in name}

    @property
    def traces(self) -> Mapping[str, Held]:
        """The traces that its rules keep per neuron."""
        return self.plasticity.traces

    @property
    def totals(self) -> Mapping[str, Sum]:
        """The sums over edges that its rules read."""
        return self.plasticity.totals

    @property
    def structure(self) -> Structure | None:
        """How its connections come and go."""
        return self.plasticity.structure

    @property
    def presentation(self) -> Learning:
        """What its rules change after a presentation."""
        return self.plasticity.presentation

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


@dataclass(frozen=True, eq=False)
class StateClamp:
    """Holds `variable` of a population or projection at `value` (SI) from step `start` up to, not including, `stop`.

    indices, of what is held; value, (indices,) or, replayed from `start` on, (steps, indices); basis, orthonormal
    directions (indices, directions) along which alone it is held, or None; column, the input of a run that gives the
    value in the place of `value`; when, the input that is 1 where it holds; free, for directions of a definition, what
    it would be: the variable is then the shift from that.
    """

    owner: str
    variable: str
    indices: np.ndarray
    value: np.ndarray
    start: int
    stop: int
    basis: np.ndarray | None = None
    column: str | None = None
    when: str | None = None
    free: str | None = None

    def imposed(self, x: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Return the variable, held at a value (indices,)."""
        x = np.array(x)
        if self.basis is None:
            x[self.indices] = value
        else:
            x[self.indices] += self.basis @ (self.basis.T @ (value - x[self.indices]))
        return x


@dataclass(frozen=True)
class Probe:
    """What an engine samples for a recorder, and says under the name `key`.

    target, what holds the variable; every and after, when samples are taken; indices, of neurons or edges in the order
    of the engine, None for all; values, variables that are sampled with each spike.
    """

    key: str
    target: str
    variable: str
    every: int = 1
    indices: tuple[int, ...] | None = None
    after: bool = False
    values: tuple[str, ...] = ()

    @property
    def spikes(self) -> bool:
        """Whether it samples spikes."""
        return self.variable == "spikes"


@dataclass(frozen=True)
class NetworkEquations:
    """A network written out: units and projections by name, in the order of the description; clamps of states."""

    network: Network
    seed: int
    populations: Mapping[str, PopulationEquations]
    projections: Mapping[str, ProjectionEquations]
    clamps: tuple[StateClamp, ...] = ()
    probes: tuple[Probe, ...] = ()

    @property
    def columns(self) -> dict[str, tuple[int, Dimension]]:
        """Size and dimension of the inputs of a run that clamps read, by name."""
        found: dict[str, tuple[int, Dimension]] = {}
        for clamp in self.clamps:
            if clamp.column is not None:
                dimension = self.part(clamp.owner).dimensions[clamp.variable]
                found[clamp.column] = (len(clamp.indices), dimension)
            if clamp.when is not None:
                found[clamp.when] = (1, DIMENSIONLESS)
        return found

    @property
    def inputs(self) -> dict[str, tuple[int, Dimension]]:
        """Size and dimension of what a run may be given, by name: values of signal populations, columns of clamps."""
        signals = [p for p in self.populations.values() if "value" in p.states]
        return {**{p.name: (p.size, p.dimensions["value"]) for p in signals}, **self.columns}

    @property
    def flights(self) -> dict[str, int]:
        """For how many steps spikes of each population are on their way, of those where they are at all."""
        longest: dict[str, int] = {}
        for projection in self.projections.values():
            for name, delay in (
                (projection.sender("pre"), projection.whole_delay),
                (projection.sender("post"), projection.dendritic),
                *((path.sender, path.delay) for path in projection.paths),
            ):
                longest[name] = max(delay, longest.get(name, 0))
        return {name: delay for name, delay in longest.items() if delay and self.populations[name].spiking}

    @property
    def remembered(self) -> dict[tuple[str, str], int]:
        """For how many steps variables of populations, as (population, name), are remembered: their longest delay."""
        found: dict[tuple[str, str], int] = {}
        for projection in self.projections.values():
            for ref in projection.late.values():
                delay = projection.delay if ref.end == "pre" else projection.dendritic
                found[ref.owner, ref.name] = max(delay, found.get((ref.owner, ref.name), 0))
        return found

    def home(self, owner: str, variable: str) -> tuple[str, str]:
        """Return (owner, variable) of what holds a variable: a population for what synapses keep and for an event."""
        if "." in owner:
            return event_population(*owner.split(".", 1)), variable
        ref = self.projections[owner].kept.get(variable) if owner in self.projections else None
        return (owner, variable) if ref is None else (ref.owner, ref.name)

    def part(self, name: str) -> PopulationEquations | ProjectionEquations:
        """Return the population or projection of a name."""
        return self.populations[name] if name in self.populations else self.projections[name]
