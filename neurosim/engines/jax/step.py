"""One step of a network: its blocks, in their order, on the values of a context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
from jax import Array

from neurosim.compiler.equations.forms import PopulationEquations, Probe
from neurosim.compiler.schedule.program import Block, Program
from neurosim.compiler.schedule.sharing import shared
from neurosim.engines.jax import matrices, populations, projections
from neurosim.engines.jax.context import Context, Settings
from neurosim.engines.jax.held import Held
from neurosim.engines.jax.populations import Names
from neurosim.engines.jax.trials import aligned, trials_of

Values = dict[str, Array]
Result = tuple[Values, Values, Values]


def take_step(
    program: Program,
    settings: Settings,
    fixed: Mapping[str, Any],
    state: Values,
    inputs: Mapping[str, Array],
    held: Mapping[str, Held] | None = None,
) -> Result:
    """Return (state, outputs, samples) after one step.

    Arguments: fixed, what does not change during a run (see `fixed_values`); state, by 'owner.variable' and
    'owner/name'; inputs, values of signal populations and spikes of sources; held, what is imposed on variables by
    'owner.variable'. All of a batch of trials have these last.
    Outputs are graded outputs and spikes by population, samples what recorders take, by 'target.variable'.
    """
    context = context_of(program, settings, fixed, state, state["step"], inputs)
    context.held = held or {}
    for name in context.held.keys() & state.keys():
        context.write(name, context.values[name])
    for block in program.blocks:
        BLOCKS[block.kind](context, block)
        if block.kind in ("threshold", "source"):
            _record_spikes(context, context.population(block.owner))
    context.values["step"] = state["step"] + 1
    common = shared(program)
    after = {name: state[name] if name in common else context.values[name] for name in state}
    return after, _outputs(context), context.samples


def context_of(
    program: Program,
    settings: Settings,
    fixed: Mapping[str, Any],
    state: Values,
    step: Array,
    inputs: Mapping[str, Array],
) -> Context:
    """Return what blocks work on, with what all trials share beside a batch as (n, 1)."""
    common = shared(program)
    trials = trials_of(state, common)
    learned = {name: value for name, value in state.items() if name in common}
    values = {**aligned({**fixed, **learned}, trials), **{n: v for n, v in state.items() if n not in common}}
    return Context(program, settings, values, step, inputs, trials)


def _skip(context: Context, block: Block) -> None:
    """Leave externals to the caller (what they read are outputs, what they write are inputs), and what is refused."""


def _record(context: Context, block: Block) -> None:
    for recorder in context.program.equations.probes:
        if not recorder.spikes and not recorder.after:
            _sample(context, recorder, context.values[f"{recorder.target}.{recorder.variable}"])


def _record_end(context: Context, block: Block) -> None:
    populations = context.program.equations.populations
    for recorder in (r for r in context.program.equations.probes if r.after):
        full, population = f"{recorder.target}.{recorder.variable}", populations.get(recorder.target)
        if population is None or recorder.variable not in population.definitions:
            _sample(context, recorder, context.values[full])
            continue
        text = context.program.inline(population, recorder.variable)
        value = jnp.broadcast_to(Names(context, population).look(text), context.shape(population.size))
        _sample(context, recorder, context.held[full].imposed(value) if full in context.held else value)


def _sample(context: Context, recorder: Probe, value: Array) -> None:
    context.samples[recorder.key] = _chosen(recorder, jnp.broadcast_to(value, context.shape(len(value))))


def _record_spikes(context: Context, population: PopulationEquations) -> None:
    """Sample which units spike, and with them variables as they are before any reset: shape (1 + values, units)."""
    for recorder in context.program.equations.probes:
        if not recorder.spikes or recorder.target != population.name:
            continue
        spikes = _chosen(recorder, context.spikes(population))
        if recorder.values:
            texts = (context.program.inline(population, name) for name in recorder.values)
            shape = context.shape(population.size)
            values = [jnp.broadcast_to(Names(context, population).look(text), shape) for text in texts]
            spikes = jnp.stack([spikes.astype(values[0].dtype), *(_chosen(recorder, v) for v in values)])
        context.samples[recorder.key] = spikes


def _chosen(recorder: Probe, value: Array) -> Array:
    return value if recorder.indices is None else value[jnp.array(recorder.indices, dtype=jnp.int32)]


def _outputs(context: Context) -> Values:
    found = {}
    for population in context.program.equations.populations.values():
        if population.graded:
            value = Names(context, population).look(context.program.inline(population, "output"))
            found[population.name] = jnp.broadcast_to(value, context.shape(population.size))
        elif population.spiking:
            found[population.shown] = context.spikes(population)
    return found


BLOCKS: Mapping[str, Callable[[Context, Block], None]] = {
    "draw": populations.draw,
    "input": populations.read_input,
    "recall": projections.recall,
    "rest": populations.rest,
    "remember": populations.remember,
    "operate": populations.operate,
    "clamp": populations.clamp,
    "clear": populations.statements,
    "group": populations.group,
    "evaluate": populations.statements,
    "adapt": populations.statements,
    "integrate": populations.statements,
    "threshold": populations.threshold,
    "source": populations.source,
    "reset": populations.reset,
    "graded": projections.all_edges,
    "learn": projections.all_edges,
    "matrix": matrices.change,
    "decay": projections.decay,
    "note": _skip,
    "deliver": projections.arriving,
    "on_pre": projections.arriving,
    "on_post": projections.on_post,
    "record": _record,
    "record_end": _record_end,
    "external": _skip,
}
