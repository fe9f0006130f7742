"""The mean of a change over trials, written so that products of columns become one product of matrices.

sum_t p_t y_t x_t.T = outer(y, x), with y and x as matrices (units, trials), costs as much as one product of matrices;
the sum of as many outer products costs many times that.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

from neurosim.model.expressions import names_in

MOST_TERMS = 64
"""Products of sums are written out into no more terms than these."""
OVER_TRIALS = frozenset({"outer", "across"})
WITHIN_TRIALS = frozenset({"total", "average", "highest"})
APART = OVER_TRIALS | frozenset({"tril", "diag", "solve", "sum", "mean", "max"})


class Kind(NamedTuple):
    """What a name stands for: rows and columns, whether it has more than one of them; varies, from trial to trial."""

    rows: bool = False
    columns: bool = False
    varies: bool = False


@dataclass(frozen=True)
class Part:
    """A matrix, column or row that is the same in all trials: expression, what it is; rows, columns, as of `Kind`.

    Its expression is in the language of `neurosim.model.matrix` on what is the same in all trials, and these functions
    of matrices (units, trials), or (1, trials): outer(a, b) = sum_t p_t a_t b_t.T, across(a) = sum_t p_t a_t, and
    total(a), average(a), highest(a), which run over the units of each trial.
    """

    expression: str
    rows: bool
    columns: bool


@dataclass(frozen=True)
class Contraction:
    """The mean over trials of a matrix (targets, sources), with weights p that add up to 1.

    parts, by name; expression, element by element on parts, matrices of edges and numbers; varying, the names in parts
    that stand for matrices (units, trials).
    """

    parts: Mapping[str, Part]
    expression: str
    varying: frozenset[str]


def contracted(expression: str, kind: Callable[[str], Kind]) -> Contraction | None:
    """Return the mean over trials of a matrix (targets, sources), or None where it cannot be written so.

    Arguments: expression, in the language of `neurosim.model.matrix`; kind, of each name.
    """
    writer, tree = _Writer(kind), ast.parse(expression.strip(), mode="eval").body
    try:
        if not writer.is_matrix(tree):
            return None
        found = writer.mean(tree)
    except _NotWritten:
        return None
    parts = _Parts(writer)
    text = ast.unparse(ast.fix_missing_locations(parts.visit(found)))
    varying = frozenset(name for name in names_in(expression) if kind(name).varies)
    return Contraction(parts.found, text, varying)


class _Parts(ast.NodeTransformer):
    """Takes out of a mean what is not worked out element by element."""

    def __init__(self, writer: _Writer) -> None:
        self.writer, self.found = writer, dict[str, Part]()

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the node with its parts named."""
        match node:
            case ast.Name() if (kind := self.writer.kind(node)).rows == kind.columns:
                return node
            case ast.Name() | ast.Attribute() | ast.BinOp(op=ast.MatMult()):
                return self.part(node)
            case ast.Call(func=ast.Name(id=name)) if name in APART:
                return self.part(node)
            case ast.Call():
                node.args = [self.visit(a) for a in node.args]  # type: ignore[misc]
                return node
        return self.generic_visit(node)

    def part(self, node: ast.expr) -> ast.Name:
        """Return the name of a part."""
        text, kind = ast.unparse(ast.fix_missing_locations(node)), self.writer.kind(node)
        part = Part(text, kind.rows, kind.columns)
        name = next((n for n, p in self.found.items() if p == part), f"part{len(self.found)}")
        self.found[name] = part
        return ast.Name(name, ast.Load())


def as_matrices(expression: str, level: Callable[[str], str]) -> str:
    """Return a change of one edge in the matrix language: names of its source as rows, of its target as columns."""
    rows = {name for name in names_in(expression) if level(name) == "pre"}
    tree = _Rows(rows).visit(ast.parse(expression.strip(), mode="eval").body)
    return ast.unparse(ast.fix_missing_locations(tree))


class _Rows(ast.NodeTransformer):
    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Attribute(node, "T", ast.Load()) if node.id in self.names else node


class _NotWritten(Exception):
    """This expression has no contraction."""


