"""Clamps of a phase: what is held, at what and when, as arguments of the compiled step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.engines.jax.held import Held
from neurosim.errors import UnknownNameError, UsageError
from neurosim.registry import suggest

FOREVER = 2**31 - 1


@dataclass(frozen=True)
class Column:
    """A value that a batch brings: batch[name], (trials,), (trials, steps) or (trials, steps, units)."""

    name: str


@dataclass(frozen=True)
class Replay:
    """A value from a recording: (trials, steps, units), such as `model.outcome(...)["h.output"]`."""

    values: Any = field(compare=False)


@dataclass(frozen=True)
class PhaseClamp:
    """Holds a variable, or weights, in the steps of a phase.

    Units: x_i <- value_i where on. Directions D, orthonormal columns: x <- x + on D D^T (value - x).
    Arguments: name, 'population.variable' or 'projection.w', which the model must name as `clampable`; value, a number
    or (units,) in SI units, a `Column` or a `Replay`; units, indices, all by default; direction, (units,) or (units,
    directions), in the place of units; when, the name of 0 or 1 in the batch, (trials,) or (trials, steps); start and
    stop, steps of a trial between which it holds.
    Raises UsageError for units beside directions, directions that are not orthonormal, or an empty window.
    """

    name: str
    value: Any
    units: Sequence[int] | None = None
    direction: Any = None
    when: str | None = None
    start: int = 0
    stop: int = FOREVER

    def __post_init__(self) -> None:
        if self.direction is not None and self.units is not None:
            raise UsageError(f"clamp of '{self.name}': units and direction: give one of them")
        if not 0 <= self.start < self.stop:
            raise UsageError(
                f"clamp of '{self.name}': from step {self.start} up to {self.stop} it holds nothing: "
                "give 0 <= start < stop"
            )
        if self.direction is not None:
            basis = self.basis
            gram = basis.T @ basis
            if not np.allclose(gram, np.eye(len(gram)), atol=1e-5):
                raise UsageError(
                    f"clamp of '{self.name}': its directions are not orthonormal, their products differ from 0 and 1 "
                    f"by {np.abs(gram - np.eye(len(gram))).max():.3g}: make them so, by np.linalg.qr for instance"
                )

    @property
    def basis(self) -> np.ndarray:
        """The directions (units, directions)."""
        found = np.asarray(self.direction, float)
        return found[:, None] if found.ndim == 1 else found


Clamps = tuple[PhaseClamp, ...]


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

    def rows(self, batch: Mapping[str, Any], trials: int, steps: int) -> Held:
        """Return what is imposed in each step (steps, units, trials)."""
        value = _named(batch, self.column) if self.column else self.value
        times = jnp.arange(steps)
        on = jnp.where((times >= self.start) & (times < self.stop), 1.0, 0.0)[:, None, None]
        on = on * jnp.asarray(self.on)[None, :, None]
        if self.when:
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
        return jnp.where(jnp.asarray(self.on) > 0, jnp.asarray(self.value, weights.dtype), weights)


def slots(clamps: Clamps, sizes: Mapping[str, int], dtype: str) -> dict[str, Slot]:
    """Return a slot for every clampable variable.

    Arguments: clamps, of a phase; sizes, of what may be clamped, by name.
    Raises UnknownNameError for another variable, UsageError for two clamps on one entry, an index or a shape that does
    not fit.
    """
    free = {
        name: Slot(np.zeros(n, dtype), np.zeros(n, dtype), None, np.int32(0), np.int32(FOREVER))
        for name, n in sizes.items()
    }
    for clamp in clamps:
        if clamp.name not in free:
            raise UnknownNameError(
                f"Phase.clamps: '{clamp.name}' is not `clampable` of the model: {suggest(clamp.name, sizes)}"
            )
        free[clamp.name] = _with(free[clamp.name], clamp, dtype)
    return free


def _with(slot: Slot, clamp: PhaseClamp, dtype: str) -> Slot:
    where, size = f"clamp of '{clamp.name}'", len(slot.on)
    units = np.arange(size) if clamp.units is None else np.asarray(clamp.units, np.int64)
    if units.size and (units.min() < 0 or units.max() >= size):
        raise UsageError(f"{where}: a unit lies outside 0..{size - 1}: correct it")
    taken = np.flatnonzero(np.asarray(slot.on)[units])
    if taken.size:
        raise UsageError(f"{where}: two clamps on entry {int(units[taken[0]])}: keep one")
    if clamp.direction is not None and clamp.basis.shape[0] != size:
        raise UsageError(f"{where}: directions of {clamp.basis.shape[0]} units, it has {size}: correct them")
    basis = None if clamp.direction is None else clamp.basis.astype(dtype)
    plain = not isinstance(clamp.value, Column | Replay) and basis is None and clamp.when is None
    first = not np.asarray(slot.on).any()
    same = (slot.start, slot.stop) == (clamp.start, clamp.stop)
    if not first and not (plain and slot.basis is None and not slot.column and not slot.when and same):
        raise UsageError(
            f"{where}: beside a second clamp of the same variable it can only be of units, at fixed values, in the "
            "same window: merge them"
        )
    on = np.asarray(slot.on).copy()
    on[units] = 1
    value: Any = np.asarray(slot.value, dtype).copy()
    if isinstance(clamp.value, Replay):
        value = np.asarray(clamp.value.values, dtype)
        if value.ndim != 3 or value.shape[-1] != size:
            raise UsageError(f"{where}: a replay of shape {value.shape}: give (trials, steps, {size})")
    elif not isinstance(clamp.value, Column):
        given = np.asarray(clamp.value, float)
        if given.shape not in {(), units.shape}:
            raise UsageError(
                f"{where}: {given.shape} values for {units.size} units: give one, or one for each"
            )
        value[units] = given
    return replace(
        slot,
        on=on,
        value=value,
        basis=basis,
        start=np.int32(clamp.start),
        stop=np.int32(min(clamp.stop, FOREVER)),
        column=clamp.value.name if isinstance(clamp.value, Column) else slot.column,
        when=clamp.when or slot.when,
    )


def _named(batch: Mapping[str, Any], name: str) -> Any:
    if name not in batch:
        raise UnknownNameError(f"clamp: batch '{name}': {suggest(name, batch)}")
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
