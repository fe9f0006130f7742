"""A network in Brian2: all its objects, each with a place of its own in one schedule, ready to be stepped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import numpy as np
from brian2 import Clock, Network, NetworkOperation, prefs, second
from brian2.utils.logger import catch_logs

from neurosim.compiler.equations.forms import (
    NetworkEquations,
    PopulationEquations,
    Probe,
    ProjectionEquations,
    StateClamp,
)
from neurosim.compiler.schedule.graded import graded_order, reads_input
from neurosim.engines.brian2.populations import BrianPopulation
from neurosim.engines.brian2.presentation import Presentation
from neurosim.engines.brian2.projections import BrianProjection, pathways
from neurosim.engines.brian2.records import Arrivals, SampleRecord, SpikeRecord
from neurosim.engines.brian2.steps import Body, Flight, Inputs, Past, Source, Step, draw, hold
from neurosim.engines.externals import ExternalFunction
from neurosim.model.expressions import Statement

SCHEDULE = (
    "start", "inputs", "graded", "record", "learn", "adapt", "groups", "thresholds",
    "deliver", "learn_pre", "deliver_late", "learn_post", "resets", "end",
)  # fmt: skip
"""One step. Traces decay in 'before_groups'; Brian2 needs 'start' for objects that do nothing by themselves."""
CLAMPED = ("inputs", "learn", "adapt", "groups", "learn_pre", "learn_post", "resets", "end")
"""Slots after which clamps are applied; in 'deliver', where projections read what others write, after each of them."""


class Machine:
    """All of a network's objects in Brian2, and the memory that a simulation reads and writes."""

    def __init__(self, equations: NetworkEquations, externals: Mapping[str, ExternalFunction]) -> None:
        self.equations = equations
        self.dt = equations.network.step
        self.clock = Clock(self.dt * second, name="steps")
        self.step = Step(self.clock)
        self.order = count()
        self.operations: list[NetworkOperation] = []
        self.populations: dict[str, BrianPopulation] = {}
        self.projections: dict[str, BrianProjection] = {}
        self.inputs = Inputs(self.populations, self.step)
        # First, since a source may refuse its values: Brian2 warns of objects that are left half made.
        self.packed = {
            population.name: population.source.pack(population.size, self.dt, equations.seed, population.name)
            for population in equations.populations.values()
            if population.source is not None
        }
        # Brian2 warns of names that it resolves as we mean them, and of numerical trouble that the simulation reports.
        with catch_logs():
            self._make_populations()
            self._make_projections()
            self._make_late()
            self._make_modulators()
            self._make_steps()
            self._make_bodies(externals)
            self._make_records()
            self.network = self._network()

    def start(self, inputs: Mapping[str, np.ndarray]) -> None:
        """Get ready for steps with the given inputs."""
        self.inputs.give(inputs)
        self.input_operation.active = bool(inputs)
        objects = self.network.sorted_objects
        self.active = [o for o in objects if o.active and (o.code_objects or isinstance(o, NetworkOperation))]

    def advance(self) -> None:
        """Take one step: what Brian2 does in a run, without its preparation."""
        for item in self.active:
            item.run()
        self.step.number += 1

    # Parts ---------------------------------------------------------------------------------------------------------

    def _make_populations(self) -> None:
        every = self.equations.populations.values()
        for index, population in enumerate(p for p in every if p.event is None):
            projections = list(self.equations.projections.values())
            events = [p for p in every if p.event is not None and p.event[0] == population.name]
            self.populations[population.name] = BrianPopulation(
                population, events, projections, self.clock, self.order, f"population{index}"
            )

    def emitted(self, name: str) -> Callable[[], np.ndarray]:
        """Return what gives the neurons of a population, or of what answers to an event, that spiked last."""
        owner, event = self.equations.populations[name].event or (name, None)
        return partial(self.populations[owner].emitted, event)

    def _make_projections(self) -> None:
        clamp = self._hold([c for c in self.equations.clamps if c.free is None])
        for index, projection in enumerate(self.equations.projections.values()):
            ends = self.populations[projection.source], self.populations[projection.target]
            self.projections[projection.name] = BrianProjection(
                projection, *ends, self.clock, self.order, f"projection{index}"
            )
            if self.equations.clamps:
                self._add(clamp, "deliver_late" if projection.delivery.late else "deliver")
        for population in self.populations.values():
            population.add_groups(self._add, following=False)
            self._shift(population, False)
        for name in graded_order(self.equations):
            for feed in self.populations[name].parts:
                self._hand_over(self.projections[feed], "graded", driving=True)
                self.projections[feed].place_sum()
            self.populations[name].add_ports()
            self.populations[name].add_groups(self._add, following=True)
            self._shift(self.populations[name], True)

        for population in self.populations.values():
            read = population.population.read_totals(population.population.presentation.texts)
            sums = [item for name, totals in read.items() for item in self.projections[name].summing(totals)]
            for presentation in population.presentations:
                presentation.begin_with(sums)

    def _hold(self, clamps: Sequence[StateClamp]) -> Callable[[], None]:
        overwrite = hold(clamps, lambda clamp: self.part(clamp.owner).array(clamp.variable), self.inputs)
        kernels = {c.owner for c in clamps if c.owner in self.equations.projections and c.variable == "w"}

        def overwrite_kernels() -> None:
            overwrite()
            for name in kernels:
                self.projections[name].share()

        return overwrite_kernels if kernels else overwrite

    def _shift(self, population: BrianPopulation, fed: bool) -> None:
        """Work out how far definitions are shifted by clamps, of those that follow input or of the others."""
        for clamp in self.equations.clamps:
            own = clamp.free is not None and clamp.owner == population.population.name
            if own and reads_input(population.population, clamp.free or "") == fed:
                population.assign(Statement(clamp.variable, "=", clamp.free or ""), "graded")
                self._add(self._hold([clamp]), "graded")
                population.assign(Statement(clamp.variable, "-=", clamp.free or ""), "graded")

    def _network(self) -> Network:
        groups = [population.group for population in self.populations.values()]
        synapses = [made for projection in self.projections.values() for made in projection.objects]
        network = Network(*groups, *synapses, *self.operations, name="network")
        network.schedule = list(SCHEDULE)
        # Brian2 prepares its objects at the start of a run; a run of no steps leaves them ready to be stepped.
        # What is not finite is found when it is in the state, and named.
        with np.errstate(all="ignore"), _literal():
            network.run(0 * second, namespace={})
        for presentation in self.presentations:
            presentation.rest()
        return network

    # Steps ---------------------------------------------------------------------------------------------------------

    def _add(self, function: Callable[[], None], when: str) -> NetworkOperation:
        order = next(self.order)
        made = NetworkOperation(function, clock=self.clock, when=when, order=order, name=f"operation{order}")
        self.operations.append(made)
        return made

    def _make_late(self) -> None:
        """Let synapses read what left populations some steps ago."""
        self.pasts: dict[tuple[str, str], Past] = {}
        for (owner, name), depth in self.equations.remembered.items():
            held = self.populations[owner].watch(name, "after_graded")
            self.pasts[owner, name] = Past(held, depth, self.step)
            self._add(self.pasts[owner, name].note, "after_graded")
        for projection in self.projections.values():
            for ref, memory, ago, units in projection.lates():
                self._add(partial(_recall, self.pasts[ref.owner, ref.name], memory, ago, units), "start")

    def _make_modulators(self) -> None:
        """Let rules read the modulators of each step: outputs of other populations, held until the next."""
        for part in self.parts:
            self._hand_over(part, "after_graded", driving=False)

    def _hand_over(self, part: BrianPopulation | BrianProjection, when: str, driving: bool) -> None:
        """Copy what a part reads of the outputs of others; driving, of those that drive its graded weights, or else."""
        for ref, targets in part.modulators().items():
            graded = isinstance(part, BrianProjection) and part.projection.delivery.graded is not None
            if (ref.end == "edge" and graded) is driving:
                held = self.populations[ref.owner].watch(ref.name, when)
                self._add(partial(_hand_over, held, targets), when)

    def _make_steps(self) -> None:
        seed = self.equations.seed
        drawing: list[tuple[PopulationEquations | ProjectionEquations, BrianPopulation | BrianProjection]] = [
            *((population.population, population) for population in self.populations.values()),
            *((projection.projection, projection) for projection in self.projections.values()),
        ]
        for part, held in drawing:
            if part.draws:
                step = self.equations.network.step
                self._add(draw(part, held.array, held.value, step, seed, self.step), "inputs")
        self.input_operation = self._add(self.inputs.apply, "inputs")
        if self.equations.clamps:
            clamp = self._hold([c for c in self.equations.clamps if c.free is None])
            for slot in CLAMPED:
                self._add(clamp, f"after_{slot}")
        self.sources = {
            name: Source(self.populations[name], packed, seed, self.step)
            for name, packed in self.packed.items()
        }
        for source in self.sources.values():
            self._add(source.apply, "before_thresholds")
        self.flights = {
            name: Flight(self.emitted(name), depth, self.step)
            for name, depth in self.equations.flights.items()
        }
        for flight in self.flights.values():
            self._add(flight.note, "after_thresholds")

    def _make_records(self) -> None:
        self.records: dict[str, SpikeRecord | SampleRecord] = {}
        for recorder in self.equations.probes:
            if recorder.spikes:
                self.records[recorder.key] = self._spikes(recorder)
                passing = recorder.target in self.projections
                self._add(
                    self.records[recorder.key].note, "before_deliver" if passing else "after_thresholds"
                )
            else:
                self.records[recorder.key] = self._samples(recorder)
                self._add(self.records[recorder.key].note, "after_end" if recorder.after else "record")

    def _spikes(self, recorder: Probe) -> SpikeRecord:
        if recorder.target in self.equations.populations:
            population = self.populations.get(recorder.target)
            read = recorder.values if population is not None else ()
            arrays = [population.watch(name, "after_thresholds") for name in read if population is not None]
            return SpikeRecord(recorder, self.emitted(recorder.target), arrays, self.step)
        projection = self.projections[recorder.target]
        arrays = [projection.array(name) for name in recorder.values]
        there = projection.array("mask") if projection.projection.structure is not None else None
        source = projection.projection.sender("pre")
        arriving = Arrivals(projection.projection, self.emitted(source), self.flights.get(source), self.step)
        return SpikeRecord(recorder, arriving, arrays, self.step, there)

    def _samples(self, recorder: Probe) -> SampleRecord:
        name, variable = recorder.target, recorder.variable
        population = self.populations.get(name)
        array = (
            self.projections[name].array(variable)
            if population is None
            else population.watch(variable, "after_end" if recorder.after else "after_graded")
        )
        return SampleRecord(recorder, array, self.step)

    def _make_bodies(self, externals: Mapping[str, ExternalFunction]) -> None:
        self.bodies: dict[str, Body] = {}
        for name, function in externals.items():
            external = self.equations.network.externals[name]
            read = [text.partition(".") for text in external.reads]
            reads = [self.populations[owner].watch(variable, "end") for owner, _, variable in read]
            writes = [
                (self.populations[n].array("value"), function.outputs[out])
                for n, out in external.writes.items()
            ]
            self.bodies[name] = Body(function, reads, writes)
            self._add(self.bodies[name].apply, "end")

    @property
    def parts(self) -> list[BrianPopulation | BrianProjection]:
        """The populations and projections."""
        return [*self.populations.values(), *self.projections.values()]

    @property
    def presentations(self) -> list[Presentation]:
        """The code of rules with the clock 'sample'."""
        return [presentation for part in self.parts for presentation in part.presentations]

    # Reading and going back ------------------------------------------------------------------------------------------

    def part(self, owner: str) -> BrianPopulation | BrianProjection:
        """Return a population or projection by name."""
        return self.populations[owner] if owner in self.populations else self.projections[owner]

    @contextmanager
    def last_step(self) -> Iterator[None]:
        """Set the clock to the last step taken, that of which definitions speak."""
        now = self.step.number
        self.step.number = max(now - 1, 0)
        try:
            yield
        finally:
            self.step.number = now

    def refill_queues(self) -> None:
        """Put the spikes under way back into Brian2's queues."""
        for projection in self.projections.values():
            for path in (path for synapses in projection.objects for path in pathways(synapses)):
                delay, end = projection.longest(path.objname)
                if delay:
                    self.flights[end].refill(path.queue, delay)


def _hand_over(held: np.ndarray, targets: list[tuple[np.ndarray, Any]]) -> None:
    for target, chosen in targets:
        target[:] = held[chosen]


def _recall(past: Past, memory: np.ndarray, ago: np.ndarray | int, units: np.ndarray) -> None:
    memory[:] = past.taken(ago, units)


@contextmanager
def _literal() -> Iterator[None]:
    """Let Brian2 write expressions into its code as they are: it would make 0 of `0 * x` and of `x - x`, whatever x."""
    before = prefs.codegen.loop_invariant_optimisations
    prefs.codegen.loop_invariant_optimisations = False
    try:
        yield
    finally:
        prefs.codegen.loop_invariant_optimisations = before
