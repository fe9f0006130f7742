"""The functions that equations may call: one row each, with the rule of its unit and its form on each engine."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

UNITS = {
    "number": "dimensionless, for dimensionless arguments",
    "any": "dimensionless, whatever the unit of x",
    "same": "the unit of its arguments, which must be the same",
    "root": "the square root of the unit of x",
}
"""How the unit of a value follows from the units of the arguments, by the name of the rule."""


@dataclass(frozen=True)
class Function:
    """A function that equations may call.

    Arguments:
        name: its name in equations.
        meaning: what it computes, in words or as a formula.
        numpy, numba, jax: where its form for each engine is defined, as 'module:name'.
        unit: how its unit follows from those of its arguments, a key of `UNITS`.
        arguments: the names of its arguments.
        in_brian2: whether Brian2 has it under the same name with the same values (its whole numbers end at 2^31).
    """

    name: str
    meaning: str
    numpy: str
    numba: str
    jax: str
    unit: Literal["number", "any", "same", "root"] = "number"
    arguments: tuple[str, ...] = ("x",)
    in_brian2: bool = True

    @property
    def call(self) -> str:
        """How a call of it is written."""
        return f"{self.name}({', '.join(self.arguments)})"


def load(form: str) -> Callable[..., Any]:
    """Return the form of a function from 'module:name'."""
    module, _, name = form.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def deferred(form: str) -> Callable[..., Any]:
    """Return a function that is loaded from 'module:name' when it is called, as scipy takes time to import."""
    return lambda *arguments: load(form)(*arguments)


_OURS, _SUPPORT, _JAX = (
    "neurosim.compiler.special",
    "neurosim.engines.fused.support",
    "neurosim.engines.jax.arithmetic",
)


def _plain(name: str, meaning: str, numba: str = "") -> Function:
    """Return a function that all three libraries provide under the same name."""
    return Function(name, meaning, f"numpy:{name}", f"math:{numba or name}", f"jax.numpy:{name}")


FUNCTIONS = {
    row.name: row
    for row in (
        Function("abs", "absolute value", "numpy:abs", "builtins:abs", "jax.numpy:abs", "same"),
        Function(
            "binomial_quantile",
            "least k with P(K <= k) > u, K successes in n trials, each with probability p; NaN unless 0 <= u < 1",
            f"{_OURS}:binomial_quantile", "neurosim.rng.counts:binomial_quantile", f"{_JAX}:binomial_quantile",
            arguments=("u", "n", "p"), in_brian2=False,
        ),
        Function(
            "poisson_quantile",
            "least k with P(K <= k) > u, K a Poisson number of the given mean; NaN unless 0 <= u < 1",
            f"{_OURS}:poisson_quantile", "neurosim.rng.counts:poisson_quantile", f"{_JAX}:poisson_quantile",
            arguments=("u", "mean"), in_brian2=False,
        ),
        _plain("arccos", "inverse of the cosine, from 0 to pi", "acos"),
        _plain("arcsin", "inverse of the sine, from -pi/2 to pi/2", "asin"),
        _plain("arctan", "inverse of the tangent, from -pi/2 to pi/2", "atan"),
        Function(
            "ceil", "smallest whole number not below x", "numpy:ceil", "numpy:ceil", "jax.numpy:ceil", "same",
            in_brian2=False,
        ),
        Function(
            "clip", "min(max(x, low), high)", f"{_OURS}:clip", f"{_SUPPORT}:clip", f"{_JAX}:clip", "same",
            ("x", "low", "high"),
        ),
        _plain("cos", "cosine"),
        _plain("cosh", "hyperbolic cosine"),
        Function(
            "erf", "error function, 2/sqrt(pi) times the integral of exp(-u**2) from 0 to x", "scipy.special:erf",
            "math:erf", "jax.scipy.special:erf", in_brian2=False,
        ),
        _plain("exp", "exponential"),
        _plain("expm1", "exp(x) - 1, exact near 0"),
        Function("exprel", "(exp(x) - 1)/x, 1 at 0", "scipy.special:exprel", f"{_SUPPORT}:exprel", f"{_JAX}:exprel"),
        Function(
            "floor", "largest whole number not above x", "numpy:floor", "numpy:floor", "jax.numpy:floor", "same",
            in_brian2=False,
        ),
        Function(
            "int", "x without its fraction; 1 or 0 for a condition", f"{_OURS}:whole", "numpy:trunc",
            f"{_JAX}:integer",
            in_brian2=False,
        ),
        _plain("log", "natural logarithm"),
        _plain("log10", "logarithm to the base 10"),
        _plain("log1p", "log(1 + x), exact near 0"),
        Function("sign", "-1, 0 or 1", "numpy:sign", f"{_SUPPORT}:sign", "jax.numpy:sign", "any"),
        _plain("sin", "sine"),
        _plain("sinh", "hyperbolic sine"),
        Function(
            "softplus", "log(1 + exp(x))", f"{_OURS}:softplus", f"{_SUPPORT}:softplus", f"{_JAX}:softplus",
            in_brian2=False,
        ),
        Function("sqrt", "square root", "numpy:sqrt", "math:sqrt", "jax.numpy:sqrt", "root"),
        _plain("tan", "tangent"),
        Function("tanh", "hyperbolic tangent", "numpy:tanh", "math:tanh", f"{_JAX}:tanh"),
    )
}  # fmt: skip
"""All functions by name, except those that draw at every step, such as `rand()`."""
