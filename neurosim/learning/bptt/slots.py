"""Clamps of a batch: what is held in each trial and step, as arrays of one compiled program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.compiler.equations.clamps import state_clamp
from neurosim.engines.jax.held import Held
from neurosim.errors import UnknownNameError, UsageError
from neurosim.model.clamp import Clamp, Column, Replay
from neurosim.model.units import Dimension, in_si
from neurosim.registry import suggest

FOREVER = 2**31 - 1


class Clampable(NamedTuple):
    """A variable that may be clamped: size and dimension; dt (s); weights, whether it is weights."""

    size: int
    dimension: Dimension
    dt: float
    weights: bool


Clamps = Sequence[Clamp]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["on", "value", "basis", "start", "stop", "shift", "credit"],
    meta_fields=["column", "when"],
)
@dataclass(frozen=True)
class Slot:
    """What is imposed on one clampable variable: what a phase says of it, as arrays.

    on, (units,), 0 everywhere if nothing is; value, (units,) or, replayed, (trials, steps, units); basis or None; start
    and stop, steps; shift and credit, (trials, steps, units) or None; column and when, names in the batch, or None.
    """

    on: Any
    value: Any
    basis: Any
    start: Any
    stop: Any
    shift: Any = None
    credit: Any = None
    column: str | None = None
    when: str | None = None

    @property
    def fixed(self) -> bool:
        """Whether it is of neurons at fixed values."""
        return self.basis is None and self.column is None and self.when is None and np.ndim(self.value) == 1

    def rows(self, batch: Mapping[str, Any], trials: int, steps: int) -> Held:
        """Return what is imposed in each step (steps, units, trials)."""
        value = _named(batch, self.column) if self.column else self.value
        times = jnp.arange(steps)
        on = jnp.where((times >= self.start) & (times < self.stop), 1.0, 0.0)[:, None, None]
        on = on * jnp.asarray(self.on)[None, :, None]
        if self.when is not None:
            on = on * _by_step(_named(batch, self.when), trials, steps)
        shift, credit = (x if x is None else _by_step(x, trials, steps) for x in (self.shift, self.credit))
        value = (
            _by_step(value, trials, steps) if jnp.ndim(value) != 1 or self.column else value[None, :, None]
        )
        basis = self.basis
        if basis is not None:
            on = on[:, :1]
        value, on = (jnp.broadcast_to(x, (steps, *x.shape[1:])) for x in (value, on))
        return Held(on.astype(value.dtype), value, basis, shift, credit)

    def on_weights(self, weights: Array) -> Array:
        """Return weights with those that are held at their values."""
        value = jnp.asarray(self.value, weights.dtype)
        return Held(jnp.asarray(self.on), value, self.basis).imposed(weights)


def slots(clamps: Clamps, known: Mapping[str, Clampable], dtype: str) -> dict[str, Slot]:
    """Return a slot for every clampable variable.

    Arguments: clamps, of a phase; known, what may be clamped, by name.
    Raises UnknownNameError for another variable, UsageError for two clamps on one entry or what cannot be beside
    another, DescriptionError for an index, a unit or a shape that does not fit.
    """
    free = {
        name: Slot(np.zeros(one.size, dtype), np.zeros(one.size, dtype), None, np.int32(0), np.int32(FOREVER))
        for name, one in known.items()
    }
    taken: dict[str, list[Clamp]] = {}
    for number, clamp in enumerate(clamps):
        name = f"{clamp.target}.{clamp.variable}"
        if name not in free:
            raise UnknownNameError(f"{clamp}: it is not `clampable` of the model: {suggest(name, known)}")
        for other in taken.setdefault(name, []):
            entry = clamp.meets(other, known[name].size)
            if entry is not None:
                raise UsageError(f"{clamp}: two clamps on entry {entry}: keep one")
        free[name] = _with(free[name], clamp, number, known[name], dtype, bool(taken[name]))
        taken[name].append(clamp)
    return free


def _with(slot: Slot, clamp: Clamp, number: int, known: Clampable, dtype: str, beside: bool) -> Slot:
    """Return a slot with a clamp; beside, whether there is one already."""
    replayed = clamp.value.values if isinstance(clamp.value, Replay) else None
    plain = replace(clamp, value=Column("replay")) if replayed is not None else clamp
    state = state_clamp(plain, number, known.dimension, known.size, known.dt, 0)
    column = clamp.value.name if isinstance(clamp.value, Column) else None
    start, stop = np.int32(state.start), np.int32(min(state.stop, FOREVER))
    if known.weights and (
        column or clamp.when or replayed is not None or (int(start), int(stop)) != (0, FOREVER)
    ):
        raise UsageError(
            f"{clamp}: in training, weights are held over whole trials, the same in all: leave start, stop, when, "
            "Column and Replay out"
        )
    fixed = column is None and replayed is None and state.basis is None and clamp.when is None
    if beside and not (fixed and slot.fixed and (slot.start, slot.stop) == (start, stop)):
        raise UsageError(
            f"{clamp}: beside a second clamp of the same variable it can only be of neurons, at fixed values, in the "
            "same window: merge them"
        )
    on, value = np.asarray(slot.on).copy(), np.asarray(slot.value, dtype).copy()
    on[state.indices], value[state.indices] = 1, state.value
    if replayed is not None:
        value = np.asarray(in_si(replayed, known.dimension, f"{clamp}"), dtype)
        if value.ndim != 3 or value.shape[-1] != known.size:
            raise UsageError(f"{clamp}: a replay of shape {value.shape}: give (trials, steps, {known.size})")
    basis = None if state.basis is None else state.basis.astype(dtype)
    when = None if clamp.when is None else clamp.when.name
    return Slot(on, value, basis, start, stop, column=column, when=when)


def _named(batch: Mapping[str, Any], name: str) -> Any:
    if name not in batch:
        raise UnknownNameError(f"Column '{name}' of a clamp: not in the batch: {suggest(name, batch)}")
    return jnp.asarray(batch[name])


def _by_step(value: Any, trials: int, steps: int) -> Array:
    """Return (trials,), (trials, steps) or (trials, steps, units) as (steps, units or 1, trials)."""
    value = jnp.asarray(value)
    if value.shape[: min(value.ndim, 2)] != (trials, steps)[: value.ndim] or value.ndim not in (1, 2, 3):
        raise UsageError(
            f"clamp: a value of shape {value.shape} for {trials} trials of {steps} steps: give (trials,), (trials, "
            "steps) or (trials, steps, units)"
        )
    full = value.reshape(*value.shape, *(1,) * (3 - value.ndim))
    return jnp.transpose(jnp.broadcast_to(full, (trials, steps, full.shape[-1])), (1, 2, 0))
