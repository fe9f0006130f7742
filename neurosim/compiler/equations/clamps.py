"""Clamps written out: of a definition, into its expression; of a state, into a list applied after each write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurosim.compiler.equations.forms import PopulationEquations, StateClamp
from neurosim.compiler.equations.names import SECOND, part_of
from neurosim.compiler.equations.neuron_rules import visible
from neurosim.errors import DescriptionError
from neurosim.model.network import Network
from neurosim.model.parts import Clamp
from neurosim.model.times import nearest_step
from neurosim.model.units import DIMENSIONLESS, scalar_in_si
from neurosim.model.values import resolve
from neurosim.registry import suggest

FOREVER = 1 << 62


def with_clamps(
    network: Network, populations: Mapping[str, PopulationEquations], seed: int
) -> tuple[dict[str, PopulationEquations], tuple[StateClamp, ...]]:
    """Return the units with clamped definitions rewritten, and the clamps of states."""
    written = dict(populations)
    held = []
    for number, clamp in enumerate(network.clamps):
        population = written[clamp.population]
        state = _state_clamp(clamp, number, population, network.step, seed)
        if clamp.variable in population.definitions:
            written[population.name] = _rewritten(population, state, part_of("clamp", str(number)))
        else:
            held.append(state)
    return written, tuple(held)


def _state_clamp(
    clamp: Clamp, number: int, population: PopulationEquations, dt: float, seed: int
) -> StateClamp:
    where = f"clamp {number} of '{clamp.population}.{clamp.variable}'"
    known = {*population.states, *population.definitions}
    if clamp.variable not in known:
        if clamp.variable in population.ports:
            raise DescriptionError(
                f"{where}: it is an input, the sum of what projections send: clamp the output of their sources, or "
                f"what the input acts on, {', '.join(visible(known))}"
            )
        raise DescriptionError(f"{where}: no such variable: {suggest(clamp.variable, visible(known))}")
    indices = np.arange(population.size) if clamp.indices is None else np.array(clamp.indices, dtype=np.int64)
    if indices.size and (indices.min() < 0 or indices.max() >= population.size):
        raise DescriptionError(f"{where}: an index lies outside 0..{population.size - 1}: correct it")
    value = resolve(clamp.value, population.dimensions[clamp.variable], indices.size, seed, where)
    start = int(nearest_step(scalar_in_si(clamp.start, SECOND, f"{where}, start"), dt))
    end = None if clamp.stop is None else scalar_in_si(clamp.stop, SECOND, f"{where}, stop")
    stop = FOREVER if end is None else int(nearest_step(end, dt))
    if not 0 <= start < stop:
        raise DescriptionError(
            f"{where}: from step {start} up to step {stop} it holds nothing: give start and stop, 0 <= start < stop"
        )
    return StateClamp(
        population.name, clamp.variable, indices, np.broadcast_to(value, indices.shape).copy(), start, stop
    )


def _rewritten(population: PopulationEquations, clamp: StateClamp, name: str) -> PopulationEquations:
    mask, value = np.zeros(population.size), np.zeros(population.size)
    mask[clamp.indices], value[clamp.indices] = 1.0, clamp.value
    where, held, start, stop, on = (part_of(name, word) for word in ("mask", "value", "start", "stop", "on"))
    new = {where: mask, held: value, start: np.array(float(clamp.start)), stop: np.array(float(clamp.stop))}
    free = population.definitions[clamp.variable]
    definitions = {
        **population.definitions,
        on: f"{where} * int(t_in_timesteps >= {start}) * int(t_in_timesteps < {stop})",
        clamp.variable: f"(1 - {on}) * ({free}) + {on} * {held}",
    }
    dimensions = {**population.dimensions, **dict.fromkeys((*new, on), DIMENSIONLESS)}
    dimensions[held] = population.dimensions[clamp.variable]
    variables = replace(
        population.variables, dimensions=dimensions, constants={**population.constants, **new}
    )
    return replace(population, variables=variables, definitions=definitions)
