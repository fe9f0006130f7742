"""The loop of a simulation: any number of steps up to a fixed room, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from neurosim.compiler.equations.forms import Probe
from neurosim.compiler.schedule.program import Program
from neurosim.engines.jax.context import Settings
from neurosim.engines.jax.step import Values, take_step

BYTES = 1 << 24


def room(program: Program, widths: Mapping[str, int]) -> int:
    """Return for how many steps there is room in one call: up to 1000, less if a step records much."""
    sources = sum(
        population.size
        for population in program.equations.populations.values()
        if population.source is not None
    )
    return int(np.clip(BYTES // (8 * (sum(widths.values()) + sources + 1)), 1, 1000))


def advance(
    program: Program,
    settings: Settings,
    length: int,
    fixed: Mapping[str, Any],
    state: Values,
    inputs: Mapping[str, Array],
    steps: Array,
) -> tuple[Values, Values]:
    """Return (state, recorded rows) after `steps` steps, at most `length`.

    Arguments: inputs, shape (length, size), of which the first `steps` rows are used. The number of steps is no part of
    what is compiled, and the same code runs for all, so that splitting a run changes no bit.
    """
    recorders = program.equations.probes
    first = state["step"]

    def step(i: Any, state: Values) -> tuple[Values, Values]:
        state, _, samples = take_step(
            program, settings, fixed, state, {name: rows[i] for name, rows in inputs.items()}
        )
        return state, {
            r.key: samples[r.key] != 0 if r.spikes and not r.values else samples[r.key] for r in recorders
        }

    _, samples = jax.eval_shape(step, 0, state)
    # The last row takes what is not to be recorded.
    rows = {
        r.key: jnp.zeros((length // interval(r) + 2, *samples[r.key].shape), samples[r.key].dtype)
        for r in recorders
    }

    def body(i: Array, carry: tuple[Values, Values]) -> tuple[Values, Values]:
        state, rows = carry
        state, samples = step(i, state)
        places = {r.key: _place(r, first, i, len(rows[r.key]) - 1) for r in recorders}
        return state, {key: rows[key].at[place].set(samples[key]) for key, place in places.items()}

    state, rows = lax.fori_loop(0, steps, body, (state, rows))
    return state, rows


def interval(recorder: Probe) -> int:
    """Return the number of steps between two rows; spikes are recorded in every step."""
    return 1 if recorder.spikes else recorder.every


def _place(recorder: Probe, first: Array, i: Array, last: int) -> Array:
    first = first + recorder.after
    every, step = interval(recorder), first + i
    return jnp.where(step % every == 0, step // every - -(-first // every), last)
