"""From a unit to a Brian2 NeuronGroup."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from brian2 import Clock, Equations, NeuronGroup
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.equations.equations import BOOLEAN, PARAMETER, SingleEquation

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations, Ref
from neurosim.compiler.equations.names import part_of
from neurosim.compiler.schedule.graded import follows_input, group_order
from neurosim.compiler.schedule.integration import clock_of
from neurosim.engines.brian2.presentation import Presentation, Turn, presentation_equations
from neurosim.engines.brian2.text import (
    NAMESPACE,
    UPDATERS,
    Order,
    RegularRunner,
    Updater,
    code,
    definition,
    derivative,
    in_event,
    learning_code,
    memory,
    parameter,
    place,
    population_names,
    run_code,
    step_code,
    system,
    total_name,
    written,
)
from neurosim.model.expressions import Statement, substitute_all
from neurosim.model.units import DIMENSIONLESS

SHARE = "n_share"


def updater(population: PopulationEquations) -> Updater:
    """Return what gives the code of a step of the model, in the equal parts that the population asks for."""
    method, substeps = UPDATERS[population.method], population.described.substeps

    def step(equations: Equations, variables: object = None, options: object = None) -> str:
        text, parts = method(equations), (clock_of(part, substeps) for part in range(substeps))
        return "\n".join(re.sub(r"\b(dt|t)\b", partial(_found, clock), text) for clock in parts)

    return step


def _found(clock: Mapping[str, str], match: re.Match[str]) -> str:
    return clock.get(match[0], match[0])


LONG_AGO = -1e4
"""The time of the last spike of a neuron that has not spiked, as in Brian2 (s)."""


def equations_of(population: PopulationEquations) -> list[SingleEquation]:
    """Return the equations of a unit as Brian2's."""
    names, dims = population_names(population), population.dimensions
    found = [
        parameter(names[n], dims[n], *(() if v.ndim else ("shared",)))
        for n, v in population.constants.items()
    ]
    for n in population.states:
        if n in population.derivatives:
            frozen = population.refractory is not None and n in population.frozen
            flags = ("unless refractory",) if frozen else ()
            found.append(
                derivative(names[n], written(population.derivatives[n], names, whole=True), dims[n], *flags)
            )
        else:
            found.append(parameter(names[n], dims[n]))
    found += [parameter(names[n], dims[n]) for n in (*population.ports, *population.draws)]
    found += [
        parameter(names[n], dims[n], *(() if ref.end == "each" else ("shared",)))
        for n, ref in population.modulators.items()
    ]
    found += presentation_equations(population.presentation.changes, dims, names, SHARE)
    found += [
        definition(names[n], written(text, names), dims[n]) for n, text in population.definitions.items()
    ]
    return found


def _share(groups: np.ndarray, function: str) -> None:
    """Put into all neurons of each group what they share."""
    over = np.max if function == "group_max" else np.sum
    groups[:] = over(groups, axis=1, keepdims=True)


