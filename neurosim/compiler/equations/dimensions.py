"""Dimension checks of expressions and statements, by Brian2's own analysis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import Constant
from brian2.parsing.expressions import is_boolean_expression, parse_expression_dimensions
from brian2.units.fundamentalunits import DimensionMismatchError

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.expressions import CONSTANTS, Statement, names_in
from neurosim.model.units import DIMENSIONLESS, Dimension, advice, unit_name
from neurosim.registry import suggest

_UNBOUND = {name: DIMENSIONLESS for name in CONSTANTS}


def _variables(known: Mapping[str, Dimension]) -> dict[str, Any]:
    variables = {n: Constant(n, value=1.0, dimensions=d) for n, d in {**_UNBOUND, **known}.items()}
    return {**DEFAULT_FUNCTIONS, **variables}


def dimension(text: str, known: Mapping[str, Dimension], where: str) -> Dimension:
    """Return the dimension of an expression; raises on unknown names and on terms of different units."""
    for name in sorted(names_in(text)):
        if name not in known:
            raise UnknownNameError(f"{where}: unknown name '{name}' in '{text}': {advice(name, known)}")
    try:
        return parse_expression_dimensions(text, _variables(known))
    except (DimensionMismatchError, ValueError, TypeError, SyntaxError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise DescriptionError(f"{where}: '{text}': {reason}: correct the units") from None


def expect(text: str, wanted: Dimension, known: Mapping[str, Dimension], where: str) -> None:
    """Refuse an expression whose dimension is not the wanted one."""
    found = dimension(text, known, where)
    if found is not wanted:
        raise DescriptionError(
            f"{where}: '{text}' has the unit {unit_name(found)} where {unit_name(wanted)} is needed: correct the units"
        )


def expect_condition(text: str, known: Mapping[str, Dimension], where: str) -> None:
    """Refuse an expression that is not true or false."""
    dimension(text, known, where)
    try:
        boolean = is_boolean_expression(text, _variables(known))
    except SyntaxError:
        boolean = False
    if not boolean:
        raise DescriptionError(
            f"{where}: '{text}' is no condition: write a comparison such as v > v_threshold"
        )


def expect_statement(
    statement: Statement, known: Mapping[str, Dimension], writable: Iterable[str], where: str
) -> None:
    """Refuse a statement whose two sides have different dimensions, or that writes what is no state."""
    if statement.target not in writable:
        hint = suggest(statement.target, writable)
        raise DescriptionError(
            f"{where}: '{statement}' writes '{statement.target}', which is no state: {hint}"
        )
    wanted = DIMENSIONLESS if statement.op in ("*=", "/=") else known[statement.target]
    expect(statement.expression, wanted, known, f"{where}, '{statement}'")
