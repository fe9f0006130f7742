"""From a projection to a projection: written out, checked as a whole, and frozen."""

from __future__ import annotations

import numpy as np

from neurosim.compiler.equations.bounds import check_limits, check_together
from neurosim.compiler.equations.dimensions import expect, expect_statement
from neurosim.compiler.equations.forms import Held, Level, PopulationEquations, ProjectionEquations
from neurosim.compiler.equations.names import CLOCK, OF, SECOND
from neurosim.compiler.equations.plasticity import RuleDraft
from neurosim.errors import DescriptionError
from neurosim.model.expressions import names_in
from neurosim.model.network import Network
from neurosim.model.parts import Projection
from neurosim.model.units import (
    unit_name,
)


class _Draft(RuleDraft):
    """A projection that is complete but for the checks that see all of it."""

    def check(self) -> None:
        known = self.dimensions
        own = (*self.states, *self.traces)
        ends = [f"{name}_{end}" for end, population in self.ends.items() for name in population.states]
        for statement in self.deliver:
            expect_statement(statement, known, ends, self.where)
        for statement in (*self.event("on_pre"), *self.event("on_post"), *self.after(), *self.after_sample()):
            expect_statement(statement, known, own, self.where)
        for name, held in self.traces.items():
            expect(held.derivative, known[name] / SECOND, known, f"{self.where}, d{name}/dt")
            self.check_writer(name, "post" if held.level == "post" else "pre")
            self.check_reader(name, held)
        for name, text in self.derivatives.items():
            expect(text, known[name] / SECOND, known, f"{self.where}, d{name}/dt")
        for name, text in self.samples.items():
            expect(text, known[name], known, f"{self.where}, change of {name}")
        if self.graded is not None:
            expect(
                self.graded,
                known[f"{self.port}_post"],
                known,
                f"{self.where}: weight in {unit_name(known['w'])}",
            )
        check_together(self.changes, self.where)
        start = {**self.states, **{name: np.array(held.initial) for name, held in self.traces.items()}}
        check_limits(self.limits, self.constants, start, self.where)

    def check_writer(self, trace: str, level: Level) -> None:
        # A trace per neuron changes once per spike of that neuron; written elsewhere it would differ by synapse.
        end = "post" if level == "post" else "pre"
        wrong = self.event("on_post" if end == "pre" else "on_pre")
        right = self.event(f"on_{end}")
        other = {*self.draws, *(self.each if end == "pre" else ())}
        mixed = {name for s in right if s.target == trace for name in names_in(s.expression) & other}
        if mixed:
            raise DescriptionError(
                f"{self.where}: '{trace}' is kept per {end}synaptic neuron, but changes by '{min(mixed)}', which "
                "differs from synapse to synapse: use synapse.variable for a variable per synapse"
            )
        if any(s.target == trace for s in wrong):
            raise DescriptionError(
                f"{self.where}: '{trace}' is kept per {end}synaptic neuron, so only on_{end} may write it: "
                "use synapse.variable for a variable per synapse"
            )

    def check_reader(self, trace: str, held: Held) -> None:
        end = "post" if held.level == "post" else "pre"
        own = {name for name, other in self.traces.items() if other.level == held.level}
        own |= {f"{name}_{end}" for name in self.ends[end].dimensions}
        for name in names_in(held.derivative) - {*CLOCK, *self.constants, *own}:
            if OF not in name or (name in self.each and held.level != "post"):
                raise DescriptionError(
                    f"{self.where}: d{trace}/dt reads '{name}', but the trace is kept per {end}synaptic neuron: "
                    "use synapse.variable for a variable per synapse"
                )

    def finish(self) -> ProjectionEquations:
        self.check()
        return ProjectionEquations(
            name=self.projection.name,
            source=self.projection.source,
            target=self.projection.target,
            edges=self.edges,
            dense=self.edges.listed is None,
            delay=self.delay,
            delays=self.delays,
            dimensions=self.dimensions,
            constants=self.constants,
            states=self.states,
            traces=self.traces,
            deliver=self.deliver,
            port=self.port,
            graded=self.graded,
            on_pre=self.event("on_pre"),
            on_post=self.event("on_post"),
            derivatives=self.derivatives,
            after=self.after(),
            samples=self.samples,
            after_sample=self.after_sample(),
            matrix=None if self.sampled else self.matrix,
            matrix_sample=self.matrix if self.sampled else None,
            totals=self.totals,
            tied=self.tied,
            structure=self.structure,
            draws=self.draws,
            each=frozenset(self.each),
        )


def projection_equations(
    projection: Projection, network: Network, populations: dict[str, PopulationEquations], seed: int
) -> ProjectionEquations:
    """Return the projection written out; raises DescriptionError on units, shapes, signals or rules that do not fit."""
    draft = _Draft(projection, network, populations, seed)
    draft.read_edges()
    draft.read_weight()
    draft.read_synapse()
    for rule in projection.rules:
        draft.read_rule(rule)
    draft.read_sign()
    draft.gate()
    return draft.finish()
