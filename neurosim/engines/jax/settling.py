"""Fixed points as a compiled loop: of one trial or of a batch, each of which stops where it has settled."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from neurosim.compiler.schedule.program import Program
from neurosim.engines.jax.trials import trials_of

Values = dict[str, Array]


class Report(NamedTuple):
    """As `neurosim.engines.settling.Settled`, of arrays of JAX."""

    steps: Array
    residual: Array
    converged: Array


def dynamic(program: Program) -> list[str]:
    """Return the states 'population.variable' that follow differential equations."""
    populations = program.equations.populations.values()
    return [f"{p.name}.{name}" for p in populations for name in p.dynamics if name in p.states]


def settled(
    take: Callable[[Values], Values],
    state: Values,
    names: Collection[str],
    common: Collection[str],
    tolerance: Any,
    damping: Any,
    at_most: Any,
) -> tuple[Values, Report]:
    """Return (state, report) after steps of which none changes a state by more than the tolerance.

    A trial that has settled stays as it is, so that it does not matter which others are in its batch.
    Arguments: take, one step; names, of the states; common, what all trials share; the others as of `Settle`.
    """
    trials = trials_of(state, common)

    def change(new: Values, old: Values) -> Array:
        apart = [jnp.abs(new[name] - old[name]).max(0) for name in names]
        return jnp.stack(apart).max(0) if apart else jnp.zeros(trials)

    def body(carry: tuple[Array, Values, Report]) -> tuple[Array, Values, Report]:
        i, old, (steps, residual, done) = carry
        new = take(old)
        changed = change(new, old)
        new |= {name: damping * old[name] + (1 - damping) * new[name] for name in names}
        kept = {
            name: value
            if name in common or (trials and not value.ndim)
            else jnp.where(done, old[name], value)
            for name, value in new.items()
        }
        report = Report(
            steps + ~done,
            jnp.where(done, residual, changed.astype(residual.dtype)),
            done | (changed <= tolerance),
        )
        return i + 1, kept, report

    def more(carry: tuple[Array, Values, Report]) -> Array:
        return (carry[0] < at_most) & ~carry[2].converged.all()

    real = jnp.real(state[next(iter(names))]).dtype if names else jnp.zeros(()).dtype
    start = Report(jnp.zeros(trials, jnp.int32), jnp.full(trials, jnp.inf, real), jnp.zeros(trials, bool))
    _, state, report = lax.while_loop(more, body, (jnp.zeros((), jnp.int32), state, start))
    return state, report