_WITHIN = {"sum": "total", "mean": "average", "max": "highest"}
_LINEAR = ("tril", "diag")


class _Writer:
    """Writes means; every node that it is given is left as it is."""

    def __init__(self, kind: Callable[[str], Kind]) -> None:
        self.known = kind
        self.terms = 0

    # What an expression is ---------------------------------------------------------------------------------------

    def kind(self, node: ast.AST) -> Kind:
        """Return what an expression stands for."""
        match node:
            case ast.Name(id=name):
                return self.known(name)
            case ast.Attribute(value=inner):
                rows, columns, varies = self.kind(inner)
                return Kind(columns, rows, varies)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                a, b = self.kind(left), self.kind(right)
                return Kind(a.rows, b.columns, a.varies or b.varies)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.of_call(name, [self.kind(a) for a in arguments])
            case ast.expr():
                parts = [
                    self.kind(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
                ]
                return self.together(parts)
        raise _NotWritten

    def of_call(self, name: str, kinds: list[Kind]) -> Kind:
        """Return what a call stands for."""
        together = self.together(kinds)
        if name == "outer":
            return Kind(True, True)
        if name == "across":
            return Kind(together.rows, together.columns)
        if name in _WITHIN or name in _WITHIN.values():
            return Kind(varies=together.varies)
        if name == "solve":
            return Kind(kinds[0].columns, kinds[1].columns, together.varies)
        if name == "diag":
            return Kind(True, not together.columns, together.varies)
        return together

    @staticmethod
    def together(kinds: list[Kind]) -> Kind:
        """Return what element by element comes of several."""
        return Kind(*(any(values) for values in zip(*kinds, strict=True))) if kinds else Kind()

    def varies(self, node: ast.AST) -> bool:
        """Return whether an expression differs from trial to trial."""
        return self.kind(node).varies

    def is_matrix(self, node: ast.AST) -> bool:
        """Return whether an expression has both rows and columns."""
        kind = self.kind(node)
        return kind.rows and kind.columns

    # Means -------------------------------------------------------------------------------------------------------

    def mean(self, node: ast.expr) -> ast.expr:
        """Return the mean of an expression over trials."""
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise _NotWritten
        if not self.varies(node):
            return deepcopy(node)
        match node:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                return ast.BinOp(self.mean(left), op, self.mean(right))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                return ast.UnaryOp(op, self.mean(operand))
            case ast.Attribute(value=inner):
                return _turned(self.mean(inner))
            case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _LINEAR:
                return _call(name, self.mean(inner))
            case ast.BinOp(left=left, op=ast.MatMult() as op, right=right) if not self.varies(left):
                return ast.BinOp(deepcopy(left), op, self.mean(right))
            case ast.BinOp(left=left, op=ast.MatMult() as op, right=right) if not self.varies(right):
                return ast.BinOp(self.mean(left), op, deepcopy(right))
        return self.mean_of_product(self.factors(node))

    def mean_of_product(self, factors: list[ast.expr]) -> ast.expr:
        """Return the mean of a product, element by element."""
        same = [f for f in factors if not self.varies(f)]
        varying = [f for f in factors if self.varies(f)]
        if not varying or (same and len(varying) == 1):
            return _product([*(deepcopy(f) for f in same), *map(self.mean, varying)])
        matrices = [at for at, factor in enumerate(factors) if self.varies(factor) and self.is_matrix(factor)]
        for at in matrices:
            matrix, rest = factors[at], [*factors[:at], *factors[at + 1 :]]
            match matrix:
                case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                    terms = (self.mean_of_product([*self.factors(term), *rest]) for term in (left, right))
                    return ast.BinOp(next(terms), op, next(terms))
                case ast.Attribute(value=inner):
                    return self.mean_of_product([*self.factors(_through(inner)), *rest])
            ends = self.ends(matrix)
            if ends is not None:
                return self.mean_of_product([*ends, *rest])
        if matrices:
            raise _NotWritten
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise _NotWritten
        return _product([*(deepcopy(f) for f in same), self.joined(varying)])

    def joined(self, varying: list[ast.expr]) -> ast.expr:
        """Return the mean of a product of numbers, columns and rows."""
        columns = [self.batch(f) for f in varying if not self.kind(f).columns]
        rows = [self.batch(f) for f in varying if self.kind(f).columns]
        if not rows:
            return _call("across", _product(columns))
        if not any(self.kind(f).rows for f in varying):
            return _turned(_call("across", _product([*columns, *rows])))
        return _call("outer", _product(columns), _product(rows))

    def factors(self, node: ast.expr) -> list[ast.expr]:
        """Return what an expression is the product of, element by element."""
        match node:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return [*self.factors(left), *self.factors(right)]
            case ast.BinOp(left=left, op=ast.Div(), right=right) if not (
                self.varies(right) and self.is_matrix(right)
            ):
                return [*self.factors(left), ast.BinOp(ast.Constant(1.0), ast.Div(), right)]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return [ast.Constant(-1.0), *self.factors(operand)]
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int(power))) if power in (
                2,
                3,
            ) and self.is_matrix(base):
                return [factor for _ in range(power) for factor in self.factors(base)]
        return [node]

    def ends(self, matrix: ast.expr) -> tuple[ast.expr, ast.expr] | None:
        """Return the column and the row that a matrix is the outer product of, or None."""
        if not isinstance(matrix, ast.BinOp) or not isinstance(matrix.op, ast.MatMult):
            return None
        left, op, right = matrix.left, matrix.op, matrix.right
        if not self.kind(left).columns and not self.kind(right).rows:
            return left, right
        if not self.varies(right) and (found := self.ends(left)) is not None:
            return found[0], ast.BinOp(found[1], op, right)
        if not self.varies(left) and (found := self.ends(right)) is not None:
            return ast.BinOp(left, op, found[0]), found[1]
        return None

    # All trials at once ------------------------------------------------------------------------------------------

    def batch(self, node: ast.expr) -> ast.expr:
        """Return a number, column or row of each trial, as (units, trials) or (1, trials); of a row the column."""
        kind = self.kind(node)
        if kind.rows and kind.columns:
            raise _NotWritten
        if not kind.varies:
            return _turned(deepcopy(node)) if kind.columns else deepcopy(node)
        match node:
            case ast.Name():
                return deepcopy(node)
            case ast.Attribute(value=inner):
                return self.batch(inner)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.batch_product(left, right)
            case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _WITHIN:
                return _call(_WITHIN[name], self.batch(inner))
            case ast.Call(func=ast.Name(id="solve"), args=[matrix, inner]) if not self.varies(matrix):
                return _call("solve", deepcopy(matrix), self.batch(inner))
            case ast.Call(func=ast.Name(id="tril" | "diag" | "solve")):
                raise _NotWritten
        copied = deepcopy(node)
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and name != "func":
                setattr(copied, name, self.batch(value))
            elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                setattr(copied, name, [self.batch(item) for item in value])
        return copied

    def batch_product(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """Return a product of which one side is a column or a row of each trial."""
        if not self.varies(left):
            return ast.BinOp(deepcopy(left), ast.MatMult(), self.batch(right))
        if not self.varies(right):
            return ast.BinOp(_turned(deepcopy(right)), ast.MatMult(), self.batch(left))
        if self.kind(left).rows or self.kind(right).columns:
            raise _NotWritten
        return _call("total", ast.BinOp(self.batch(left), ast.Mult(), self.batch(right)))


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _turned(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) else ast.Attribute(node, "T", ast.Load())


def _through(node: ast.expr) -> ast.expr:
    """Return the transpose of an expression, written on its parts."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult() as op, right=right):
            return ast.BinOp(_turned(right), op, _turned(left))
        case ast.BinOp(left=left, op=op, right=right):
            return ast.BinOp(_turned(left), op, _turned(right))
        case ast.UnaryOp(op=op, operand=operand):
            return ast.UnaryOp(op, _turned(operand))
        case ast.Attribute(value=inner):
            return inner
    raise _NotWritten


def _product(factors: list[ast.expr]) -> ast.expr:
    found = factors[0] if factors else ast.Constant(1.0)
    for factor in factors[1:]:
        found = ast.BinOp(found, ast.Mult(), factor)
    return found
