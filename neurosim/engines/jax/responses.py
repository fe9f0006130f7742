"""Fixed points of a network as functions, and how they change under a nudge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from neurosim.compiler.schedule.sharing import shared
from neurosim.engines.jax.functions import NetworkFunctions
from neurosim.engines.jax.settling import Report, dynamic, settled
from neurosim.engines.jax.trials import trials_of
from neurosim.engines.settling import Settle, Settled
from neurosim.errors import UnknownNameError, UsageError
from neurosim.registry import suggest

Values = dict[str, Array]
Given = Mapping[str, Any]
_ONCE = Settle()


@dataclass(frozen=True)
class Exact:
    """The derivative of the fixed point by the size of the nudge, by differentiation forwards."""


@dataclass(frozen=True)
class Cauchy:
    """The same from n nudges on a circle: (1/n) * sum over k of x(beta_k)/beta_k, beta_k = beta*exp(2*pi*i*k/n).

    n = 1 is one-sided, (x(beta) - x(0))/beta; n = 2 are two real nudges; from 3 on states are complex. The error falls
    as beta**n.

    Arguments:
        n: number of nudges.
        beta: size of each, in units of the direction of the nudge.

    Raises UsageError for other values.
    Source: Laborieux, Zenke 2022, NeurIPS, arXiv 2209.00530.
    """

    n: int = 2
    beta: float = 0.01

    def __post_init__(self) -> None:
        if self.n < 1 or not self.beta > 0:
            raise UsageError(
                f"Cauchy(n={self.n}, beta={self.beta}): give at least 1 nudge, of a size above 0"
            )


@dataclass(frozen=True)
class OnLine:
    """The same from a nudge that goes round the circle without a rest: it stays at each place for some steps.

    The response is the mean of x(t)/beta_k at the ends of the stays of the last round.

    Arguments:
        n: number of places on the circle, at least 2.
        beta: size of the nudge, in units of its direction.
        steps: of each stay.
        rounds: how often it goes round.

    Raises UsageError for other values.
    Source: Laborieux, Zenke 2022, NeurIPS, arXiv 2209.00530.
    """

    n: int = 4
    beta: float = 0.5
    steps: int = 60
    rounds: int = 5

    def __post_init__(self) -> None:
        if self.n < 2 or not self.beta > 0 or self.steps < 1 or self.rounds < 1:
            raise UsageError(
                f"OnLine(n={self.n}, beta={self.beta}, steps={self.steps}, rounds={self.rounds}): give at least 2 "
                "places, a size above 0, and at least 1 step and round"
            )


def settle(
    functions: NetworkFunctions,
    parameters: Given,
    state: Given,
    inputs: Given | None = None,
    how: Settle = _ONCE,
) -> tuple[Values, Report]:
    """Return (state, report) after steps until no dynamic state changes any more; compiled, of any number of trials.

    A trial that does not settle is never used in silence: with 'refuse' RunFailed is raised; with 'leave out', and
    inside other transformations of JAX, where nothing can be raised, its states are not a number.

    Arguments:
        functions: the network, from `compile_functions`.
        parameters: any part of its parameters by name (SI units).
        state: where to start, from `init`; it may be complex.
        inputs: held inputs by population, shape (size,) or (size, trials).
        how: tolerance, damping and number of steps.
    """
    return checked(
        _compiled(functions)[0](parameters, dict(state), inputs or {}, numbers(how)), how, "settle"
    )


def respond(
    functions: NetworkFunctions,
    parameters: Given,
    state: Given,
    nudge: Given,
    inputs: Given | None = None,
    method: Exact | Cauchy | OnLine = Exact(),
    how: Settle = _ONCE,
) -> tuple[Values, Report]:
    """Return (change, report): by how much the fixed point changes per size of a nudge, dx/dbeta at beta = 0.

    The change is by 'population.variable' for dynamic states, and by 'population.output' for graded outputs, in which
    case it is that of the step that follows. Trials that do not settle are treated as in `settle`.

    Arguments:
        functions: the network, from `compile_functions`.
        parameters: any part of its parameters by name (SI units).
        state: its fixed point, from `settle`.
        nudge: directions in which parameters, by name, or inputs, by population, are moved, of their shapes.
        inputs: held inputs by population, shape (size,) or (size, trials).
        method: `Exact()`, `Cauchy(n, beta)` or `OnLine(n, beta, steps, rounds)`, which settles nothing: its report
            tells by how much states changed in the last step.
        how: tolerance, damping and number of steps.

    Raises UnknownNameError for a nudge of something else, UsageError for one of what changes in every step.
    """
    signals = [n for n, p in functions.program.equations.populations.items() if "value" in p.states]
    changing = set(dynamic(functions.program)) | {f"{name}.value" for name in signals}
    for name in nudge:
        if name in changing:
            raise UsageError(
                f"nudge of '{name}': it changes in every step: nudge a constant, a weight or an input"
            )
        if name not in functions.parameters and name not in signals:
            known = [*functions.parameters, *signals]
            raise UnknownNameError(
                f"nudge of '{name}', which is no parameter and no input: {suggest(name, known)}"
            )
    call = _compiled(functions)[1 + (Exact, Cauchy, OnLine).index(type(method))]
    directions = {name: jnp.asarray(value) for name, value in nudge.items()}
    sizes = astuple(method)
    return checked(
        call(parameters, dict(state), directions, inputs or {}, numbers(how), *sizes), how, "respond"
    )


def numbers(how: Settle) -> tuple[float, float, int]:
    """Return tolerance, damping and number of steps."""
    return how.tolerance, how.damping, how.at_most


def checked(found: tuple[Values, Report], how: Settle, what: str) -> tuple[Values, Report]:
    """Return what was found; raises RunFailed when a trial did not settle, if that can be told and is to be."""
    report = found[1]
    if how.unsettled == "refuse" and not isinstance(report.converged, jax.core.Tracer):
        Settled(*map(np.asarray, report)).check(what)
    return found


@lru_cache(maxsize=16)
def _compiled(functions: NetworkFunctions) -> tuple[Any, Any, Any, Any]:
    """Return what settles and responds, compiled once for each network."""
    return (
        jax.jit(partial(_settle, functions)),
        jax.jit(partial(_exact, functions)),
        jax.jit(partial(_cauchy, functions), static_argnums=5),
        jax.jit(partial(_on_line, functions), static_argnums=(5, 7, 8)),
    )


def _settle(
    functions: NetworkFunctions, parameters: Given, state: Values, inputs: Given, how: tuple[Any, Any, Any]
) -> tuple[Values, Report]:
    take = functions.bind(parameters)
    state, names = _promoted(lambda s: take(s, inputs)[0], state), dynamic(functions.program)
    common = shared(functions.program)
    state, report = settled(lambda s: take(s, inputs)[0], state, names, common, *how)
    return {**state, **_only(report, {name: state[name] for name in names})}, report


def _only(report: Report, values: Values) -> Values:
    """Return values of trials that settled, the others as not a number."""
    return {name: jnp.where(report.converged, value, jnp.nan) for name, value in values.items()}


def _promoted(take: Any, state: Values) -> Values:
    """Make complex what a step makes complex, until nothing changes."""
    for _ in state:
        after = jax.eval_shape(take, state)
        if all(after[name].dtype == value.dtype for name, value in state.items()):
            break
        state = {name: value.astype(after[name].dtype) for name, value in state.items()}
    return state


class _Nudged:
    """A step under a nudge of any size."""

    def __init__(self, functions: NetworkFunctions, parameters: Given, nudge: Given, inputs: Given) -> None:
        self.functions, self.parameters, self.nudge, self.inputs = functions, parameters, nudge, inputs

    def step(self, base: Values, state: Values, beta: Any) -> tuple[Values, Values]:
        """Return (state, outputs) after a step; what trials share is that of `base`, nudged."""
        at, given = self.functions.parameters, dict(self.parameters)
        moved = {name: beta * direction for name, direction in self.nudge.items()}
        held = {name: base[name] + moved.pop(name) for name in list(moved) if name in base}
        given |= {name: given.get(name, at[name]) + moved.pop(name) for name in list(moved) if name in at}
        inputs = {**self.inputs}
        for name, change in moved.items():
            value = inputs.get(name, base[f"{name}.value"])
            inputs[name] = value + (change[:, None] if change.ndim < jnp.ndim(value) else change)
        return self.functions.bind(given)({**state, **held}, inputs)

    def seen(self, state: Values, outputs: Values) -> Values:
        """Return dynamic states and graded outputs."""
        program = self.functions.program
        graded = [name for name, p in program.equations.populations.items() if p.graded]
        return {n: state[n] for n in dynamic(program)} | {f"{n}.output": outputs[n] for n in graded}


def _exact(
    functions: NetworkFunctions,
    parameters: Given,
    state: Values,
    nudge: Given,
    inputs: Given,
    how: tuple[Any, Any, Any],
) -> tuple[Values, Report]:
    nudged, program = _Nudged(functions, parameters, nudge, inputs), functions.program
    moving = {n: v for n, v in state.items() if jnp.issubdtype(v.dtype, jnp.inexact)}

    def step(moving: Values, beta: Array) -> tuple[Values, Values]:
        after, outputs = nudged.step(state, {**state, **moving}, beta)
        return {name: after[name] for name in moving}, outputs

    real = jnp.zeros((), functions.settings.dtype)
    _, change = jax.linearize(step, moving, real)
    one = jnp.ones_like(real)
    start = {name: jnp.zeros_like(value) for name, value in moving.items()}
    names, common = dynamic(program), shared(program)
    found, report = settled(lambda s: dict(change(s, one)[0]), start, names, common, *how)
    return _only(report, nudged.seen(found, change(found, one)[1])), report


def _cauchy(
    functions: NetworkFunctions,
    parameters: Given,
    state: Values,
    nudge: Given,
    inputs: Given,
    how: tuple[Any, Any, Any],
    n: int,
    size: Any,
) -> tuple[Values, Report]:
    nudged, program = _Nudged(functions, parameters, nudge, inputs), functions.program
    names, common = dynamic(program), shared(program)
    whole = any(jnp.iscomplexobj(value) for value in state.values())
    # Of real networks, opposite nudges have conjugate fixed points: half of the circle is enough.
    places = np.arange(n if whole else n // 2 + 1) if n > 1 else np.zeros(1)
    weights = np.where((2 * places % n == 0) | whole, 1.0, 2.0) / n
    circle = np.exp(2j * np.pi * places / n)
    circle = circle if n > 2 or whole else np.real(circle)

    def at(turn: Array) -> tuple[Values, Report]:
        beta = size * turn
        start = _promoted(lambda s: nudged.step(state, s, beta)[0], state)
        found, report = settled(lambda s: nudged.step(state, s, beta)[0], start, names, common, *how)
        return nudged.seen(found, nudged.step(state, found, beta)[1]), report

    found, reports = jax.vmap(at)(jnp.asarray(circle))
    report = Report(reports.steps.max(0), reports.residual.max(0), reports.converged.all(0))
    if n == 1:
        before = nudged.seen(*nudged.step(state, state, jnp.zeros_like(jnp.asarray(circle)[0])))
        return _only(
            report, {name: (value[0] - before[name]) / size for name, value in found.items()}
        ), report
    shares = jnp.asarray(weights / circle) / size
    change = {name: jnp.tensordot(shares, value, 1) for name, value in found.items()}
    return _only(
        report, change if whole else {name: jnp.real(value) for name, value in change.items()}
    ), report


def _on_line(
    functions: NetworkFunctions,
    parameters: Given,
    state: Values,
    nudge: Given,
    inputs: Given,
    how: tuple[Any, Any, Any],
    n: int,
    size: Any,
    steps: int,
    rounds: int,
) -> tuple[Values, Report]:
    nudged, program = _Nudged(functions, parameters, nudge, inputs), functions.program
    names, common = dynamic(program), shared(program)
    whole = any(jnp.iscomplexobj(value) for value in state.values())
    circle = np.exp(2j * np.pi * np.arange(n) / n)
    places = jnp.asarray(circle if n > 2 or whole else circle.real)

    def stay(now: Values, place: Array) -> tuple[Values, tuple[Values, Array]]:
        def take(now: Values) -> Values:
            return nudged.step(state, now, size * place)[0]

        before = lax.fori_loop(0, steps - 1, lambda _, now: take(now), now)
        after = take(before)
        changed = jnp.stack([jnp.abs(after[name] - before[name]).max(0) for name in names]).max(0)
        return after, (nudged.seen(after, nudged.step(state, after, size * place)[1]), changed)

    start = _promoted(lambda now: nudged.step(state, now, size * places[0])[0], state)
    _, (seen, changed) = lax.scan(stay, start, jnp.tile(places, rounds))
    shares = 1 / (n * size * places)
    change = {name: jnp.tensordot(shares, value[-n:], 1) for name, value in seen.items()}
    trials = trials_of(state, common)
    report = Report(jnp.full(trials, steps * rounds * n, jnp.int32), changed[-1], jnp.ones(trials, bool))
    return change if whole else {name: jnp.real(value) for name, value in change.items()}, report
