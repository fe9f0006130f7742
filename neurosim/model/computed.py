"""Values that follow from indices by an expression in the equation language, such as "(i/N)*mV"."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import DimensionMismatchError

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.evaluate import OPERATORS, Table, evaluate
from neurosim.model.expressions import CONSTANTS, DRAWN, check_expression, names_in
from neurosim.model.functions import FUNCTIONS, deferred
from neurosim.model.units import Dimension, dimension_of, units_in
from neurosim.model.values import Distribution
from neurosim.registry import suggest


class Computed(Distribution):
    """Values by an expression of indices, drawn numbers, units, and quantities that are given with it.

    Of neurons, `i` is the index and `N` the number of them. Of connections, `i` is the source, `j` the target, `N_pre`
    and `N_post` are the numbers of these; a quantity x with one value per neuron is `x_pre` and `x_post` there.
    `rand()` is uniform on [0, 1), `randn()` standard normal, `poisson(mean)` and `binomial(n, p)` are counts, one draw
    for each value.

    Arguments:
        text: the expression, such as "exp(-((x_pre - x_post)/width)**2)".
        values: quantities by name, each one number or one for each neuron.

    Raises DescriptionError or UnknownNameError on text that is no expression of these.
    """

    indexed = True

    def __init__(self, text: str, **values: Any) -> None:
        self._read(text, values)

    @classmethod
    def of(cls, text: str, values: Mapping[str, Any]) -> Computed:
        """Return the values that a text computes of quantities by name, whatever their names are."""
        made = cls.__new__(cls)
        made._read(text, values)
        return made

    def _read(self, text: str, values: Mapping[str, Any]) -> None:
        where = f"'{text}'"
        check_expression(text, where)
        self.text, self.values = text, dict(values)
        found = units_in(text, (*values, *_INDICES, *FUNCTIONS))
        known = {
            *values,
            *_INDICES,
            *found,
            *(f"{name}{end}" for name in values for end in ("_pre", "_post")),
        }
        for name in sorted(names_in(text) - known):
            raise UnknownNameError(f"{where}: unknown name '{name}': {suggest(name, known)}")
        self._units = found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Computed) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.values.items())
        return f"Computed({self.text!r}{given})"

    def described(self) -> dict[str, Any]:
        """Return what it was made with, by name."""
        return {"text": self.text, **self.values}

    @property
    def dimension(self) -> Dimension:
        """The dimension of what is computed."""
        first = {name: value if np.ndim(value) == 0 else value[0] for name, value in self.values.items()}
        ends = {f"{name}{end}": value for name, value in first.items() for end in ("_pre", "_post")}
        numbers = dict.fromkeys(_INDICES, 1.0)
        return dimension_of(self._evaluate({**numbers, **first, **ends}, lambda *call: 0.5), f"'{self.text}'")

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return the values of `size` neurons in SI base units."""
        self._refuse(
            {"j", "N_pre", "N_post", *(f"{n}{e}" for n in self.values for e in ("_pre", "_post"))}, "neurons"
        )
        known = {"i": np.arange(size, dtype=float), "N": float(size), **self.values}
        return self._broadcast(known, rng, size)

    def draw_edges(
        self, rng: np.random.Generator, pre: np.ndarray, post: np.ndarray, sources: int, targets: int
    ) -> np.ndarray:
        """Return the values of connections in SI base units.

        Arguments:
            rng: what draws.
            pre, post: indices of source and target of each connection.
            sources, targets: numbers of neurons at the two ends.
        """
        self._refuse({"N"}, "connections")
        per = {name: value for name, value in self.values.items() if np.ndim(value)}
        numbers = {name: value for name, value in self.values.items() if not np.ndim(value)}
        known = {
            "i": pre.astype(float),
            "j": post.astype(float),
            "N_pre": float(sources),
            "N_post": float(targets),
        }
        read = names_in(self.text)
        ends = {f"{n}_pre": v[pre] for n, v in per.items() if f"{n}_pre" in read}
        ends |= {f"{n}_post": v[post] for n, v in per.items() if f"{n}_post" in read}
        return self._broadcast({**known, **numbers, **ends}, rng, pre.size)

    def _refuse(self, names: set[str], what: str) -> None:
        for name in sorted(names_in(self.text) & names - self.values.keys()):
            raise DescriptionError(
                f"'{self.text}': there is no '{name}' of {what}: read i, N, or for connections j"
            )

    def _broadcast(self, known: Mapping[str, Any], rng: np.random.Generator, size: int) -> np.ndarray:

        def draw(kind: str, *arguments: Any) -> np.ndarray:
            if kind in ("rand", "randn"):
                return rng.random(size) if kind == "rand" else rng.standard_normal(size)
            law: Callable[..., Any] = rng.poisson if kind == "poisson" else rng.binomial
            return np.asarray(law(*map(np.asarray, arguments), size), dtype=float)

        found = np.asarray(self._evaluate(known, draw), dtype=float)
        if not np.isfinite(found).all():
            raise DescriptionError(f"'{self.text}' gives values that are not finite: correct it")
        if found.ndim and found.shape != (size,):
            raise DescriptionError(
                f"'{self.text}' gives {found.shape[0]} values for {size}: give one per neuron"
            )
        return np.broadcast_to(found, (size,)).copy()

    def _evaluate(self, known: Mapping[str, Any], draw: Callable[..., Any]) -> Any:
        drawn: Table = {name: partial(draw, name) for name in DRAWN}
        try:
            return evaluate(self.text, {**CONSTANTS, **self._units, **known}, {**_QUANTITIES, **drawn})
        except (DimensionMismatchError, ValueError, KeyError) as error:
            raise DescriptionError(
                f"'{self.text}': {' '.join(str(error).split())[:150]}: correct it"
            ) from None


_INDICES = ("i", "j", "N", "N_pre", "N_post")
# Unlike in equations, units are not checked before, so functions are given quantities.
_QUANTITIES: Table = {
    **OPERATORS,
    ast.Constant: float,
    **{name: deferred(function.numpy) for name, function in FUNCTIONS.items()},
}


def computed(value: Any, names: Mapping[str, Any] | None = None) -> Any:
    """Return a text as values that it computes of quantities by name, anything else as it is."""
    return Computed.of(value, names or {}) if isinstance(value, str) else value
