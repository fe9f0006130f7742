"""Compiled loops, shared by all simulations in a process whose networks differ in numbers only."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

import jax

from neurosim.cache import folder, key
from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations
from neurosim.compiler.schedule.program import Block, Program
from neurosim.engines.jax.context import Settings
from neurosim.engines.jax.driven import layout
from neurosim.engines.jax.loop import advance
from neurosim.engines.jax.presentations import accumulate, apply_sums, present, settle
from neurosim.engines.jax.strides import stride
from neurosim.errors import RunFailed


@dataclass(frozen=True)
class Shape:
    """What a compiled loop depends on beside its arguments; `program` is any network of that shape."""

    text: str
    settings: Settings
    room: int
    program: Program = field(compare=False)


@dataclass(frozen=True)
class Compiled:
    """The functions of `loop` and `presentations` for one shape, compiled at their first call."""

    advance: Callable[..., Any]
    accumulate: Callable[..., Any]
    apply: Callable[..., Any]
    present: Callable[..., Any]
    settle: Callable[..., Any]


@lru_cache(maxsize=16)
def compiled(shape: Shape) -> Compiled:
    """Return the compiled functions of a shape."""
    program, settings = shape.program, shape.settings
    return Compiled(
        jax.jit(partial(advance, program, settings, shape.room)),
        jax.jit(partial(accumulate, program, settings)),
        jax.jit(partial(apply_sums, program, settings)),
        jax.jit(partial(present, program, settings)),
        jax.jit(partial(settle, program, settings)),
    )


def shape_of(program: Program, settings: Settings, room: int) -> Shape:
    """Return what a compiled loop of a program depends on: everything but the numbers that it is called with."""
    equations = program.equations
    recorders = [
        [r.key, r.target, r.variable, int(r.every), r.indices, r.after, r.values] for r in equations.probes
    ]
    populations, projections = (
        [_population(u) for u in equations.populations.values()],
        [_projection(k) for k in equations.projections.values()],
    )
    blocks = [_block(program, b) for b in (*program.blocks, *program.presentation)]
    stored = {name: list(names) for name, names in program.stored.items()}
    return Shape(
        key(equations.network.step, recorders, populations, projections, blocks, stored),
        settings,
        room,
        program,
    )


def _block(program: Program, block: Block) -> list[Any]:
    clamp = block.clamp
    held = None
    due = None if block.regular is None else [block.regular.first, block.regular.every]
    if clamp is not None:
        number, ndim = program.equations.clamps.index(clamp), clamp.value.ndim
        held = [number, clamp.variable, clamp.column, clamp.when, ndim, clamp.basis is None]
    statements = [str(s) for s in block.statements]
    path = None if block.path is None else astuple(replace(block.path, statements=()))
    return [block.kind, block.owner, statements, block.level, block.matrix, block.total, held, due, path]


def _population(population: PopulationEquations) -> list[Any]:
    facts = [
        population.name,
        population.size,
        sorted(population.frozen),
        population.refractory,
        population.rests,
        population.threshold,
        population.graded,
    ]
    return [
        *facts,
        population.source is not None,
        _drawn(population),
        dict(population.definitions),
        list(population.ports),
        [[name, *astuple(group)] for name, group in population.groups.items()],
        list(population.states),
        [[name, *astuple(ref)] for name, ref in sorted(population.refs.items())],
    ]


def _projection(projection: ProjectionEquations) -> list[Any]:
    places = {name: trace.level for name, trace in projection.traces.items()}
    places |= {name: projection.late_level(name) for name in projection.late}
    facts = [
        projection.name,
        projection.source,
        projection.target,
        projection.sender("pre"),
        projection.sender("post"),
        projection.dense,
        projection.delay,
        projection.dendritic,
        projection.delays is not None,
        projection.size,
        None if projection.driver is None else layout(projection.driver),
        None if projection.kernel is None else str(projection.kernel.described),
        *(None if projection.dense else stride(index) for index in (projection.pre, projection.post)),
    ]
    names = [
        sorted(projection.dimensions),
        sorted([name, value.ndim] for name, value in projection.constants.items()),
        sorted(projection.states),
        [[name, *astuple(ref)] for name, ref in sorted({**projection.refs, **projection.late}.items())],
    ]
    return [*facts, places, _drawn(projection), *names]


def _drawn(part: PopulationEquations | ProjectionEquations) -> dict[str, list[str]]:
    return {name: [draw.kind, draw.mean, draw.late] for name, draw in part.draws.items()}


_STARTED: list[int] = []
"""The process in which JAX has started its threads."""


def refuse_fork() -> None:
    """Refuse to run in a child of a process that has run JAX, whose threads the child lacks: it would hang."""
    if not _STARTED:
        _STARTED.append(os.getpid())
    if _STARTED[0] != os.getpid():
        raise RunFailed(
            "JAX was started before this process was forked, and would hang in it: start processes by "
            "multiprocessing.get_context('spawn'), or use engine 'fused'"
        )


@contextmanager
def without_collection() -> Iterator[None]:
    """Let Python's garbage collector rest while JAX traces.

    Most of what tracing makes is kept, and each full collection goes through all objects of the process: a fifth of the
    time to the first step of a training whose program lies in the cache.
    """
    resting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if resting:
            gc.enable()


def keep_compiled() -> None:
    """Let JAX keep what takes it long to compile in sealed files of the cache, unless the user has chosen a folder."""
    config: Any = jax.config
    root = folder()
    if root is None or config.jax_compilation_cache_dir is not None:
        return
    try:
        from neurosim.engines.jax.kept import use
    except (
        ImportError
    ):  # a version of JAX that has no place for a cache of ours: it compiles in every process
        return
    config.update("jax_compilation_cache_dir", str(root / "jax"))
    config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    use(root / "jax")
