"""The matrix language of non-local rules: `@ .T tril diag solve sum mean max` in addition to ordinary expressions.

Every value is a matrix, a column (one row per neuron) or a number. diag of a column is the matrix with that column on
its diagonal, diag of a matrix the column of its diagonal; sum, mean and max run over all elements; solve(A, b) is
A^-1 b.
"""

from __future__ import annotations

import ast
from typing import Any

from neurosim.errors import DescriptionError
from neurosim.model.expressions import Rewriter, check_node, expression, made, parse
from neurosim.model.functions import FUNCTIONS as ALL

FUNCTIONS = frozenset({"tril", "diag", "solve", "sum", "mean", "max"})


_SCALAR = frozenset(name for name, row in ALL.items() if not row.numpy.startswith("numpy:")) - {"clip"}


def check_matrix_expression(text: str, where: str) -> ast.expr:
    """Return the parsed matrix expression; raises DescriptionError for what is not part of the language."""
    tree = parse(text, where)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr != "T":
                raise DescriptionError(f"{where}: '.{node.attr}' is not allowed: only the transpose, .T")
        elif not isinstance(node, ast.MatMult):
            check_node(node, where, FUNCTIONS)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SCALAR:
            raise DescriptionError(
                f"{where}: {node.func.id} takes numbers, not matrices: write it with exp and log"
            )
    return tree


class _Scalars(Rewriter):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        operator = ast.Mult() if isinstance(node.op, ast.MatMult) else node.op
        return ast.BinOp(self.visit(node.left), operator, self.visit(node.right))

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        return self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> Any:
        arguments = [self.visit(argument) for argument in node.args]
        if not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
            return ast.Call(node.func, arguments, [])
        return ast.BinOp(arguments[1], ast.Div(), arguments[0]) if node.func.id == "solve" else arguments[0]


def scalar_form(text: str) -> str:
    """Return an ordinary expression of the same dimension: the matrix expression for a single neuron."""
    return made(_Scalars().visit(expression(text).tree)).text
