"""Edges that share kernels: those of one kernel, from a window to features, with positions as further trials."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.engines.jax.context import Context
from neurosim.engines.jax.edges import Edges, level_of
from neurosim.engines.jax.factors import Level
from neurosim.model.convolution import Convolution, Kernel
from neurosim.model.expressions import names_in


@dataclass
class Window(Edges):
    """The edges from all inputs of a kernel to all its features, for all positions and trials at once.

    known, variables by name: inputs (inputs, positions * trials), features (features, positions * trials), weights
    (inputs * features, 1) and numbers; sizes, numbers of inputs and of features.
    """

    known: dict[str, Any] = field(default_factory=dict)
    sizes: tuple[int, int] = (0, 0)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inputs and of features."""
        return self.sizes

    @property
    def whole(self) -> bool:
        """Whether all pairs are joined."""
        return True

    def value(self, name: str) -> Any:
        """Return a variable."""
        return self.known[name]


class KernelEdges(Edges):
    """The edges of a convolution: sums over them are those of windows, its kernels are changed as they are kept."""

    def with_sum(self, old: Any, end: Level, expression: str, sign: float) -> Any:
        """Return values of the targets with the sum of an expression over their edges added, times a sign."""
        return old + sign * convolved(self, expression)


def convolved(edges: Edges, expression: str) -> Array:
    """Return the sum of an expression over all edges of each target, (targets,) or (targets, trials)."""
    kernel, context = _kernel(edges.projection), edges.context
    described, trials = kernel.described, context.trials
    across = (kernel.positions * trials[0] if trials else kernel.positions,)
    known = {n: _lifted(edges, n, edges.value(n)) for n in names_in(expression)}
    there = edges.spikes
    if there is None and described.padding:
        there = jnp.ones(len(edges.projection.edges.first) - 1, context.settings.dtype)
        there = there[:, None] if trials else there
    spikes = None if there is None else _windows(described, _full(there, trials))
    sizes, groups = (kernel.inputs, kernel.features // described.groups), described.groups

    def total(known: dict[str, Any], spikes: Array | None) -> Array:
        one = Window(
            replace(context, trials=across), edges.projection, "pre", spikes, known=known, sizes=sizes
        )
        return jnp.broadcast_to(one.total(expression), (sizes[1], *across))

    apart = {n for n, v in known.items() if jnp.ndim(v) > 2}
    if groups == 1:
        found = total(
            {n: v[0] if n in apart else v for n, v in known.items()}, None if spikes is None else spikes[0]
        )
    else:
        axes = ({n: 0 if n in apart else None for n in known}, None if spikes is None else 0)
        found = jax.vmap(total, axes)(known, spikes)
    return found.reshape(-1, *trials)


def window(context: Context, projection: ProjectionEquations, names: Collection[str]) -> Window:
    """Return the edges of a kernel for what rules ask for at every position and in every trial."""
    kernel, edges = _kernel(projection), Edges(context, projection)
    trials = context.trials
    across = (kernel.positions * (trials[0] if trials else 1),)
    values = {n: _lifted(edges, n, edges.value("w" if n == "W" else n)) for n in names}
    known = {n: v[0] if jnp.ndim(v) > 2 else v for n, v in values.items()}
    known = {**known, **({"w": known["W"]} if "W" in known else {})}
    sizes = (kernel.inputs, kernel.features)
    return Window(replace(context, trials=across), projection, known=known, sizes=sizes)


def _kernel(projection: ProjectionEquations) -> Kernel:
    assert projection.kernel is not None
    return projection.kernel


def _full(value: Any, trials: tuple[int, ...]) -> Array:
    return jnp.broadcast_to(value, (len(value), *trials))


def _lifted(edges: Edges, name: str, value: Any) -> Any:
    """Return a variable as (groups, ..., positions * trials), a number as it is."""
    kernel, trials = _kernel(edges.projection), edges.context.trials
    level = "edge" if name == "W" else level_of(edges.projection, name)
    if level == "run" or jnp.ndim(value) == 0:
        return jnp.tile(value, kernel.positions) if jnp.ndim(value) else value
    groups = kernel.described.groups
    if level == "pre":
        return _windows(kernel.described, _full(value, trials))
    if level == "post":
        return _full(value, trials).reshape(groups, kernel.features // groups, -1)
    by_group = value.reshape(kernel.inputs, groups, kernel.features // groups).swapaxes(0, 1)
    return by_group.reshape(groups, -1, 1)


def _windows(described: Convolution, values: Array) -> Array:
    """Return what each input of each window holds, (groups, inputs, positions * trials), 0 outside of the image.

    By slices, whose gradients are sums of images; those of a gathering are scattered, one by one.
    """
    channels, _, _ = described.image
    (high, wide), (rows, columns), step = described.kernel, described.output, described.stride
    image = values.reshape(*described.image, -1)
    beside = (described.padding, described.padding, 0)
    image = lax.pad(image, jnp.zeros((), image.dtype), ((0, 0, 0), beside, beside, (0, 0, 0)))
    down, along = step * (rows - 1) + 1, step * (columns - 1) + 1
    slices = [
        lax.slice(image, (0, i, j, 0), (channels, i + down, j + along, image.shape[3]), (1, step, step, 1))
        for i in range(high)
        for j in range(wide)
    ]
    return jnp.stack(slices, axis=1).reshape(described.groups, -1, rows * columns * image.shape[3])
