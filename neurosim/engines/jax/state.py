"""The numbers of a program by name: parameters, which may be chosen anew, and the state that a run starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations
from neurosim.compiler.schedule.program import Program, sum_of
from neurosim.engines.jax.draws import words
from neurosim.rng import stream_key


def parts(program: Program) -> list[PopulationEquations | ProjectionEquations]:
    """Return all units and projections."""
    return [*program.equations.populations.values(), *program.equations.projections.values()]


def tied(program: Program) -> dict[str, ProjectionEquations]:
    """Return the projections whose weights come from a named parameter, by 'projection.w'."""
    return {
        f"{projection.name}.w": projection
        for projection in program.equations.projections.values()
        if projection.tied is not None
    }


def parameters(program: Program) -> dict[str, np.ndarray]:
    """Return constants, weights and initial states by 'owner.variable' and named parameters by name (SI units)."""
    found = {f"{p.name}.{n}": v for p in parts(program) for n, v in {**p.constants, **p.states}.items()}
    for projection in program.equations.projections.values():
        ends = {"pre": projection.source, "post": projection.target}
        for name, trace in projection.traces.items():
            size = (
                projection.size
                if trace.level == "edge"
                else program.equations.populations[ends[trace.level]].size
            )
            found[f"{projection.name}.{name}"] = np.full(size, trace.initial, dtype=float)
    named = {name: np.array(p.value, float) for name, p in program.equations.network.parameters.items()}
    return {**{name: np.array(v) for name, v in found.items() if name not in tied(program)}, **named}


def state_names(program: Program) -> list[str]:
    """Return the parameters that are initial values of a state that blocks change."""
    names = [
        f"{population.name}.{name}"
        for population in program.equations.populations.values()
        for name in population.states
    ]
    blocks = (*program.blocks, *program.presentation)
    clamped = {(clamp.owner, clamp.variable) for clamp in program.equations.clamps}
    for projection in program.equations.projections.values():
        written = {name for block in blocks if block.owner == projection.name for name in block.writes}
        names += [
            f"{projection.name}.{name}"
            for name in (*projection.states, *projection.traces)
            if name in {*written, *projection.traces} or (projection.name, name) in clamped
        ]
    return names


def keys(program: Program, seed: int) -> dict[str, np.ndarray]:
    """Return the keys of the random numbers of a run, by 'owner/key/draw', from a seed."""
    return {
        f"{part.name}/key/{name}": words(stream_key(seed, part.name, draw.stream))
        for part in parts(program)
        for name, draw in part.draws.items()
    }


def initial_state(
    program: Program, given: Mapping[str, Any], streams: Mapping[str, Any], dtype: str
) -> dict[str, Array]:
    """Return the state at step 0: states as `given` in parameters, nothing in flight, nobody refractory.

    Arguments: streams, as of `keys`.
    """
    state = {name: jnp.asarray(given[name]) for name in state_names(program)}
    for (owner, name), depth in program.equations.remembered.items():
        shape = (1 + depth, program.equations.populations[owner].size)
        state[past_of(owner, name)] = jnp.zeros(shape, dtype)
    for population in program.equations.populations.values():
        state |= {
            f"{population.name}.{n}": jnp.zeros(population.size, dtype)
            for n in (*population.ports, *program.stored[population.name])
        }
        if population.spiking:
            state[f"{population.name}/ring"] = jnp.zeros((rows(program, population), population.size), dtype)
        if population.refractory is not None:
            state[f"{population.name}/until"] = jnp.zeros(population.size, jnp.int32)
    state |= {f"{o}.{sum_of(n)}": jnp.zeros_like(state[f"{o}.{n}"]) for o, n in program.sums}
    state |= {name: jnp.asarray(key) for name, key in streams.items()}
    return {**state, "step": jnp.zeros((), jnp.int32)}


def past_of(population: str, name: str) -> str:
    """Return the name of the ring of past values of a variable."""
    return f"{population}/{name}/ring"


def rows(program: Program, population: PopulationEquations) -> int:
    """Return how many steps of past spikes a unit's ring holds."""
    return 1 + program.equations.flights.get(population.name, 0)
