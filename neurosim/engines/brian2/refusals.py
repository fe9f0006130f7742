"""What the reference engine cannot run, said before it tries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import brian2
import numpy as np
from brian2 import Equations
from brian2.devices.device import runtime_device
from brian2.equations.refractory import add_refractoriness
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.stateupdaters.exact import get_linear_system

from neurosim.compiler.equations.forms import (
    Learning,
    NetworkEquations,
    PopulationEquations,
    ProjectionEquations,
    System,
)
from neurosim.compiler.equations.names import clock, shown
from neurosim.compiler.schedule.integration import check_divisions, linear_system
from neurosim.compiler.schedule.program import inline
from neurosim.engines.batches import needs_batches
from neurosim.engines.brian2.populations import equations_of, updater
from neurosim.engines.brian2.projections import LEVELS, TRACE_METHODS, traces_at
from neurosim.engines.brian2.text import (
    Names,
    learning_code,
    population_names,
    projection_names,
    step_code,
    system,
)
from neurosim.model.evaluate import evaluate
from neurosim.model.expressions import names_in, parse_statements, substitute_all
from neurosim.model.units import Dimension


def reasons(equations: NetworkEquations) -> Iterator[str]:
    """Yield each reason against running the network on this engine."""
    if brian2.get_device() is not runtime_device:
        yield "Brian2 is set to another device than 'runtime': call brian2.set_device('runtime')"
    yield from needs_batches(equations)
    dt = equations.network.step
    for projection in equations.projections.values():
        plasticity = projection.plasticity
        if projection.kernel is not None and projection.described.rules:
            yield (
                f"projection '{projection.name}': rules that change kernels, which synapses of Brian2 do not share: "
                "engine 'fused' can run it"
            )
        elif any(m.matrix is not None for m in (plasticity.each_step, plasticity.presentation)):
            yield (
                f"projection '{projection.name}': a rule in matrix language, which Brian2 lacks: "
                "engine 'fused' can run it"
            )
    for population in equations.populations.values():
        texts = {n: inline(equations, population, t) for n, t in population.derivatives.items()}
        check_divisions(texts, f"population '{population.name}'")
        if population.derivatives:
            yield from _population(population, texts, dt)
        for kept in population.synapses:
            yield from _kept(population, kept, dt)
    for population in equations.populations.values():
        names = population_names(population)
        yield from _learning(population.name, population.each_step, population.dimensions, names)
    for projection in equations.projections.values():
        names = projection_names(projection)
        yield from _learning(projection.name, projection.plasticity.each_step, projection.dimensions, names)
    for projection in equations.projections.values():
        traces = {n: held.derivative for n, held in projection.traces.items()}
        check_divisions(traces, f"projection '{projection.name}', traces")
        yield from _traces(projection, projection_names(projection), dt)


def _population(population: PopulationEquations, texts: Mapping[str, str], dt: float) -> Iterator[str]:
    where = f"population '{population.name}'"
    names = population_names(population)
    equations = Equations(equations_of(population))
    if population.refractory is not None:
        equations = add_refractoriness(equations)
    try:
        text = updater(population)(equations)
    except UnsupportedEquationsException:
        yield _unsolved(population, equations, where)
        return
    if population.method == "exact":
        # Brian2 holds a coefficient that varies, such as a conductance, for the step; no other engine does.
        linear_system(texts, frozenset(population.constants), where)
        values = {
            **population.states,
            **population.constants,
            **dict.fromkeys((*population.ports, *population.draws), 0.0),
        }
        broken = _not_finite(text, {names[n]: v for n, v in values.items()}, dt)
        yield from (_no_value(where, name) for name in _back(broken, names))


def _unsolved(population: PopulationEquations, equations: Equations, where: str) -> str:
    if population.method != "exact":
        variables = ", ".join(population.derivatives)
        return f"{where}: method '{population.method}' does not apply to {variables}: use method 'rk4' or 'euler'"
    try:
        get_linear_system(equations, {})
    except UnsupportedEquationsException as error:
        names = population_names(population)
        named = (name for name in population.derivatives if f"'{names[name]}'" in str(error))
        variable = next(named, next(iter(population.derivatives)))
        return f"{where}: d{variable}/dt is not linear and has no exact step: use method 'exponential_euler' or 'rk4'"
    variables = ", ".join(population.derivatives)
    return (
        f"{where}: Brian2 finds no closed form for {variables} with method 'exact': engine 'fused' can run it"
    )


def _kept(population: PopulationEquations, kept: System, dt: float) -> Iterator[str]:
    names = population_names(population)
    texts = {n: substitute_all(t, population.definitions) for n, t in kept.derivatives.items()}
    check_divisions(texts, kept.where)
    try:
        text = step_code(system(texts, population.dimensions, names), kept.method)
    except UnsupportedEquationsException:
        variables = ", ".join(map(shown, texts))
        yield f"{kept.where}: method '{kept.method}' does not apply to {variables}: use method 'rk4' or 'euler'"
        return
    if kept.method == "exact":
        values = {
            **population.constants,
            **population.states,
            **dict.fromkeys((*population.ports, *population.draws), np.array(0.0)),
        }
        broken = _not_finite(text, {names[n]: v for n, v in values.items()}, dt)
        yield from (_no_value(kept.where, shown(name)) for name in _back(broken, names))


def _learning(
    owner: str, learning: Learning, dimensions: Mapping[str, Dimension], names: Names
) -> Iterator[str]:
    try:
        learning_code(learning, dimensions, names)
    except UnsupportedEquationsException:
        variables, methods = (", ".join(found) for found in (map(shown, learning.changes), learning.systems))
        yield (
            f"rules of '{owner}': Brian2 finds no step of {variables} by the methods {methods}: "
            "engine 'fused' can run it"
        )


def _traces(projection: ProjectionEquations, names: Names, dt: float) -> Iterator[str]:
    for kept in LEVELS:
        traces = traces_at(projection, kept)
        text = step_code(system(traces, projection.dimensions, names), *TRACE_METHODS) if traces else ""
        read = frozenset().union(*map(names_in, traces.values())) - {*traces, *projection.constants}
        held = {name: projection.traces[name].initial for name in traces}
        values = {**projection.constants, **held, **dict.fromkeys(read, 0.0)}
        broken = _not_finite(text, {names[n]: np.asarray(v) for n, v in values.items() if n in names}, dt)
        yield from (_no_value(f"projection '{projection.name}'", name) for name in _back(broken, names))


def _back(found: Iterable[str], names: Names) -> list[str]:
    """Return the names behind Brian2's names."""
    own = {new: name for name, new in names.items()}
    return [own[name] for name in found]


def _no_value(where: str, variable: str) -> str:
    return (
        f"{where}: Brian2's closed form of d{variable}/dt has no finite real value here "
        "(time constants coincide, or it oscillates): engine 'fused' can run it"
    )


def _not_finite(text: str, values: Mapping[str, Any], dt: float) -> list[str]:
    """Return the variables that a step of Brian2's code makes NaN or infinite, with and without refractoriness."""
    broken: dict[str, None] = {}
    for free in (True, False):
        known = {**values, **clock(0, dt), "not_refractory": np.array(free)}
        with np.errstate(all="ignore"):
            for statement in parse_statements(text, "step"):
                known[statement.target] = np.asarray(evaluate(statement.expression, known))
        broken |= {
            name: None for name in values if not np.all(np.isfinite(known[name])) and f"_{name}" in known
        }
    return list(broken)