class BrianPopulation:
    """A population in Brian2: its group, and the places of its variables in memory.

    Arguments: unit; events, what answers to its events; projections, all, since it holds sums over synapses; clock;
    order, of the schedule; label, its Brian2 name.
    """

    def __init__(
        self,
        population: PopulationEquations,
        events: Sequence[PopulationEquations],
        projections: Sequence[ProjectionEquations],
        clock: Clock,
        order: Order,
        label: str,
    ) -> None:
        self.population = population
        self.events = {in_event(found.event[1]): found for found in events if found.event is not None}
        self.order = order
        self.names = population_names(population)
        # Brian2 gives each sum over synapses a variable of its own: the parts of a port, by the projection they come
        # from.
        feeds = [
            projection
            for projection in projections
            if projection.delivery.graded is not None and projection.target == population.name
        ]
        self.parts = {projection.name: f"part{k}" for k, projection in enumerate(feeds)}
        self.feeds = {port: [k.name for k in feeds if k.delivery.port == port] for port in population.ports}
        self.group = self._group(projections, clock, label)
        for name, value in population.constants.items():
            self.array(name)[:] = value
        self._schedule()
        self.reset()

    def reset(self) -> None:
        """Put every variable but the constants back to its initial value."""
        constants = {self.names[name] for name in self.population.constants}
        for name, array in memory(self.group).items():
            if name not in constants:
                array[:] = 0
        for name, value in self.population.states.items():
            self.array(name)[:] = value
        if self.population.refractory is not None:
            # Brian2's own initial values: as if the last spike were long ago.
            self.raw("lastspike")[:], self.raw("not_refractory")[:] = LONG_AGO, True

    def _group(self, projections: Sequence[ProjectionEquations], clock: Clock, label: str) -> NeuronGroup:
        population = self.population
        extra = [
            parameter(self.parts[k], population.dimensions[port])
            for port, feeds in self.feeds.items()
            for k in feeds
        ]
        for projection in projections:
            ends = {"pre": projection.source, "post": projection.target}
            own = [n for n, total in projection.totals.items() if ends[total.level] == population.name]
            extra += [parameter(total_name(projection, n), projection.dimensions[n]) for n in own]
        threshold = None if population.threshold is None else written(population.threshold, self.names)
        if population.source is not None:
            extra.append(SingleEquation(PARAMETER, "fires", DIMENSIONLESS, var_type=BOOLEAN))
            threshold = "fires"
        return NeuronGroup(
            population.size,
            Equations([*equations_of(population), *extra]),
            method=updater(population),
            threshold=threshold,
            events={name: written(found.threshold or "", self.names) for name, found in self.events.items()},
            reset=code(population.reset, self.names) or None,
            refractory=self._refractory(),
            namespace=NAMESPACE,
            dtype=float,
            codeobj_class=NumpyCodeObject,
            clock=clock,
            name=label,
        )

    def _refractory(self) -> bool | str:
        """Return what Brian2 is told of refractoriness: nothing, a time, or a condition."""
        if self.population.rests is not None:
            rests = substitute_all(self.population.rests, self.population.definitions)
            return written(rests, self.names)
        return False if self.population.refractory is None else self.names[self.population.refractory]

    def _schedule(self) -> None:
        for regular in self.population.operations:
            text = code(regular.statements, self.names)
            runner = run_code(self.group, text, "after_inputs", self.order, RegularRunner)
            runner.first, runner.every = regular.first, regular.every
            if self.population.refractory is not None and self.population.rests is None:
                runner.rest = self.names[self.population.refractory]
        place(self.group.state_updater, "groups", self.order)
        if self.population.maps:
            texts = {self.names[n]: written(t, self.names) for n, t in self.population.maps.items()}
            new = [f"_{name} = {text}" for name, text in texts.items()]
            run_code(self.group, "\n".join([*new, *(f"{n} = _{n}" for n in texts)]), "groups", self.order)
        for kept in self.population.synapses:
            texts = {n: substitute_all(t, self.population.definitions) for n, t in kept.derivatives.items()}
            equations = system(texts, self.population.dimensions, self.names)
            run_code(self.group, step_code(equations, kept.method), "groups", self.order)
        for thresholder in self.group.thresholder.values():
            place(thresholder, "thresholds", self.order)
        for resetter in self.group.resetter.values():
            place(resetter, "resets", self.order)
        for name, found in self.events.items():
            if found.reset:
                self.group.run_on_event(
                    name, code(found.reset, self.names), when="resets", order=next(self.order)
                )
        if self.population.each_step.changes:
            text = learning_code(self.population.each_step, self.population.dimensions, self.names)
            run_code(self.group, text, "adapt", self.order)
        if self.population.each_step.after:
            run_code(self.group, code(self.population.each_step.after, self.names), "adapt", self.order)
        changes, turn = self.population.presentation.changes, Turn((), self.population.presentation.after)
        self.presentations = (
            [Presentation(self.group, changes, Turn(), [turn], self.names, SHARE, self.order)]
            if changes
            else []
        )

    def add_ports(self) -> None:
        """Let each port be the sum of its parts, once they have been worked out."""
        for port, projections in self.feeds.items():
            if not projections:
                continue
            text = " + ".join(self.parts[projection] for projection in projections)
            run_code(self.group, f"{self.names[port]} = {text}", "graded", self.order)

    def add_groups(self, add: Callable[[Callable[[], None], str], object], following: bool) -> None:
        """Work out what neurons of groups share: what follows the input of the step, or else from states alone.

        Arguments: add, adds an operation to a slot of the schedule.
        """
        for name in group_order(self.population):
            if follows_input(self.population, name) is following:
                group, own = self.population.groups[name], self.names[name]
                run_code(self.group, f"{own} = {written(group.expression, self.names)}", "graded", self.order)
                add(partial(_share, self.array(name).reshape(-1, group.size), group.function), "graded")

    def assign(self, statement: Statement, when: str) -> None:
        """Run an assignment in a slot of every step."""
        run_code(self.group, code((statement,), self.names), when, self.order)

    def watch(self, name: str, when: str) -> np.ndarray:
        """Return the memory of a variable; a definition has some from now on, filled in a slot of every step."""
        if name not in self.population.definitions:
            return self.array(name)
        kept, dim = part_of("kept", name, when), self.population.dimensions[name]
        if kept not in self.group.variables:
            self.group.variables.add_array(kept, self.population.size, dimensions=dim, dtype=float)
        run_code(self.group, f"{kept} = {self.names[name]}", when, self.order)
        return self.raw(kept)

    def array(self, name: str) -> np.ndarray:
        """Return the memory of a constant, state, port or draw."""
        return self.raw(self.names[name])

    def modulators(self) -> dict[Ref, list[tuple[np.ndarray, Any]]]:
        """Return the memory of each modulator that its rules read, and which units of its population belong there."""
        found = self.population.modulators
        return {ref: [(self.array(n), slice(None) if ref.end == "each" else 0)] for n, ref in found.items()}

    def emitted(self, event: str | None) -> np.ndarray:
        """Return the neurons that spiked in the last step, or in which an event happened."""
        space = self.raw(f"_{'spike' if event is None else in_event(event)}space")
        return space[: space[-1]]

    def raw(self, name: str) -> np.ndarray:
        """Return the memory of a Brian2 variable."""
        return self.group.variables[name].get_value()

    def value(self, name: str) -> Any:
        """Return a constant (0-d if shared), state or port in SI units."""
        found = self.array(name)
        return found[0] if self.group.variables[self.names[name]].scalar else found.copy()

    def write(self, name: str, value: np.ndarray) -> None:
        """Set a constant, state or port."""
        self.array(name)[:] = value
