"""From a projection to a projection, without its rules: edges drawn, weights resolved, what the synapse does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurosim.compiler.equations.bounds import Change, Limit
from neurosim.compiler.equations.draws import Draw
from neurosim.compiler.equations.forms import EdgeList, Held, PopulationEquations, Structure, Sum
from neurosim.compiler.equations.names import CLOCK, RESERVED, SECOND, check_variable
from neurosim.errors import DescriptionError
from neurosim.model.connectivity import edge_order
from neurosim.model.expressions import Statement, check_expression, names_in, parse_statements
from neurosim.model.network import Network
from neurosim.model.parts import Projection, Tied, constrained
from neurosim.model.units import (
    Dimension,
    dimension_of,
    in_si,
    quantity,
)
from neurosim.model.values import Distribution, resolve, value_dimension
from neurosim.registry import suggest
from neurosim.rng import generator

LONGEST = 2**31
"""Most units times steps of delay; a spike that is kept for a step takes four bytes."""


class ConnectionDraft:
    """The part of a projection that does not depend on rules: edges, weights, what spikes deliver."""

    def __init__(
        self, projection: Projection, network: Network, populations: dict[str, PopulationEquations], seed: int
    ) -> None:
        self.projection = projection
        self.network = network
        self.populations = populations
        self.seed = seed
        self.where = f"projection '{projection.name}'"
        self.ends: dict[str, PopulationEquations] = {
            "pre": populations[projection.source],
            "post": populations[projection.target],
        }
        self.dimensions: dict[str, Dimension] = dict(CLOCK)
        for end, population in self.ends.items():
            self.dimensions.update(
                {f"{name}_{end}": dim for name, dim in population.dimensions.items() if name not in CLOCK}
            )
        self.constants: dict[str, np.ndarray] = {}
        self.states: dict[str, np.ndarray] = {}
        self.traces: dict[str, Held] = {}
        self.changes: list[Change] = []
        self.limits: list[Limit] = []
        self.endings: list[Limit | Statement] = []
        self.totals: dict[str, Sum] = {}
        self.structure: Structure | None = None
        self.derivatives: dict[str, str] = {}
        self.samples: dict[str, str] = {}
        self.draws: dict[str, Draw] = {}
        self.each: set[str] = set()
        self.matrix: str | None = None
        self.deliver: tuple[Statement, ...] = ()
        self.port: str | None = None
        self.graded: str | None = None
        self.tied = projection.weight if isinstance(projection.weight, Tied) else None

    def declare(self, name: str, dim: Dimension) -> None:
        """Note the dimension of a new name."""
        check_variable(name, {*self.dimensions, *RESERVED - {"w"}}, self.where)
        self.dimensions[name] = dim

    def constant(self, name: str, value: Any) -> None:
        """Note a constant of the whole projection (with its unit)."""
        if isinstance(value, Distribution) or np.ndim(value):
            raise DescriptionError(
                f"{self.where}: '{name}' must be one number for the whole projection: give one"
            )
        dim = dimension_of(value)
        self.declare(name, dim)
        self.constants[name] = resolve(value, dim, 1, self.seed, f"{self.projection.name}.{name}")

    # Edges and weights ---------------------------------------------------------------------------------------------

    def read_edges(self) -> None:
        """Draw the edges and their delays."""
        rng = generator(self.seed, f"{self.projection.name} connectivity")
        sources, targets = (population.size for population in self.ends.values())
        connect: Any = self.projection.connect
        if not connect.autapses and self.projection.source != self.projection.target:
            connect = replace(connect, autapses=True)
        self.order: np.ndarray | slice = slice(None)
        self.delays: np.ndarray | None = None
        if (
            connect.dense
            and np.ndim(self.projection.delay) == 0
            and not isinstance(self.projection.delay, Distribution)
        ):
            # All pairs are in order as they are, and are not even listed.
            self.edges = EdgeList(np.arange(sources + 1) * targets, None, targets)
            self.delay = int(self.delay_steps(sources * targets))
            return
        pre, post = connect.pairs(sources, targets, rng, self.where)
        steps = self.delay_steps(pre.size)
        self.order = edge_order(pre, steps, post) if steps.ndim else edge_order(pre, post)
        self.edges = EdgeList(
            np.searchsorted(pre[self.order], np.arange(sources + 1)), post[self.order], targets
        )
        self.delays = steps[self.order].astype(np.int32) if steps.ndim else None
        self.delay = int(steps.max(initial=0))

    def read_weight(self) -> None:
        """Resolve the weights, in the order of the edges."""
        weight: Any = self.projection.weight
        if self.tied is not None:
            self.read_tied(self.tied)
            return
        where = f"{self.projection.name}.w"
        dim = value_dimension(weight, where)
        self.declare("w", dim)
        if not isinstance(weight, Distribution) and np.ndim(weight) == 2:
            weight = quantity(self.flat(in_si(weight, dim, where)), dim)
        si = resolve(weight, dim, self.edges.size, self.seed, where)
        if si.ndim and not isinstance(weight, Distribution):
            si = si[self.order]
        self.check_sign(si)
        if si.ndim == 0 and not self.projection.rules:
            self.constants["w"] = si
        else:
            self.states["w"] = np.broadcast_to(si, (self.edges.size,))

    def flat(self, matrix: np.ndarray) -> np.ndarray:
        """Return a weight matrix (targets, sources) in the order of the edges."""
        targets, sources = self.ends["post"].size, self.ends["pre"].size
        if not self.projection.connect.dense or matrix.shape != (targets, sources):
            raise DescriptionError(
                f"{self.where}: a weight of shape {matrix.shape} needs all-to-all connectivity and the shape "
                f"({targets}, {sources}), targets by sources: change it"
            )
        return matrix.T.ravel()

    def read_tied(self, tied: Tied) -> None:
        """Resolve the named parameter and the place in it that each edge is tied to."""
        if tied.parameter not in self.network.parameters:
            hint = suggest(tied.parameter, self.network.parameters)
            raise DescriptionError(f"{self.where}: no named parameter '{tied.parameter}': {hint}")
        if self.projection.rules:
            raise DescriptionError(
                f"{self.where}: a tied weight cannot be plastic: give the projection its own weight"
            )
        named = self.network.parameters[tied.parameter]
        self.declare("w", dimension_of(named.value))
        index = (
            np.broadcast_to(np.array(tied.index, dtype=np.int64), (self.edges.size,))
            if len(tied.index) == 1
            else np.array(tied.index)
        )
        if index.shape != (self.edges.size,):
            raise DescriptionError(
                f"{self.where}: {index.size} tied indices for {self.edges.size} edges: give one per edge"
            )
        if index.size and (index.min() < 0 or index.max() >= np.size(named.value)):
            raise DescriptionError(
                f"{self.where}: a tied index lies outside '{named.name}', which has {np.size(named.value)} values"
            )
        self.tied = Tied(tied.parameter, tuple(index[self.order]))
        self.states["w"] = constrained(named.value, named.sign)[np.array(self.tied.index, dtype=np.int64)]

    def check_sign(self, si: np.ndarray) -> None:
        """Refuse weights (SI) of the sign that the projection excludes."""
        sign = self.projection.sign
        if sign and np.any(si * sign < 0):
            raise DescriptionError(
                f"{self.where}: weights must have the sign {sign:+d}, but some have the other: correct them"
            )

    # What the synapse does -------------------------------------------------------------------------------------------

    def read_synapse(self) -> None:
        """Write out what the synapse does to its target."""
        synapse, target = self.projection.synapse, self.ends["post"]
        for name, value in synapse.values().items():
            self.constant(name, value)
        port = synapse.port
        if port not in {*target.ports, *target.states}:
            known = [*target.ports, *target.derivatives]
            raise DescriptionError(
                f"{self.where}: '{target.name}' has no port '{port}': {suggest(port, known)}"
            )
        if synapse.on_pre is not None:
            self.read_pulse(synapse.text(synapse.on_pre), port, target)
        if synapse.graded is not None:
            self.read_graded(synapse.text(synapse.graded), port, target)

    def read_pulse(self, text: str, port: str, target: PopulationEquations) -> None:
        """Write out what a presynaptic spike delivers."""
        if not self.ends["pre"].spiking:
            raise DescriptionError(
                f"{self.where}: '{self.projection.source}' does not spike: use a graded synapse"
            )
        if port in target.ports:
            raise DescriptionError(
                f"{self.where}: '{port}' takes graded input, not spikes: choose a state such as g_e"
            )
        gain = target.gains.get(port)
        statements = parse_statements(text, self.where)
        scale = {} if gain is None else {f"{port}_post": " * ".join(f"{g}_post" for g in gain.split(" * "))}
        self.deliver = tuple(
            Statement(
                s.target, s.op, f"{scale[s.target]} * ({s.expression})" if s.target in scale else s.expression
            )
            for s in statements
        )

    def read_graded(self, text: str, port: str, target: PopulationEquations) -> None:
        """Write out the sum over presynaptic outputs."""
        if port not in target.ports:
            raise DescriptionError(
                f"{self.where}: '{port}' of '{target.name}' is not an input: choose {target.ports}"
            )
        if "output_pre" in names_in(text) and not self.ends["pre"].graded:
            raise DescriptionError(
                f"{self.where}: '{self.projection.source}' has no graded output: use a pulse synapse"
            )
        if self.delay:
            raise DescriptionError(f"{self.where}: a graded synapse has no delay: set delay to 0*ms")
        check_expression(text, self.where)
        self.port, self.graded = port, text

    def delay_steps(self, edges: int) -> np.ndarray:
        """Return delays in steps: 0-d, or one per edge; drawn ones are rounded to the nearest step."""
        where, dt = f"{self.where}: delay", self.network.step
        delay = self.projection.delay
        steps = resolve(delay, SECOND, edges, self.seed, where) / dt
        whole = np.rint(steps)
        if isinstance(delay, Distribution):
            steps = whole
        if np.any(steps < 0) or np.any(np.abs(steps - whole) > 1e-6 * np.maximum(1.0, whole)):
            raise DescriptionError(
                f"{where} {delay} is not a whole number (from 0) of steps of {self.network.dt}: change it or dt"
            )
        sources = self.ends["pre"].size
        if whole.max(initial=0) * sources > LONGEST:
            raise DescriptionError(
                f"{where}: {whole.max():.3g} steps of past spikes of {sources} units do not fit into memory: "
                "lower it, or raise dt"
            )
        return whole.astype(np.int64)
