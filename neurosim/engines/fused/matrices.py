"""Prints the blocks of rules in the matrix language: whole arrays, by numpy inside the compiled loop."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.schedule.contraction import OVER_TRIALS, WITHIN_TRIALS
from neurosim.compiler.schedule.program import Block
from neurosim.engines.fused.context import Context, indent, is_local
from neurosim.engines.fused.locations import projection_location
from neurosim.engines.fused.render import CONSTANT_TEXTS
from neurosim.model.expressions import Rewriter, names_in
from neurosim.model.expressions import expression as parsed
from neurosim.model.functions import FUNCTIONS

# Functions of columns and matrices; what is not here is called by its name in numpy.
_CALLS = {
    "diag": "diagonal",
    "solve": "np.linalg.solve",
    "clip": "np.clip",
    "int": "whole",
    **{name: name for name in WITHIN_TRIALS},
    **{name: name for name in OVER_TRIALS},
}


@dataclass
class MatrixPrinter:
    """Prints a change of all weights of a dense projection as one matrix expression."""

    context: Context

    def change(self, block: Block) -> list[str]:
        """Return the lines that work out the matrix and add it to the weights, or to their sum over presentations."""
        projection = self.context.program.equations.projections[block.owner]
        first, rest = block.statements[0], block.statements[1:]
        sources, targets = self.context.shape(projection)
        target = projection_location(projection, first.target, self.context.storage).text
        names = sorted(names_in(first.expression))
        lines = [f"m_{n} = {self.value(projection, n)}" for n in names if not is_local(n)]
        text = self.rendered(first.expression)
        body = [f"{self.context.matrix(projection, target)}[j, i] += m_change[i, j]"]
        if rest:
            places = {
                n: projection_location(projection, n, self.context.storage)
                for s in rest
                for n in (s.target, *names_in(s.expression))
            }
            clipped = self.context.statements(
                rest, places.__getitem__, lambda place: "j * " + targets + " + i"
            )
            body += clipped
        return [
            *lines,
            f"m_change = {text}",
            f"for j in range({sources}):",
            f"    for i in range({targets}):",
            *indent(body, 2),
        ]

    @staticmethod
    def rendered(expression: str) -> str:
        """Return an expression of the matrix language, or of a `Contraction`, on the names m_... of whole arrays."""
        return _Rendered().text(expression)

    def value(self, projection: ProjectionEquations, name: str) -> str:
        """Return the text of a name as a matrix (targets, sources), a column, or a number."""
        ref = projection.refs.get(name)
        if ref is not None and ref.end == "matrix":
            other = self.context.program.equations.projections[ref.owner]
            return f"{other.name}__w.reshape(({', '.join(self.context.shape(other))})).T"
        place = projection_location(projection, "w" if name == "W" else name, self.context.storage)
        if place.level == "edge":
            return f"{place.text}.reshape(({', '.join(self.context.shape(projection))})).T"
        if place.level in ("run", "step"):
            return place.text
        if projection.kernel is not None:
            return f"{place.text}[{projection.name}___{place.level}_at[position]].reshape((-1, 1))"
        scaled = f" * {place.scale}" if place.scale else ""
        return f"{place.text}.reshape((-1, 1)){scaled}"


class _Rendered(Rewriter):
    def text(self, expression: str) -> str:
        return ast.unparse(self.visit(parsed(expression).tree))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        form = FUNCTIONS[name].numpy.partition(":")[2] if name in FUNCTIONS else name
        call = ast.parse(_CALLS.get(name, f"np.{form}"), mode="eval").body
        weights = [ast.Name("weights", ast.Load())] if name in OVER_TRIALS else []
        return ast.Call(call, [*(self.visit(argument) for argument in node.args), *weights], [])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        text = node.id if is_local(node.id) else CONSTANT_TEXTS.get(node.id, f"m_{node.id}")
        return ast.parse(text, mode="eval").body
