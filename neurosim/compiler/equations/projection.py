"""From a projection to its equations, checked as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import DTypeLike

from neurosim.compiler.equations.bounds import check_limits, check_together
from neurosim.compiler.equations.delivery import read_synapse
from neurosim.compiler.equations.dimensions import expect, expect_statements
from neurosim.compiler.equations.forms import End, Held, PopulationEquations, ProjectionEquations
from neurosim.compiler.equations.names import CLOCK, SECOND, part_of
from neurosim.compiler.equations.plasticity import SynapticRules
from neurosim.compiler.equations.scope import Scope
from neurosim.compiler.equations.weights import Weights
from neurosim.compiler.equations.wiring import draw_wiring
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, names_in
from neurosim.model.network import Network
from neurosim.model.parts import Projection
from neurosim.model.units import unit_name


def projection_equations(
    projection: Projection,
    network: Network,
    populations: Mapping[str, PopulationEquations],
    seed: int,
    dtype: DTypeLike,
) -> ProjectionEquations:
    """Return the projection written out; raises DescriptionError on units, shapes, signals or rules that do not fit."""
    ends: dict[End, PopulationEquations] = {
        "pre": populations[projection.source],
        "post": populations[projection.target],
    }
    where = f"projection '{projection.name}'"
    drawn = draw_wiring(projection, network, ends["pre"].size, ends["post"].size, seed, where)
    scope = Scope(projection.name, where, "w", seed, drawn)
    scope.ends(ends)
    weights = Weights(projection, network, drawn, scope, populations, dtype)
    weights.read()
    delivery = read_synapse(projection, network, ends, scope, drawn.wiring)
    rules = SynapticRules(projection, network, ends, drawn.wiring, scope, delivery)
    for rule in projection.rules:
        rules.read(rule)
    for population in populations.values():
        rules.read_sums(population)
    plasticity = rules.finish()
    found = ProjectionEquations(
        scope.variables,
        projection,
        drawn.wiring,
        rules.delivery,
        plasticity,
        weights.tied,
        weights.driver,
        scope.lates,
    )
    _check(found, scope.where)
    check_together(rules.changes, scope.where)
    start = {**found.states, **{name: np.asarray(held.initial) for name, held in found.traces.items()}}
    check_limits(rules.limits, found.constants, start, scope.where)
    return found


def _check(found: ProjectionEquations, where: str) -> None:
    known, plasticity = found.dimensions, found.plasticity
    ends = [name for name, ref in found.refs.items() if not ref.modulator and not ref.of_projection]
    for delivered in (found.delivery.spike, *(path.statements for path in found.delivery.paths)):
        expect_statements(delivered, known, ends, where)
    learned = (plasticity.each_step, plasticity.presentation)
    lists = (*(path.statements for path in plasticity.paths), *(learning.after for learning in learned))
    for statements in (plasticity.on_pre, plasticity.on_post, *lists):
        expect_statements(statements, known, (*found.states, *found.traces), where)
        _check_locals(found, statements, where)
    for name, held in found.traces.items():
        expect(held.derivative, known[name] / SECOND, known, f"{where}, d{name}/dt")
        _check_writer(found, name, held.end, where)
        _check_reader(found, name, held, where)
    for name, text in plasticity.each_step.changes.items():
        expect(text, known[name] / SECOND, known, f"{where}, d{name}/dt")
    for name, text in plasticity.presentation.changes.items():
        expect(text, known[name], known, f"{where}, change of {name}")
    if found.delivery.graded is not None:
        wanted = known[part_of(found.delivery.port or "", "post")]
        expect(found.delivery.graded, wanted, known, f"{where}: weight in {unit_name(known['w'])}")


def _check_locals(found: ProjectionEquations, statements: Iterable[Statement], where: str) -> None:
    """Refuse what statements define for themselves and read after they have changed a trace per neuron."""
    open_names, closed = set[str](), set[str]()
    for statement in statements:
        for name in sorted(names_in(statement.expression) & closed):
            raise DescriptionError(
                f"{where}: '{statement}' reads '{name[1:]}' after a trace per neuron has changed: change traces last"
            )
        if statement.target.startswith("_"):
            open_names.add(statement.target)
        held = found.traces.get(statement.target)
        if held is not None and held.level != "edge":
            closed |= open_names


def _check_writer(found: ProjectionEquations, trace: str, end: End, where: str) -> None:
    # A trace per neuron changes once per spike of that neuron; written elsewhere it would differ by synapse.
    events = {"pre": found.plasticity.events("pre"), "post": found.plasticity.events("post")}
    right, wrong = events[end], events["post" if end == "pre" else "pre"]
    each = {name for name, ref in found.refs.items() if ref.end == "each"}
    other = {*found.draws, *(each if end == "pre" else ())}
    mixed = {name for s in right if s.target == trace for name in names_in(s.expression) & other}
    if mixed and found.traces[trace].level != "edge":
        raise DescriptionError(
            f"{where}: '{trace}' is kept per {end}synaptic neuron, but changes by '{min(mixed)}', which "
            "differs from synapse to synapse: use synapse.variable for a variable per synapse"
        )
    if any(s.target == trace for s in wrong):
        raise DescriptionError(
            f"{where}: '{trace}' is kept per {end}synaptic neuron, so only on_{end} may write it: "
            "use synapse.variable for a variable per synapse"
        )


def _check_reader(found: ProjectionEquations, trace: str, held: Held, where: str) -> None:
    end = held.end
    own = {name for name, other in found.traces.items() if other.level == held.level and other.end == end}
    seen = {end, "one", *(("each",) if end == "post" else ())}
    own |= {name for name, ref in {**found.refs, **found.late}.items() if ref.end in seen}
    for name in sorted(names_in(held.derivative) - {*CLOCK, *found.constants, *own}):
        raise DescriptionError(
            f"{where}: d{trace}/dt reads '{name}', but the trace is kept per {end}synaptic neuron: "
            "use synapse.variable for a variable per synapse"
        )
