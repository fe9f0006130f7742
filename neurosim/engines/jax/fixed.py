"""What does not change during a run, from parameters: weights that are tied, coefficients of exact steps, indices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.equations.names import part_of
from neurosim.compiler.equations.timed import Timed
from neurosim.compiler.schedule.exact import at_fault, augmented, balance, constant_part, propagate
from neurosim.compiler.schedule.program import Program, Propagator
from neurosim.engines.jax.arithmetic import JAX
from neurosim.engines.jax.driven import layout
from neurosim.engines.jax.state import tied
from neurosim.errors import DescriptionError

LAST_STEP = 2**31 - 1
ORDER, MOST_HALVINGS = 16, 40


def tables(program: Program, dtype: str) -> dict[str, Array]:
    """Return the indices of a program, edges and their delays, and what clamps hold."""
    found: dict[str, Any] = {}
    for projection in program.equations.projections.values():
        if not projection.dense and projection.kernel is None:
            found |= {f"{projection.name}/pre": projection.pre, f"{projection.name}/post": projection.post}
        if projection.delays is not None:
            found[f"{projection.name}/delays"] = projection.delays.astype(np.int32)
        if projection.driver is not None and layout(projection.driver) is None:
            found[f"{projection.name}/driver"] = projection.driver.astype(np.int32)
    for population in program.equations.populations.values():
        for key, draw in population.draws.items():
            if draw.timed is not None:
                found |= signal(f"{population.name}/{key}", draw.timed, dtype)
    for number, clamp in enumerate(program.equations.clamps):
        head = f"clamp{number}"
        found |= {
            f"{head}/start": np.int32(min(clamp.start, LAST_STEP)),
            f"{head}/stop": np.int32(min(clamp.stop, LAST_STEP)),
        }
        found |= {f"{head}/index": clamp.indices.astype(np.int32), f"{head}/value": clamp.value.astype(dtype)}
        found |= {} if clamp.basis is None else {f"{head}/basis": clamp.basis.astype(dtype)}
    return {name: jnp.asarray(value) for name, value in found.items()}


def signal(head: str, timed: Timed, dtype: str) -> dict[str, Any]:
    """Return a signal in time: its values, the step of the first, and the steps between two."""
    return {
        f"{head}/values": timed.values.astype(dtype),
        f"{head}/first": np.int32(timed.first),
        f"{head}/every": np.int32(timed.every),
    }


def tied_weights(program: Program, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights that come from named parameters: max(value, 0) or min(value, 0) where those have a sign."""
    return {name: _effective(program, projection, given) for name, projection in tied(program).items()}


def _effective(program: Program, projection: ProjectionEquations, given: Mapping[str, Any]) -> Any:
    assert projection.tied is not None
    value = jnp.atleast_1d(given[projection.tied.parameter])
    sign = program.equations.network.parameters[projection.tied.parameter].sign
    value = jnp.maximum(value, 0) if sign > 0 else jnp.minimum(value, 0) if sign < 0 else value
    return value[np.array(projection.tied.index, dtype=np.int32)]


def refractory_steps(program: Program, given: Mapping[str, Any], library: Any = jnp) -> dict[str, Any]:
    """Return for how many steps units stay refractory: the period in whole steps, at least 1."""
    dt = program.equations.network.step
    periods = {
        u.name: given[f"{u.name}.{u.refractory}"]
        for u in program.equations.populations.values()
        if u.refractory
    }
    # As Brian2's `timestep` rounds.
    steps = {name: library.floor(period / dt + 1e-3).astype("int32") for name, period in periods.items()}
    return {f"{name}/rest": library.maximum(whole, 1) for name, whole in steps.items()}


# Coefficients of exact steps -----------------------------------------------------------------------------------------


