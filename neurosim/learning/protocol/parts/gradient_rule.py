"""Rules on gradients: what a gradient passes before an optimiser sees it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import jax.numpy as jnp
from jax import Array

from neurosim.engines.jax.matrices import MATRIX
from neurosim.errors import DescriptionError, UnknownNameError, UsageError
from neurosim.learning.protocol.now import Now
from neurosim.model.evaluate import evaluate
from neurosim.model.expressions import names_in
from neurosim.model.matrix import check_matrix_expression
from neurosim.registry import suggest


class Reads(str):
    """The name of a parameter that a `GradientRule` reads."""

    __slots__ = ()


def reads(parameter: str) -> Any:
    """Return what a `GradientRule` declares as a class attribute: the name of a parameter that its equation reads."""
    return Reads(parameter)


class GradientRule:
    """An equation on the gradient G of a weight, in the matrix language of rules.

    A subclass has `G`, an expression of the matrix language in G, W (the weight itself) and of what it declares as
    class attributes: `H = reads("H.w")`, another parameter. Weights of a projection that joins all pairs are matrices
    (targets, sources). With Hebbian lateral weights H the gradient keeps what they do not span by
    `G = "G - G @ H.T @ H"`.
    Raises DescriptionError for an expression that is not of the language or reads what is not declared.
    """

    G: str = ""
    reads: Mapping[str, str] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.reads = {n: str(v) for n, v in vars(cls).items() if isinstance(v, Reads)}
        where = f"GradientRule '{cls.__name__}', G"
        check_matrix_expression(cls.G, where)
        for name in names_in(cls.G) - {"G", "W", *cls.reads}:
            raise DescriptionError(f"{where}: '{name}' is not declared: write {name} = reads('projection.w')")

    def passed(self, now: Now, name: str, gradient: Array) -> Array:
        """Return the gradient of a parameter after the equation; it has the shape that the gradient has."""
        everything = {**now.held, **now.before}
        for read in self.reads.values():
            if read not in everything:
                rule = type(self).__name__
                raise UnknownNameError(f"GradientRule '{rule}' reads '{read}': {suggest(read, everything)}")
        known = {n: now.model.matrix(read, everything[read]) for n, read in self.reads.items()}
        known |= {"G": now.model.matrix(name, gradient), "W": now.model.matrix(name, everything[name])}
        found = evaluate(self.G, known, MATRIX)
        if jnp.shape(found) != known["G"].shape:
            raise UsageError(
                f"GradientRule '{type(self).__name__}': of shape {jnp.shape(found)}, the gradient of '{name}' has "
                f"{known['G'].shape}: correct the equation"
            )
        return found.reshape(gradient.shape) if found.shape == gradient.shape else now.model.flat(name, found)


def fitting_rules(rules: Mapping[str, GradientRule], names: Mapping[str, Any]) -> dict[str, GradientRule]:
    """Return rules by name of the parameter, from rules by pattern; raises UnknownNameError for one that fits none."""
    for pattern in rules:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UnknownNameError(f"through: '{pattern}': no such parameter: {suggest(pattern, names)}")
    return {
        name: next(rule for pattern, rule in rules.items() if fnmatchcase(name, pattern))
        for name in names
        if any(fnmatchcase(name, pattern) for pattern in rules)
    }
