"""From a projection to Brian2 Synapses: delivery, plasticity, and the traces that are shown per neuron."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from brian2 import Clock, Equations, Synapses, second
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.equations.equations import SingleEquation
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.synapses.synapses import SynapticPathway

from neurosim.compiler.equations.forms import End, Level, ProjectionEquations, Ref
from neurosim.compiler.equations.names import event_population, part_of
from neurosim.engines.brian2.populations import BrianPopulation
from neurosim.engines.brian2.presentation import Presentation, Turn, presentation_equations
from neurosim.engines.brian2.text import (
    NAMESPACE,
    UPDATERS,
    Order,
    code,
    definition,
    derivative,
    in_event,
    learning_code,
    parameter,
    place,
    projection_names,
    run_code,
    step_code,
    system,
    written,
)
from neurosim.model.expressions import Statement, names_in

LEVELS: tuple[Level, ...] = ("pre", "post", "edge")
SHARE = "s_share"
TRACE_METHODS = ("exact", "exponential_euler", "euler")


def traces_at(projection: ProjectionEquations, level: Level) -> dict[str, str]:
    """Return the derivatives of the traces that are kept per neuron of one end, or per edge."""
    return {name: held.derivative for name, held in projection.traces.items() if held.level == level}


def event_driven(projection: ProjectionEquations, names: Mapping[str, str]) -> bool:
    """Return whether Brian2 can bring all traces up to date at spikes alone, and nothing reads them in between."""
    free = {name: held.derivative for name, held in projection.traces.items()}
    read = frozenset().union(*map(names_in, free.values()))
    between = (
        *projection.plasticity.each_step.texts,
        *projection.plasticity.presentation.texts,
        *(total.expression for total in projection.totals.values()),
    )
    watched = frozenset().union(*map(names_in, between))
    if (
        not free
        or traces_at(projection, "edge")
        or read - {*free, *projection.constants}
        or watched & free.keys()
        # A time of 0 over a time constant of 0 is not a number.
        or any(not np.all(projection.constants[name]) for name in read & projection.constants.keys())
    ):
        return False
    try:
        UPDATERS["exact"](system(free, projection.dimensions, names))
    except UnsupportedEquationsException:
        return False
    return True


def pathways(synapses: Synapses) -> list[SynapticPathway]:
    """Return the paths by which spikes reach the synapses, each with a queue of spikes under way."""
    return [item for item in synapses.contained_objects if isinstance(item, SynapticPathway)]


class BrianProjection:
    """A projection in Brian2: its synapses, and one synapse per neuron for each end that keeps traces.

    Rules run on the synapses, each with traces of its own, as Brian2 has them; event-driven where Brian2 can do that.
    The synapses from each neuron to itself (`probes`) follow the same equations without a weight: a trace per neuron.
    Arguments: projection; source, target; clock; order, of the schedule; label, its Brian2 name.
    """

    def __init__(
        self,
        projection: ProjectionEquations,
        source: BrianPopulation,
        target: BrianPopulation,
        clock: Clock,
        order: Order,
        label: str,
    ) -> None:
        self.projection = projection
        self.order = order
        self.label = label
        self.ends: dict[End, BrianPopulation] = {"pre": source, "post": target}
        self.clock = clock
        self.names = projection_names(projection)
        self.own_paths = {path.name: path for path in projection.paths if path.statements}
        self.events = {
            event_population(p.population.name, event): in_event(event)
            for p in (source, target)
            for event in p.population.described.model.events
        }
        self.event_driven = event_driven(projection, self.names)
        self.synapses = self._synapses()
        # Brian2 has a weight for every synapse; what synapses share is kept apart.
        self.kernels = {n: v.copy() for n, v in projection.states.items() if projection.kernel is not None}
        self.probes: dict[End, Synapses] = {
            end: self._probe(end) for end in self.ends if traces_at(projection, end)
        }
        for name, value in projection.constants.items():
            self.write(name, value)
        self.reset()

    # What Brian2 is given ------------------------------------------------------------------------------------------

    def _synapses(self) -> Synapses:
        projection = self.projection
        equations = [
            parameter(self.names[n], projection.dimensions[n])
            for n in (*projection.states, *projection.draws)
        ]
        for name, held in projection.traces.items():
            dim, text = projection.dimensions[name], written(held.derivative, self.names, whole=True)
            driven = derivative(self.names[name], text, dim, "event-driven")
            equations.append(driven if self.event_driven else parameter(self.names[name], dim))
        delivery, plasticity = projection.delivery, projection.plasticity
        if delivery.graded is not None:
            part = f"{self.ends['post'].parts[projection.name]}_post"
            dim = projection.dimensions[part_of(delivery.port or "", "post")]
            text = written(delivery.graded, self.names)
            equations.append(definition(part, text, dim, "summed"))
        equations += presentation_equations(
            plasticity.presentation.changes, projection.dimensions, self.names, SHARE
        )
        for name, total in projection.totals.items():
            sum_text = written(total.expression, self.names)
            equations.append(definition(self.names[name], sum_text, projection.dimensions[name], "summed"))
        first = "deliver_late" if delivery.late else "deliver"
        made = self._connected(
            "synapses", equations, (projection.pre, projection.post), self.ends["pre"], self.ends["post"],
            {first: delivery.spike, "learn_pre": plasticity.on_pre} | self._paths("pre"),
            {"learn_post": plasticity.on_post} | self._paths("post"),
        )  # fmt: skip
        if not self.event_driven:
            self._let_decay(made, *LEVELS)
        self._learn(made)
        self.presentations = self._presentations(made)
        return made

    def _paths(self, end: End) -> dict[str, tuple[Statement, ...]]:
        """Return the statements of pathways of their own, by name."""
        return {path.name: path.statements for path in self.projection.paths if path.end == end}

    def _presentations(self, made: Synapses) -> list[Presentation]:
        """Return the code of rules with the clock 'sample'."""
        plasticity = self.projection.plasticity
        changes = plasticity.presentation.changes
        if not changes:
            return []
        add = Turn(self._updaters(made, plasticity.read_totals(changes.values())), ())
        turns = [
            Turn(self._updaters(made, totals), statements)
            for totals, statements in plasticity.in_turn(plasticity.presentation.after)
        ]
        return [Presentation(made, changes, add, turns, self.names, SHARE, self.order)]

    def _updaters(self, made: Synapses, totals: Iterable[str]) -> list[Any]:
        """Return Brian2's objects that work out totals."""
        return [made.summed_updaters[self.names[name]] for name in totals]

    def summing(self, totals: Iterable[str]) -> list[Any]:
        """Return Brian2's objects that work out sums that rules of populations read."""
        return self._updaters(self.synapses, totals)

    def _learn(self, made: Synapses) -> None:
        """Let rules change the synapses in every step, each statement that reads totals after these are worked out."""
        plasticity = self.projection.plasticity
        changes = plasticity.each_step.changes
        first = learning_code(plasticity.each_step, self.projection.dimensions, self.names)
        for population in {p.population.name: p.population for p in self.ends.values()}.values():
            read = population.read_totals(population.each_step.texts).get(self.projection.name, [])
            for updater in self._updaters(made, read):
                place(updater, "learn", self.order)
        reads = plasticity.read_totals(changes.values())
        for totals, statements in plasticity.in_turn(plasticity.each_step.after):
            for updater in self._updaters(made, (*reads, *totals)):
                place(updater, "learn", self.order)
            text = f"{first}\n{code(statements, self.names)}".strip()
            if text:
                run_code(made, text, "learn", self.order)
            first, reads = "", ()

    def _probe(self, end: End) -> Synapses:
        projection, population, traces = self.projection, self.ends[end], traces_at(self.projection, end)
        equations = [parameter(self.names[name], projection.dimensions[name]) for name in traces]
        first = "learn_pre" if end == "pre" else "learn_post"
        own = projection.plasticity.on_pre if end == "pre" else projection.plasticity.on_post
        changes = {first: own} | {p.name: p.statements for p in projection.plasticity.paths if p.end == end}
        changes = {n: tuple(s for s in found if s.target in traces) for n, found in changes.items()}
        each = np.arange(population.population.size)
        paths: tuple[Any, Any] = (changes, {}) if end == "pre" else ({}, changes)
        made = self._connected(f"traces_{end}", equations, (each, each), population, population, *paths)
        self._let_decay(made, end)
        return made

    def _connected(
        self,
        name: str,
        equations: list[SingleEquation],
        edges: tuple[np.ndarray, np.ndarray],
        source: BrianPopulation,
        target: BrianPopulation,
        on_pre: Mapping[str, tuple[Statement, ...]],
        on_post: Mapping[str, tuple[Statement, ...]],
    ) -> Synapses:
        projection = self.projection
        paths = [path for path, s in {**on_pre, **on_post}.items() if s]
        delays = {path: self.longest(path)[0] * self.clock.dt_ * second for path in paths}
        shared = [
            parameter(self.names[n], projection.dimensions[n], *(() if value.ndim else ("shared",)))
            for n, value in projection.constants.items()
        ]
        shared += [
            parameter(self.names[n], projection.dimensions[n], *(("shared",) if ref.end == "one" else ()))
            for n, ref in projection.modulators.items()
        ]
        shared += [parameter(self.names[n], projection.dimensions[n]) for n in projection.late]
        made = Synapses(
            source.group,
            target.group,
            Equations([*shared, *equations]),
            on_pre={path: code(s, self.names) for path, s in on_pre.items() if s},
            on_post={path: code(s, self.names) for path, s in on_post.items() if s},
            delay=None if projection.delays is not None else delays,
            on_event={path: self._event(path) for path in paths},
            namespace=NAMESPACE,
            dtype=float,
            codeobj_class=NumpyCodeObject,
            clock=self.clock,
            name=f"{self.label}_{name}",
        )
        if edges[0].size:
            made.connect(i=edges[0], j=edges[1])
        else:
            made.connect(False)
        for path in pathways(made):
            place(path, self._slot(path.objname), self.order)
            if projection.delays is not None:
                each = path.prepost == "pre" and path.objname not in self.own_paths
                steps = projection.delays.astype(np.int32) if each else 0
                own = self.longest(path.objname)[0] - (projection.delay if each else 0)
                path.variables["delay"].get_value()[:] = (steps + own) * self.clock.dt_
        return made

    def longest(self, path: str) -> tuple[int, str]:
        """Return the longest delay of a path in steps, and the population whose spikes take it."""
        projection = self.projection
        if path in self.own_paths:
            return self.own_paths[path].delay, self.own_paths[path].sender
        if path == "learn_post":
            return projection.dendritic, projection.sender("post")
        return projection.delay if path == "learn_pre" else projection.whole_delay, projection.sender("pre")

    def _slot(self, path: str) -> str:
        """Return the slot of the schedule of a path."""
        if path not in self.own_paths:
            return path
        if path in {p.name for p in self.projection.delivery.paths}:
            return "deliver_late" if self.projection.delivery.late else "deliver"
        return f"learn_{self.own_paths[path].end}"

    def _event(self, path: str) -> str:
        """Return Brian2's name of the event that a path answers to."""
        sender = self.longest(path)[1]
        return self.events.get(sender, "spike")

    def _let_decay(self, synapses: Synapses, *levels: Level) -> None:
        # Before the populations are integrated, so that what a trace reads is what it was at the start of the step.
        for kept in levels:
            traces = traces_at(self.projection, kept)
            if traces:
                equations = system(traces, self.projection.dimensions, self.names)
                run_code(synapses, step_code(equations, *TRACE_METHODS), "before_groups", self.order)

    def place_sum(self) -> None:
        """Give the graded sum its place in the schedule."""
        part = f"{self.ends['post'].parts[self.projection.name]}_post"
        place(self.synapses.summed_updaters[part], "graded", self.order)

    # What it holds --------------------------------------------------------------------------------------------------

    @property
    def objects(self) -> list[Synapses]:
        """All Brian2 objects of the projection."""
        return [self.synapses, *self.probes.values()]

    def array(self, name: str) -> np.ndarray:
        """Return the memory of a constant, of a state per edge or kernel, or of a trace per neuron or edge."""
        if self.projection.kernel is not None and name in self.projection.states:
            return self.kernels[name]
        held = self.projection.traces.get(name)
        owner = self.synapses if held is None or held.level == "edge" else self.probes[held.level]
        return owner.variables[self.names[name]].get_value()

    def modulators(self) -> dict[Ref, list[tuple[np.ndarray, Any]]]:
        """Return the memory of each modulator that its rules read, and which units of its population belong there."""
        found: dict[Ref, list[tuple[np.ndarray, Any]]] = {}
        for name, ref in self.projection.modulators.items():
            each = ref.end == "each"
            # Presynaptic traces do not read what belongs to the target.
            where = [s for s in self.objects if not each or s is not self.probes.get("pre")]
            if ref.end == "edge":
                found[ref] = [(self.synapses.variables[self.names[name]].get_value(), self.projection.driver)]
                continue
            found[ref] = [(s.variables[self.names[name]].get_value(), s.j[:] if each else 0) for s in where]
        return found

    def lates(self) -> Iterator[tuple[Ref, np.ndarray, np.ndarray | int, np.ndarray]]:
        """Yield what comes late: of which variable, its memory at synapses, after how many steps, of which neurons."""
        for name, ref in self.projection.late.items():
            each = self.projection.delays if self.projection.late_level(name) == "edge" else None
            each = None if each is None else each.astype(np.int32)
            delay = self.projection.delay if ref.end == "pre" else self.projection.dendritic
            for made in self.objects if each is None else [self.synapses]:
                memory = made.variables[self.names[name]].get_value()
                units = np.array((made.i if ref.end == "pre" else made.j)[:])
                yield ref, memory, delay if each is None else each, units

    def value(self, name: str) -> Any:
        """Return a constant, a state per edge or a trace in SI units."""
        shared = name in self.projection.constants and not self.projection.constants[name].ndim
        return self.array(name)[0] if shared else self.array(name).copy()

    def write(self, name: str, value: np.ndarray) -> None:
        """Set a constant, a state or a trace wherever it is held."""
        if name in self.projection.constants and self.event_driven:
            # Event-driven traces first follow the constants that held up to now.
            self._spread()
        self.array(name)[:] = value
        self.share()
        if name in self.projection.constants and not self.projection.constants[name].ndim:
            for synapses in self.objects:
                synapses.variables[self.names[name]].get_value()[:] = value
        if name in self.projection.traces:
            self._spread()

    def share(self) -> None:
        """Let synapses have the weights of the kernel that they share."""
        kernel = self.projection.kernel
        if kernel is None:
            return
        for name, value in self.kernels.items():
            self.synapses.variables[self.names[name]].get_value()[:] = value[kernel.index]

    def reset(self) -> None:
        """Put states and traces back to their initial values."""
        for name, value in self.projection.states.items():
            self.write(name, value)
        for name, held in self.projection.traces.items():
            self.write(name, np.array(held.initial))

    def own_traces(self) -> dict[str, np.ndarray]:
        """Return the memory of event-driven traces, which each synapse keeps as they were at its last spike."""
        if not self.event_driven:
            return {}
        names = [*(self.names[name] for name in self.projection.traces), "lastupdate"]
        return {name: self.synapses.variables[name].get_value() for name in names}

    def _spread(self) -> None:
        """Copy the traces per neuron to the synapses, as values of the end of the last step."""
        projection = self.projection
        ends: tuple[tuple[End, np.ndarray], ...] = (("pre", projection.pre), ("post", projection.post))
        for end, edges in ends:
            for name in traces_at(projection, end):
                self.synapses.variables[self.names[name]].get_value()[:] = self.array(name)[edges]
        if self.event_driven:
            self.synapses.variables["lastupdate"].get_value()[:] = self.clock.t_ - self.clock.dt_
