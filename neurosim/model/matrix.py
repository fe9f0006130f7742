"""The matrix language of rules that are not local: `@ .T tril diag solve sum mean max` beside ordinary expressions.

Every value is a matrix, a column (one row per unit) or a number. diag of a column is the matrix with it on the
diagonal, diag of a matrix the column of its diagonal; sum, mean and max run over all elements; solve(A, b) is A^-1 b.
"""

from __future__ import annotations

import ast

from neurosim.errors import DescriptionError
from neurosim.model.expressions import check_node, parse

FUNCTIONS = frozenset({"tril", "diag", "solve", "sum", "mean", "max"})


def check_matrix_expression(text: str, where: str) -> ast.expr:
    """Return the parsed matrix expression; raises DescriptionError for what is not part of the language."""
    tree = parse(text, where)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr != "T":
                raise DescriptionError(f"{where}: '.{node.attr}' is not allowed: only the transpose, .T")
        elif not isinstance(node, ast.MatMult):
            check_node(node, where, FUNCTIONS)
    return tree.body


class _Scalars(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            return ast.BinOp(node.left, ast.Mult(), node.right)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            return (
                ast.BinOp(node.args[1], ast.Div(), node.args[0]) if node.func.id == "solve" else node.args[0]
            )
        return node


def scalar_form(text: str) -> str:
    """Return an ordinary expression of the same dimension: what the matrix expression is for one unit."""
    tree = ast.parse(text.strip(), mode="eval")
    return ast.unparse(ast.fix_missing_locations(_Scalars().visit(tree)))
