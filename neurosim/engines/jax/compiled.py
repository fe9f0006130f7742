"""Compiled loops, shared by all simulations in a process whose networks differ in numbers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import jax

from neurosim.compiler.cache import folder, key
from neurosim.compiler.equations.forms import Link, Unit
from neurosim.compiler.schedule.program import Block, Program
from neurosim.engines.jax.context import Settings
from neurosim.engines.jax.loop import advance
from neurosim.engines.jax.step import accumulate, apply_sums
from neurosim.engines.jax.strides import stride


@dataclass(frozen=True)
class Shape:
    """What a compiled loop depends on beside its arguments; `program` is any network of that shape."""

    text: str
    settings: Settings
    room: int
    program: Program = field(compare=False)


@dataclass(frozen=True)
class Compiled:
    """The functions of `loop` and `step` for one shape, compiled at their first call."""

    advance: Callable[..., Any]
    accumulate: Callable[..., Any]
    apply: Callable[..., Any]


@lru_cache(maxsize=16)
def compiled(shape: Shape) -> Compiled:
    """Return the compiled functions of a shape."""
    program, settings = shape.program, shape.settings
    return Compiled(
        jax.jit(partial(advance, program, settings, shape.room)),
        jax.jit(partial(accumulate, program, settings)),
        jax.jit(partial(apply_sums, program, settings)),
    )


def shape_of(program: Program, settings: Settings, room: int) -> Shape:
    """Return what a compiled loop of a program depends on: everything but the numbers that it is called with."""
    expanded = program.expanded
    recorders = [[r.key, int(r.every), r.indices] for r in expanded.network.recorders]
    units, links = [_unit(u) for u in expanded.units.values()], [_link(k) for k in expanded.links.values()]
    blocks = [_block(program, b) for b in (*program.blocks, *program.samples)]
    stored = {name: list(names) for name, names in program.stored.items()}
    return Shape(key(expanded.network.step, recorders, units, links, blocks, stored), settings, room, program)


def _block(program: Program, block: Block) -> list[Any]:
    number = None if block.clamp is None else program.expanded.clamps.index(block.clamp)
    statements = [str(s) for s in block.statements]
    return [block.kind, block.owner, statements, block.place, block.matrix, block.total, number]


def _unit(unit: Unit) -> list[Any]:
    facts = [unit.name, unit.size, sorted(unit.frozen), unit.refractory, unit.threshold, unit.graded]
    return [
        *facts,
        unit.source is not None,
        dict(unit.draws),
        dict(unit.definitions),
        list(unit.ports),
        list(unit.states),
    ]


def _link(link: Link) -> list[Any]:
    places = {name: trace.place for name, trace in link.traces.items()}
    facts = [
        link.name,
        link.source,
        link.target,
        link.dense,
        link.delay,
        link.delays is not None,
        link.size,
        *(None if link.dense else stride(index) for index in (link.pre, link.post)),
    ]
    names = [sorted(link.dimensions), sorted(link.constants), sorted(link.states), sorted(link.each)]
    return [*facts, places, dict(link.draws), *names]


def keep_compiled() -> None:
    """Let JAX keep what takes it long to compile in the project's cache folder, unless the user has chosen one."""
    config: Any = jax.config
    if config.jax_compilation_cache_dir is None:
        config.update("jax_compilation_cache_dir", str(folder() / "jax"))
        config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
