"""One rule on one kind of network: the networks, what to look at in them, and the runs that clauses share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from brian2 import mV, second

from neurosim.compiler.equations.network import network_equations
from neurosim.engines.engine import Engine
from neurosim.engines.simulation import Simulation, State
from neurosim.errors import SignalMissing
from neurosim.model.network import Network
from neurosim.model.rule import NeuronRule, Rule, SynapticRule
from neurosim.model.structural import StructuralRule
from neurosim.model.units import DIMENSIONLESS, Dimension, dimension_of, quantity
from neurosim.rng import generator
from neurosim.testing.hosts import DT, HOLD, SOURCES, TARGETS, Build, Host, inputs

STEPS = 1000


class Trial:
    """A rule on a host network.

    Arguments:
        rule: what is tried.
        host: the kind of network.
        engines: those that can run the rule there; the first is used where one is enough.
        seed: of all random streams.
    """

    def __init__(self, rule: Rule, host: Host, engines: Sequence[Engine], seed: int) -> None:
        self.rule = rule
        self.host = host
        self.engines = list(engines)
        self.seed = seed
        self._finished: dict[str, Simulation] = {}
        self._halfway: dict[str, State] = {}

    @property
    def reference(self) -> Engine:
        """The engine that is used where one is enough."""
        return self.engines[0]

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The bounds of the weight in SI units, infinite where the rule sets none."""
        then = self.rule.then if isinstance(self.rule, SynapticRule) else None
        if then is None:
            return -np.inf, np.inf
        given = self.rule.values()
        low, high = (float(np.asarray(given.get(str(bound), bound))) for bound in (then.low, then.high))
        return low, high

    @cached_property
    def span(self) -> tuple[float, float]:
        """A finite range of weights in SI units within the bounds."""
        low, high = self.limits
        if np.isinf(low):
            return (0.0, 1.0) if np.isinf(high) else (high - 1.0, high)
        return low, (low + 1.0 if np.isinf(high) else high)

    @cached_property
    def weight_unit(self) -> Dimension:
        """The dimension of the weights that the rule is made for."""
        given = self.rule.values()
        marked = [name for name, declared in self.rule.parameters.items() if declared.of_weight]
        return dimension_of(given[marked[0]]) if marked else DIMENSIONLESS

    def network(self, build: Build | None = None, weight: np.ndarray | None = None, dt: Any = DT) -> Network:
        """Return a network of the host with the rule in it.

        Arguments:
            build: the host's `driven` (by default) or `known`.
            weight (SI): shape (targets, sources), by default drawn from the middle of the allowed range.
            dt (s): time step.

        Raises SignalMissing if networks of this kind cannot have weights of the rule's unit.
        """
        name = type(self.rule).__name__
        if not self.host.pulsed and self.weight_unit is not DIMENSIONLESS:
            raise SignalMissing(f"{name}: its weights have a unit: use a network whose weights act by pulses")
        low, high = self.span
        if weight is None:
            middle = generator(self.seed, "weights").uniform(0.25, 0.75, (TARGETS, SOURCES))
            weight = low + (high - low) * middle
        largest = quantity(max(abs(low), abs(high)), self.weight_unit)
        given = quantity(weight, self.weight_unit)
        return (build or self.host.driven)(self.rule, given, 3 * mV / largest, dt, self.seed)

    def missing(self) -> str:
        """Return which signal of the rule the host lacks, an empty string if it has them all.

        Raises DescriptionError if the rule cannot be written out for another reason.
        """
        try:
            network_equations(self.network(), self.seed)
        except SignalMissing as error:
            return str(error)
        return ""

    def run(self, engine: Engine, network: Network, steps: int, seed: int | None = None) -> Simulation:
        """Return the simulation of a network after a number of steps."""
        seed = self.seed if seed is None else seed
        simulation = engine.compile(network, seed)
        advance(simulation, inputs(network, steps, seed), 0, steps)
        return simulation

    def before(self, network: Network) -> dict[str, np.ndarray]:
        """Return the watched variables in SI units before the first step."""
        return self.values(self.reference.compile(network, self.seed))

    def finished(self, engine: Engine) -> Simulation:
        """Return the driven network after STEPS steps; it is run once and must not be continued."""
        if engine.name not in self._finished:
            network = self.network()
            simulation, rows = engine.compile(network, self.seed), inputs(network, STEPS, self.seed)
            advance(simulation, rows, 0, STEPS // 2)
            self._halfway[engine.name] = simulation.state()
            advance(simulation, rows, STEPS // 2, STEPS)
            self._finished[engine.name] = simulation
        return self._finished[engine.name]

    def continued(self, engine: Engine) -> Simulation:
        """Return a newly compiled simulation that continued from the state of the driven network half-way."""
        self.finished(engine)
        network = self.network()
        simulation = engine.compile(network, self.seed)
        simulation.restore(self._halfway[engine.name])
        advance(simulation, inputs(network, STEPS, self.seed), STEPS // 2, STEPS)
        return simulation

    @cached_property
    def watched(self) -> tuple[str, ...]:
        """The names of the variables that the rule is meant to change."""
        if isinstance(self.rule, NeuronRule):
            kept = (*self.rule.gains, *self.rule.offsets, *self.rule.traces)
            return tuple(f"target.{self.rule.prefix}_{name}" for name in kept)
        if isinstance(self.rule, StructuralRule):
            return "plastic.mask", "plastic.w"
        rule = self.rule
        assert isinstance(rule, SynapticRule)
        changes = rule.dw or rule.dW or rule.on_pre or rule.on_post
        kept = tuple(rule.traces) if rule.efficacy is not None or not changes else ()
        return ("plastic.w", *(f"plastic.{self.rule.prefix}_{name}" for name in kept))

    @property
    def purposes(self) -> tuple[tuple[str, ...], ...]:
        """The watched variables that must change: one of each group."""
        if isinstance(self.rule, NeuronRule):
            held = (*self.rule.gains, *self.rule.offsets) or self.rule.traces
            return tuple((f"target.{self.rule.prefix}_{name}",) for name in held)
        if isinstance(self.rule, StructuralRule):
            return (self.watched,)
        # A rule of what a synapse transmits leaves the weight to other rules.
        return (self.watched[1:] or self.watched,)

    def values(self, simulation: Simulation) -> dict[str, np.ndarray]:
        """Return the watched variables in SI units."""
        return {name: np.array(simulation.get(name), dtype=float) for name in self.watched}


def advance(simulation: Simulation, rows: Mapping[str, np.ndarray], start: int, stop: int) -> None:
    """Take the steps from start to stop with the inputs (steps, size) of those steps.

    After every 10 ms, when an input ends, the rules with the clock 'sample' are applied.
    """
    held = round(HOLD / simulation.dt)
    for first in range(start, stop, held):
        last = min(first + held, stop)
        duration = (last - first) * simulation.dt * second
        simulation.run(duration, {name: row[first:last] for name, row in rows.items()})
        simulation.sample()
