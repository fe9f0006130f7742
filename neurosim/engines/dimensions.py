"""Dimension checks of expressions and statements, by Brian2's own analysis."""

from __future__ import annotations

from collections.abc import Mapping

from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import Constant
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.units.fundamentalunits import DimensionMismatchError

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.expressions import CONSTANTS, Statement, names_in
from neurosim.model.units import DIMENSIONLESS, Dimension, unit_name
from neurosim.registry import suggest

_UNBOUND = {name: DIMENSIONLESS for name in CONSTANTS}


def dimension(text: str, known: Mapping[str, Dimension], where: str) -> Dimension:
    """Return the dimension of an expression; raises on unknown names and on terms of different units."""
    for name in sorted(names_in(text)):
        if name not in known:
            raise UnknownNameError(f"{where}: unknown name '{name}' in '{text}': {suggest(name, known)}")
    variables = {n: Constant(n, value=1.0, dimensions=d) for n, d in {**_UNBOUND, **known}.items()}
    try:
        return parse_expression_dimensions(text, {**DEFAULT_FUNCTIONS, **variables})
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


def expect_statement(statement: Statement, known: Mapping[str, Dimension], where: str) -> None:
    """Refuse a statement whose two sides have different dimensions."""
    if statement.target not in known:
        raise UnknownNameError(
            f"{where}: '{statement}' writes an unknown variable: {suggest(statement.target, known)}"
        )
    wanted = DIMENSIONLESS if statement.op in ("*=", "/=") else known[statement.target]
    expect(statement.expression, wanted, known, f"{where}, '{statement}'")
