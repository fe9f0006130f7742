"""Clamps written out: of a definition, into its expression; of a state or weights, into a list that is applied after
each write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations, StateClamp
from neurosim.compiler.equations.names import SECOND, part_of
from neurosim.compiler.equations.neuron_rules import visible
from neurosim.errors import DescriptionError
from neurosim.model.clamp import Clamp, Column, Replay
from neurosim.model.network import Network
from neurosim.model.parts import Driven
from neurosim.model.times import nearest_step
from neurosim.model.units import DIMENSIONLESS, Dimension, in_si, scalar_in_si
from neurosim.model.values import resolve
from neurosim.registry import suggest

FOREVER = 1 << 62


def with_clamps(
    network: Network, populations: Mapping[str, PopulationEquations], seed: int
) -> tuple[dict[str, PopulationEquations], tuple[StateClamp, ...]]:
    """Return the populations with clamped definitions rewritten, and the clamps of their states."""
    written = dict(populations)
    held: list[StateClamp] = []
    windows: list[tuple[Clamp, StateClamp, int]] = []
    for number, clamp in enumerate(network.clamps):
        if clamp.target in network.projections:
            continue
        population = written[clamp.target]
        _require_free(clamp, number, population)
        dimension = population.dimensions[clamp.variable]
        state = state_clamp(clamp, number, dimension, population.size, network.step, seed)
        windows.append((clamp, state, population.size))
        if clamp.variable in population.definitions:
            written[population.name], more = _rewritten(population, state, part_of("clamp", str(number)))
            held += more
        else:
            held.append(state)
    _require_apart(windows)
    return written, tuple(held)


def held_weights(
    network: Network, projections: Mapping[str, ProjectionEquations], seed: int
) -> tuple[StateClamp, ...]:
    """Return the clamps of weights, their indices in the order of the edges."""
    found: list[tuple[Clamp, StateClamp, int]] = []
    for number, clamp in enumerate(network.clamps):
        projection = projections.get(clamp.target)
        if projection is None:
            continue
        where = f"clamp {number} of '{clamp.target}.{clamp.variable}'"
        if clamp.variable != "w":
            raise DescriptionError(f"{where}: of a projection, only 'w' can be held: clamp that")
        if projection.tied is not None:
            raise DescriptionError(f"{where}: it is tied to '{projection.tied.parameter}': set that")
        if isinstance(projection.described.weight, Driven):
            raise DescriptionError(
                f"{where}: it is activity of '{projection.described.weight.population}': clamp that"
            )
        if projection.plasticity.structure is not None:
            raise DescriptionError(
                f"{where}: its connections come and go by a structural rule: set 'mask', or leave the rule out"
            )
        size = projection.wiring.weights
        state = state_clamp(clamp, number, projection.dimensions["w"], size, network.step, seed)
        if clamp.direction is None and np.any(state.value * projection.described.sign < 0):
            raise DescriptionError(
                f"{where}: weights must have the sign {projection.described.sign:+d}: correct it"
            )
        found.append((clamp, _on_edges(state, projection), size))
    _require_apart(found)
    return tuple(state for _, state, _ in found)


def state_clamp(
    clamp: Clamp, number: int, dimension: Dimension, size: int, dt: float, seed: int
) -> StateClamp:
    """Return a clamp in SI units and steps; raises DescriptionError for what does not fit.

    Arguments: number, of the clamp, for messages and draws; dimension and size, of its variable.
    """
    where = f"clamp {number} of '{clamp.target}.{clamp.variable}'"
    indices = np.arange(size) if clamp.indices is None else np.array(clamp.indices, dtype=np.int64)
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        raise DescriptionError(f"{where}: an index lies outside 0..{size - 1}: correct it")
    if clamp.direction is not None and len(clamp.direction) != size:
        raise DescriptionError(
            f"{where}: directions of {len(clamp.direction)} entries, it has {size}: correct them"
        )
    start = int(nearest_step(scalar_in_si(clamp.start, SECOND, f"{where}, start"), dt))
    end = None if clamp.stop is None else scalar_in_si(clamp.stop, SECOND, f"{where}, stop")
    stop = FOREVER if end is None else int(nearest_step(end, dt))
    column: str | None = None
    value: np.ndarray = np.zeros(indices.size)
    if isinstance(clamp.value, Column):
        column = clamp.value.name
    elif isinstance(clamp.value, Replay):
        value = in_si(clamp.value.values, dimension, where)
        if value.ndim != 2 or value.shape[1] != indices.size:
            raise DescriptionError(f"{where}: a replay of shape {value.shape}: give (steps, {indices.size})")
        stop = min(stop, start + len(value))
    else:
        value = np.broadcast_to(
            resolve(clamp.value, dimension, indices.size, seed, where), indices.shape
        ).copy()
    if not 0 <= start < stop:
        raise DescriptionError(
            f"{where}: from step {start} up to step {stop} it holds nothing: give start and stop, 0 <= start < stop"
        )
    when = None if clamp.when is None else clamp.when.name
    return StateClamp(
        clamp.target, clamp.variable, indices, value, start, stop, clamp.direction, column, when
    )


def _require_free(clamp: Clamp, number: int, population: PopulationEquations) -> None:
    """Refuse a variable that no engine can hold."""
    where = f"clamp {number} of '{clamp.target}.{clamp.variable}'"
    known = {*population.states, *population.definitions}
    if clamp.variable in population.groups:
        raise DescriptionError(
            f"{where}: it is worked out over a group of neurons: clamp what it follows from"
        )
    if clamp.variable in population.ports:
        raise DescriptionError(
            f"{where}: it is an input, the sum of what projections send: clamp the output of their sources, their "
            f"weights, or what the input acts on, {', '.join(visible(known))}"
        )
    if clamp.variable in population.constants:
        raise DescriptionError(f"{where}: a parameter does not change in a run: set it")
    if clamp.variable not in known:
        raise DescriptionError(f"{where}: no such variable: {suggest(clamp.variable, visible(known))}")


def _require_apart(found: list[tuple[Clamp, StateClamp, int]]) -> None:
    """Refuse two clamps that hold one entry at the same time."""
    for (one, state, size), (other, second, _) in combinations(found, 2):
        same = (one.target, one.variable) == (other.target, other.variable)
        if same and state.start < second.stop and second.start < state.stop:
            entry = one.meets(other, size)
            if entry is not None:
                raise DescriptionError(f"{one}: two clamps on entry {entry}: keep one")


def require_columns(clamps: tuple[StateClamp, ...], network: Network) -> None:
    """Refuse columns that have the name of another part, or values of two kinds."""
    sizes: dict[str, int] = {}
    for clamp in clamps:
        for name, size in ((clamp.column, clamp.indices.size), (clamp.when, 1)):
            if name is None:
                continue
            if name in {*network.populations, *network.projections}:
                raise DescriptionError(f"Column '{name}': the name is that of another part: choose another")
            if sizes.setdefault(name, size) != size:
                raise DescriptionError(
                    f"Column '{name}': read as {sizes[name]} numbers and as {size}: give one a column of its own"
                )


def _on_edges(clamp: StateClamp, projection: ProjectionEquations) -> StateClamp:
    """Return a clamp whose indices are places in the order of the edges."""
    if projection.order is None or projection.kernel is not None:
        return clamp
    return replace(clamp, indices=np.argsort(projection.order)[clamp.indices])


def _rewritten(
    population: PopulationEquations, clamp: StateClamp, name: str
) -> tuple[PopulationEquations, list[StateClamp]]:
    """Return the population with a clamp in the expression of a definition, and the clamps of states that it reads."""
    if clamp.basis is not None:
        return _shifted(population, clamp, name)
    n = population.size
    mask, value = np.zeros(n), np.zeros(n)
    mask[clamp.indices] = 1.0
    where, held, start, stop, on, when = (
        part_of(name, word) for word in ("mask", "value", "start", "stop", "on", "when")
    )
    fixed = {where: mask, start: np.array(float(clamp.start)), stop: np.array(float(clamp.stop))}
    states: dict[str, np.ndarray] = {}
    more: list[StateClamp] = []
    if clamp.column is None and clamp.value.ndim == 1:
        value[clamp.indices] = clamp.value
        fixed[held] = value
    else:
        states[held] = value
        more.append(replace(clamp, variable=held, when=None))
    if clamp.when is not None:
        # It is 0 in every step, and 1 in those in which the column is.
        states[when], everywhere = np.zeros(n), np.arange(n)
        never = StateClamp(population.name, when, everywhere, np.zeros(n), 0, FOREVER)
        more += [never, replace(never, value=np.ones(n), when=clamp.when)]
    free = population.definitions[clamp.variable]
    gate = f" * {when}" if clamp.when is not None else ""
    definitions = {
        **population.definitions,
        on: f"{where} * int(t_in_timesteps >= {start}) * int(t_in_timesteps < {stop}){gate}",
        clamp.variable: f"(1 - {on}) * ({free}) + {on} * {held}",
    }
    plain = (*fixed, *states, on)
    found = _with(
        population, fixed, states, dict.fromkeys(plain, DIMENSIONLESS) | {held: _dim(population, clamp)}
    )
    return replace(found, definitions=definitions), more


def _shifted(
    population: PopulationEquations, clamp: StateClamp, name: str
) -> tuple[PopulationEquations, list[StateClamp]]:
    """Return the population with a definition that is shifted along directions by a state, and the clamp of that."""
    shift, free = part_of(name, "shift"), population.definitions[clamp.variable]
    definitions = {**population.definitions, clamp.variable: f"({free}) + {shift}"}
    found = _with(population, {}, {shift: np.zeros(population.size)}, {shift: _dim(population, clamp)})
    return replace(found, definitions=definitions), [replace(clamp, variable=shift, free=free)]


def _dim(population: PopulationEquations, clamp: StateClamp) -> Dimension:
    return population.dimensions[clamp.variable]


def _with(
    population: PopulationEquations,
    constants: Mapping[str, np.ndarray],
    states: Mapping[str, np.ndarray],
    dimensions: Mapping[str, Dimension],
) -> PopulationEquations:
    """Return the population with more constants and states."""
    known = population.variables
    variables = replace(
        known,
        dimensions={**known.dimensions, **dimensions},
        constants={**known.constants, **constants},
        states={**known.states, **states},
    )
    return replace(population, variables=variables)
