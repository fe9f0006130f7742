"""From differential equations and a method to assignments, by Brian2's state updaters or the matrix exponential."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

import brian2
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.stateupdaters import ExplicitStateUpdater, euler, exponential_euler, milstein, rk2, rk4
from brian2.stateupdaters.base import UnsupportedEquationsException

from neurosim.compiler.cache import remembered
from neurosim.compiler.equations.names import shown
from neurosim.compiler.equations.noise import NOISY, is_noise
from neurosim.compiler.schedule.exact import Linear
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, names_in, parse_statements, substitute

heun = ExplicitStateUpdater(
    """
    k = dt*f(x,t)
    x_new = x + (k + dt*f(x + k, t + dt))/2"""
)
"""Heun's method; white noise, a number that is held during a step, gives Stratonovich's solution."""


def stratonovich_milstein(equations: brian2.Equations) -> str:
    """Return the code of a step of the derivative-free Milstein method, with draws in place of random numbers."""
    texts = {name: text.code for name, text in equations.get_substituted_expressions()}
    noises = sorted(filter(is_noise, _names(texts)))
    xi = {name: f"xi_{number}" for number, name in enumerate(noises)}
    held = {
        name: substitute(text, {n: f"({x}*sqrt(dt))" for n, x in xi.items()}) for name, text in texts.items()
    }
    lines = milstein(brian2.Equations("\n".join(f"d{name}/dt = {text} : 1" for name, text in held.items())))
    drawn = {x: f"({n}*sqrt(dt))" for n, x in xi.items()}
    kept = [line for line in lines.splitlines() if line.partition(" = ")[0] not in drawn]
    return re.sub(r"\bxi_\d+\b", lambda match: drawn[match[0]], "\n".join(kept))


UPDATERS: Mapping[str, Callable[[brian2.Equations], str]] = {
    "exponential_euler": exponential_euler,
    "euler": euler,
    "rk2": rk2,
    "rk4": rk4,
    "heun": heun,
    "milstein": stratonovich_milstein,
    "euler_maruyama": euler,
}
"""Explicit methods: equations to the code of one step."""


def linear_system(derivatives: Mapping[str, str], constants: frozenset[str], where: str) -> Linear:
    """Return the equations as a linear system, or raise DescriptionError saying which is not linear.

    Arguments: derivatives, expression of dx/dt by state; constants, names that do not change; where, for messages.
    """
    parts = ["linear", list(derivatives.items()), sorted(constants & _names(derivatives)), brian2.__version__]
    found = remembered("equations", parts, lambda: _linear(derivatives, constants))
    if "problem" in found:
        raise DescriptionError(f"{where}: {shown(found['problem'])}: use method 'exponential_euler' or 'rk4'")
    matrix = {(int(i), int(j)): text for i, j, text in found["matrix"]}
    offsets = [{int(i): text for i, text in found[k]} for k in ("constant", "input")]
    return Linear(tuple(derivatives), matrix, *offsets)


def check_divisions(derivatives: Mapping[str, str], where: str) -> None:
    """Refuse equations that divide by 0 whatever their variables are; raises DescriptionError."""
    parts = ["divides", list(derivatives.items()), brian2.__version__]
    found = remembered("equations", parts, lambda: _divides(derivatives))
    if found:
        raise DescriptionError(f"{where}: d{shown(found)}/dt divides by 0: correct it")


def _divides(derivatives: Mapping[str, str]) -> str:
    import sympy

    singular = (n for n, text in derivatives.items() if str_to_sympy(text).has(sympy.zoo, sympy.nan))
    return next(singular, "")


def _names(derivatives: Mapping[str, str]) -> frozenset[str]:
    return frozenset().union(*(names_in(text) for text in derivatives.values()))


def _linear(derivatives: Mapping[str, str], constants: frozenset[str]) -> dict[str, Any]:
    import sympy

    symbols = {name: sympy.Symbol(name, real=True) for name in derivatives}
    matrix: list[list[Any]] = []
    constant: list[list[Any]] = []
    inputs: list[list[Any]] = []
    for i, (name, text) in enumerate(derivatives.items()):
        # Neither expanded nor simplified, which may take for ever: sums of terms cancel without.
        expression = str_to_sympy(text)
        for j, other in enumerate(symbols.values()):
            slope = _slope(expression, other)
            if slope is None or names_in(sympy_to_str(slope)) - constants:
                return {
                    "problem": f"d{name}/dt is not linear with constant coefficients, so it has no exact step"
                }
            if slope != 0:
                matrix.append([i, j, sympy_to_str(slope)])
        rest = sympy_to_str(expression.subs(dict.fromkeys(symbols.values(), 0)))
        if "t" in names_in(rest):
            return {"problem": f"d{name}/dt depends on time, so it has no exact step"}
        if rest != "0":
            (inputs if names_in(rest) - constants else constant).append([i, rest])
    return {"matrix": matrix, "constant": constant, "input": inputs}


def _slope(expression: Any, symbol: Any) -> Any:
    try:
        return expression.diff(symbol)
    except AttributeError:  # of a comparison
        return None


def update_statements(derivatives: Mapping[str, str], method: str, where: str) -> tuple[Statement, ...]:
    """Return the assignments of one step of an explicit method; raises DescriptionError if it does not apply."""
    parts = ["explicit", list(derivatives.items()), method, brian2.__version__]
    found = remembered("equations", parts, lambda: _explicit(derivatives, method))
    if "problem" in found:
        other = "'heun'" if method in NOISY else "'rk4' or 'euler'"
        raise DescriptionError(f"{where}: method '{method}' does not apply ({found['problem']}): use {other}")
    return parse_statements(found["text"], where)


def clock_of(part: int, substeps: int) -> dict[str, str]:
    """Return what stands for dt and t in one of the equal parts of a step, counted from 0."""
    return {} if substeps == 1 else {"dt": f"(dt/{substeps})", "t": f"(t + {part}*dt/{substeps})"}


def in_substeps(statements: tuple[Statement, ...], substeps: int) -> tuple[Statement, ...]:
    """Return the statements of a step as those of a number of equal parts of it."""
    return tuple(s.renamed(clock_of(part, substeps)) for part in range(substeps) for s in statements)


def joined(parts: Iterable[Iterable[Statement]], names: Collection[str]) -> tuple[Statement, ...]:
    """Return the statements of several steps as one step from the same start: all new values first, then all names."""
    statements = [s for part in parts for s in part]
    last = [s for s in statements if s.target in names]
    return (*(s for s in statements if s.target not in names), *last)


def _explicit(derivatives: Mapping[str, str], method: str) -> dict[str, Any]:
    equations = brian2.Equations("\n".join(f"d{name}/dt = {text} : 1" for name, text in derivatives.items()))
    try:
        return {"text": UPDATERS[method](equations)}
    except UnsupportedEquationsException as error:
        return {"problem": " ".join(str(error).split())[:200]}


@lru_cache(maxsize=1)
def methods() -> tuple[str, ...]:
    """Return the names of the explicit methods."""
    return tuple(UPDATERS)
