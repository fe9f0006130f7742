"""Dimension checks of expressions and statements."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from itertools import pairwise

from neurosim.compiler.equations.names import ACTIVE, shown
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.expressions import CONSTANTS, Statement, constant_value, expression
from neurosim.model.functions import FUNCTIONS
from neurosim.model.units import DIMENSIONLESS, Dimension, described_unit, unit_name
from neurosim.registry import suggest


def dimension(text: str, known: Mapping[str, Dimension], where: str) -> Dimension:
    """Return the dimension of an expression; raises on unknown names and on terms of different units."""
    found = expression(text)
    for name in sorted(found.names - known.keys()):
        raise UnknownNameError(f"{where}: unknown name '{name}' in '{shown(text)}': {suggest(name, known)}")
    try:
        return _dimension(found.tree, known)
    except _Mismatch as error:
        raise DescriptionError(f"{where}: '{shown(text)}': {shown(str(error))}: correct the units") from None


def expect(text: str, wanted: Dimension, known: Mapping[str, Dimension], where: str) -> None:
    """Refuse an expression whose dimension is not the wanted one."""
    found = dimension(text, known, where)
    if found is not wanted:
        raise DescriptionError(
            f"{where}: '{shown(text)}' has {described_unit(found)} where "
            f"{unit_name(wanted) if wanted is not DIMENSIONLESS else 'a number'} is needed: correct the units"
        )


def expect_condition(text: str, known: Mapping[str, Dimension], where: str) -> None:
    """Refuse an expression that is not true or false."""
    dimension(text, known, where)
    if not _is_condition(expression(text).tree):
        raise DescriptionError(
            f"{where}: '{text}' is not a condition: write a comparison such as v > v_threshold"
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
    expect(statement.expression, wanted, known, f"{where}, '{shown(str(statement))}'")


def expect_statements(
    statements: Iterable[Statement], known: Mapping[str, Dimension], writable: Iterable[str], where: str
) -> None:
    """Refuse statements as `expect_statement`; what they define for themselves takes the dimension that it is given."""
    known, writable = dict(known), {*writable}
    for statement in statements:
        if statement.target.startswith("_") and statement.target not in known:
            known[statement.target] = dimension(
                statement.expression, known, f"{where}, '{shown(str(statement))}'"
            )
            writable.add(statement.target)
        else:
            expect_statement(statement, known, writable, where)


class _Mismatch(Exception):
    """Says what does not fit."""


def _is_condition(node: ast.expr) -> bool:
    match node:
        case ast.Compare():
            return True
        case ast.BoolOp(values=values):
            return all(map(_is_condition, values))
        case ast.Name(id=name):
            return name == ACTIVE
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_condition(operand)
    return False


def _dimension(node: ast.expr, known: Mapping[str, Dimension]) -> Dimension:
    match node:
        case ast.Name(id=name):
            return DIMENSIONLESS if name in CONSTANTS and name not in known else known[name]
        case ast.UnaryOp(operand=operand):
            return _dimension(operand, known)
        case ast.BoolOp(values=values):
            for value in values:
                _dimension(value, known)
            return DIMENSIONLESS
        case ast.Compare(left=left, comparators=others):
            _one_unit([left, *others], known)
            return DIMENSIONLESS
        case ast.BinOp():
            return _of_operation(node, known)
        case ast.Call():
            return _of_call(node, known)
    return DIMENSIONLESS


def _one_unit(nodes: Iterable[ast.expr], known: Mapping[str, Dimension]) -> Dimension:
    """Return the dimension of expressions that must have the same one."""
    found = [(node, _dimension(node, known)) for node in nodes]
    for (left, a), (right, b) in pairwise(found):
        if a is not b:
            raise _Mismatch(
                f"'{ast.unparse(left)}' has the unit {unit_name(a)}, '{ast.unparse(right)}' {unit_name(b)}"
            )
    return found[0][1]


def _number(node: ast.expr, known: Mapping[str, Dimension], what: str) -> None:
    found = _dimension(node, known)
    if found is not DIMENSIONLESS:
        raise _Mismatch(f"{what} '{ast.unparse(node)}' has the unit {unit_name(found)}, and must be a number")


def _of_operation(node: ast.BinOp, known: Mapping[str, Dimension]) -> Dimension:
    match node.op:
        case ast.Add() | ast.Sub() | ast.Mod():
            return _one_unit([node.left, node.right], known)
        case ast.Mult():
            return _dimension(node.left, known) * _dimension(node.right, known)
        case ast.Div():
            return _dimension(node.left, known) / _dimension(node.right, known)
        case ast.FloorDiv():
            _number(node.left, known, "what // divides,")
            _number(node.right, known, "the divisor of //,")
            return DIMENSIONLESS
    _number(node.right, known, "the exponent")
    base = _dimension(node.left, known)
    if base is DIMENSIONLESS:
        return base
    exponent = constant_value(node.right)
    if exponent is None:
        raise _Mismatch(
            f"'{ast.unparse(node.left)}' has the unit {unit_name(base)}, so its exponent must be a plain number"
        )
    return base**exponent


def _of_call(node: ast.Call, known: Mapping[str, Dimension]) -> Dimension:
    assert isinstance(node.func, ast.Name)
    function = FUNCTIONS.get(node.func.id)
    if function is None:  # rand, randn and poisson
        return DIMENSIONLESS
    if function.unit == "number":
        for argument in node.args:
            _number(argument, known, f"the argument of {function.name},")
        return DIMENSIONLESS
    found = _one_unit(node.args, known)
    return {"same": found, "root": found**0.5}.get(function.unit, DIMENSIONLESS)
