"""How a loss at a fixed point depends on the states that settle: the responses of `responses`, backwards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from neurosim.compiler.schedule.sharing import shared
from neurosim.engines.jax.functions import NetworkFunctions
from neurosim.engines.jax.responses import checked, numbers
from neurosim.engines.jax.settling import Report, dynamic, settled
from neurosim.engines.settling import Settle
from neurosim.errors import UnknownNameError
from neurosim.registry import suggest

Values = dict[str, Array]
Given = Mapping[str, Any]
_ONCE = Settle()


def adjoint(
    functions: NetworkFunctions,
    parameters: Given,
    state: Given,
    slopes: Given,
    inputs: Given | None = None,
    how: Settle = _ONCE,
) -> tuple[Values, Report]:
    """Return (credit, report): the derivative of a loss at the fixed point by what a step adds to each dynamic state.

    credit = slope + (ds'/ds)^T credit, s' the state after a step, s before it: recurrent back-propagation. A loss
    changes by the sum of credit * ds' for any small change ds' of the step, such as ds'/dbias * dbias. Trials that do
    not settle are treated as in `settle`.

    Arguments:
        functions: the network, from `compile_functions`.
        parameters: any part of its parameters by name (SI units).
        state: its fixed point, from `settle`.
        slopes: derivatives of the loss by dynamic states 'population.variable', of their shapes; others are 0.
        inputs: held inputs by population, shape (size,) or (size, trials).
        how: tolerance, damping and number of steps.

    Raises UnknownNameError for another state.
    Source: Almeida 1987, IEEE ICNN 2:609; Pineda 1987, Phys. Rev. Lett. 59:2229, doi:10.1103/PhysRevLett.59.2229.
    """
    known = dynamic(functions.program)
    for name in slopes:
        if name not in known:
            raise UnknownNameError(f"adjoint: slope of '{name}', no dynamic state: {suggest(name, known)}")
    found = _compiled(functions)(parameters, dict(state), dict(slopes), inputs or {}, numbers(how))
    return checked(found, how, "adjoint")


@lru_cache(maxsize=16)
def _compiled(functions: NetworkFunctions) -> Any:
    """Return what works an adjoint out, compiled once for each network."""
    return jax.jit(partial(_adjoint, functions))


def _adjoint(
    functions: NetworkFunctions,
    parameters: Given,
    state: Values,
    slopes: Given,
    inputs: Given,
    how: tuple[Any, Any, Any],
) -> tuple[Values, Report]:
    take, names = functions.bind(parameters), dynamic(functions.program)
    moving = {name: state[name] for name in names}
    given = {
        n: jnp.broadcast_to(jnp.asarray(slopes.get(n, 0.0), v.dtype), v.shape) for n, v in moving.items()
    }

    def step(moving: Values) -> Values:
        after = take({**state, **moving}, inputs)[0]
        return {name: after[name] for name in names}

    _, back = jax.vjp(step, moving)
    start = {name: jnp.zeros_like(value) for name, value in moving.items()}
    found, report = settled(
        lambda credit: {name: given[name] + value for name, value in back(credit)[0].items()},
        start,
        names,
        shared(functions.program),
        *how,
    )
    return {name: jnp.where(report.converged, value, jnp.nan) for name, value in found.items()}, report
