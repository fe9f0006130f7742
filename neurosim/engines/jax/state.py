"""The numbers of a program by name: parameters, which may be chosen anew, and the state that a run starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.compiler.equations.forms import Link, Unit
from neurosim.compiler.schedule.program import Program
from neurosim.engines.jax.draws import words
from neurosim.rng import stream_key


def parts(program: Program) -> list[Unit | Link]:
    """Return all units and links."""
    return [*program.expanded.units.values(), *program.expanded.links.values()]


def tied(program: Program) -> dict[str, Link]:
    """Return the links whose weights come from a named parameter, by 'link.w'."""
    return {f"{link.name}.w": link for link in program.expanded.links.values() if link.tied is not None}


def parameters(program: Program) -> dict[str, np.ndarray]:
    """Return constants, weights and initial states by 'owner.variable' and named parameters by name (SI units)."""
    found = {f"{p.name}.{n}": v for p in parts(program) for n, v in {**p.constants, **p.states}.items()}
    for link in program.expanded.links.values():
        ends = {"pre": link.source, "post": link.target}
        for name, trace in link.traces.items():
            size = link.size if trace.place == "edge" else program.expanded.units[ends[trace.place]].size
            found[f"{link.name}.{name}"] = np.full(size, float(trace.initial))
    named = {name: np.array(p.value, float) for name, p in program.expanded.network.parameters.items()}
    return {**{name: np.array(v) for name, v in found.items() if name not in tied(program)}, **named}


def state_names(program: Program) -> list[str]:
    """Return the parameters that are initial values of a state that blocks change."""
    names = [f"{unit.name}.{name}" for unit in program.expanded.units.values() for name in unit.states]
    blocks = (*program.blocks, *program.samples)
    for link in program.expanded.links.values():
        written = {name for block in blocks if block.owner == link.name for name in block.writes}
        names += [
            f"{link.name}.{name}" for name in (*link.states, *link.traces) if name in {*written, *link.traces}
        ]
    return names


def keys(program: Program, seed: int) -> dict[str, np.ndarray]:
    """Return the keys of the random numbers that units and links draw in a run, by 'owner/key/draw', from a seed."""
    drawn = [(part.name, name) for part in parts(program) for name in part.draws]
    return {f"{owner}/key/{name}": words(stream_key(seed, owner, name)) for owner, name in drawn}


def initial_state(
    program: Program, given: Mapping[str, Any], streams: Mapping[str, Any], dtype: str
) -> dict[str, Array]:
    """Return the state at step 0: states as `given` in parameters, nothing in flight, nobody refractory.

    Arguments: streams, as of `keys`.
    """
    state = {name: jnp.asarray(given[name]) for name in state_names(program)}
    for unit in program.expanded.units.values():
        state |= {
            f"{unit.name}.{n}": jnp.zeros(unit.size, dtype) for n in (*unit.ports, *program.stored[unit.name])
        }
        if unit.spiking:
            state[f"{unit.name}/ring"] = jnp.zeros((rows(program, unit), unit.size), dtype)
        if unit.refractory is not None:
            state[f"{unit.name}/until"] = jnp.zeros(unit.size, jnp.int32)
    summed = [f"{b.owner}.{n}" for b in program.samples for n in b.writes if n.endswith("___sum")]
    state |= {name: jnp.zeros_like(state[name.removesuffix("___sum")]) for name in summed}
    state |= {name: jnp.asarray(key) for name, key in streams.items()}
    return {**state, "step": jnp.zeros((), jnp.int32)}


def rows(program: Program, unit: Unit) -> int:
    """Return how many steps of past spikes a unit's ring holds."""
    return 1 + max((k.delay for k in program.expanded.links.values() if k.source == unit.name), default=0)