def coefficients(program: Program, given: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the coefficients of exact steps, worked out outside JAX, as the other engines do."""
    dt, found = program.equations.network.step, dict[str, np.ndarray]()
    for p in program.propagators:
        found |= _named(p, *propagate(p.linear, _constants(program, p, given), dt, p.frozen, p.owner))
    return found


def scales(program: Program, given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return, for each exact step, powers of two that balance its matrix, at no cost of accuracy."""
    coefficients(program, given)  # refuses what gives no finite step
    dt = program.equations.network.step
    systems = []
    for p in program.propagators:
        values = _constants(program, p, given)
        with np.errstate(all="ignore"):
            systems.append(augmented(p.linear, values, p.frozen)[0])
        if not np.isfinite(systems[-1]).all():
            raise DescriptionError(
                f"'{p.owner}': gradients do not exist at time constants of 0: {at_fault(p.linear, values)}"
            )
    return [balance(matrix, dt) for matrix in systems]


def traced_coefficients(
    program: Program, given: Mapping[str, Any], balanced: list[np.ndarray]
) -> dict[str, Any]:
    """Return the coefficients of exact steps, with gradients to constants; one matrix exponential serves them all.

    Arguments: balanced, from `scales`.
    """
    dt, found = program.equations.network.step, dict[str, Any]()
    systems = [
        augmented(p.linear, _constants(program, p, given), p.frozen, JAX, jnp) for p in program.propagators
    ]
    ratios = [scale[:, None] / scale[None, :] for scale in balanced]
    scaled = [matrix * dt / ratio for (matrix, _), ratio in zip(systems, ratios, strict=True)]
    for p, full, ratio, (_, offsets) in zip(
        program.propagators, _exponentials(scaled), ratios, systems, strict=True
    ):
        n = len(p.linear.states)
        step, q = full[..., :n, :n] * ratio[:n, :n], full[..., :n, n:] * ratio[:n, n:]
        found |= _named(p, step, q, constant_part(q, offsets, jnp))
    return found


def _exponentials(matrices: list[Any]) -> list[Any]:
    """Return exp of square matrices (..., m, m) of several sizes, as one stack padded with zeros."""
    if not matrices:
        return []
    widest = max(matrix.shape[-1] for matrix in matrices)
    stacks = [matrix.reshape(-1, *matrix.shape[-2:]) for matrix in matrices]
    padded = [jnp.pad(s, [(0, 0), *[(0, widest - s.shape[-1])] * 2]) for s in stacks]
    together = exponential(jnp.concatenate(padded))
    parts = jnp.split(together, np.cumsum([len(s) for s in stacks])[:-1])
    return [
        part[:, : m.shape[-1], : m.shape[-1]].reshape(m.shape)
        for part, m in zip(parts, matrices, strict=True)
    ]


def exponential(a: Array) -> Array:
    """Return exp of small, balanced matrices (..., m, m), by its Taylor series after halving and by squaring.

    `jax.scipy.linalg.expm` gives the same, but its gradient takes five times as long to compile.
    """
    norm = lax.stop_gradient(jnp.abs(a).sum(-1).max(-1))[..., None, None]
    # A norm of at most 1/2 leaves a remainder of 2**-17/17!, far below rounding.
    halvings = jnp.clip(jnp.ceil(jnp.log2(norm)) + 1, 0, MOST_HALVINGS)
    a = a * jnp.ldexp(jnp.ones_like(norm), -halvings.astype(jnp.int32))
    one = jnp.broadcast_to(jnp.eye(a.shape[-1], dtype=a.dtype), a.shape)
    terms, squarings = jnp.arange(ORDER, 0, -1, norm.dtype), jnp.arange(MOST_HALVINGS, dtype=norm.dtype)
    series, _ = lax.scan(lambda r, k: (one + a @ r / k, None), one, terms)
    return lax.scan(lambda r, i: (jnp.where(i < halvings, r @ r, r), None), series, squarings)[0]


def _constants(program: Program, propagator: Propagator, given: Mapping[str, Any]) -> dict[str, Any]:
    owner = propagator.owner
    return {name: given[f"{owner}.{name}"] for name in program.equations.part(owner).constants}


def _named(propagator: Propagator, p: Any, q: Any, c: Any) -> dict[str, Any]:
    found, head = {}, f"{propagator.owner}.{propagator.prefix}"
    for i, to in enumerate(propagator.linear.states):
        found[part_of(f"{head}c", to)] = c[..., i]
        for j, source in enumerate(propagator.linear.states):
            found[part_of(f"{head}P", to, source)] = p[..., i, j]
            found[part_of(f"{head}Q", to, source)] = q[..., i, j]
    return found
