"""Prints what rules do to kernels: the mean over positions of what they ask for at each, then what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.schedule.contraction import as_matrices
from neurosim.compiler.schedule.program import Block
from neurosim.engines.fused.context import Context, indent
from neurosim.engines.fused.locations import Location, projection_location
from neurosim.engines.fused.matrices import MatrixPrinter
from neurosim.model.expressions import Statement


@dataclass
class KernelPrinter:
    """Prints the blocks of presentations of a projection whose edges share kernels."""

    context: Context
    matrices: MatrixPrinter

    def presented(self, block: Block, share: str) -> list[str]:
        """Return the lines of a block: it adds a share of the change, or makes the change that was added up."""
        projection = self.context.program.equations.projections[block.owner]
        if block.kind == "accumulate":
            return [line for statement in block.statements for line in self.added(block, statement, share)]
        return self.changed(projection, block.statements)

    def added(self, block: Block, statement: Statement, share: str) -> list[str]:
        """Return the loop over positions, each as a projection from its window to all features."""
        projection, text = self.context.program.equations.projections[block.owner], statement.expression
        if not block.matrix:
            text = as_matrices(
                text, lambda name: projection_location(projection, name, self.context.storage).level
            )
        mean = replace(statement, expression=f"_part*({text})")
        positions = f"{projection.name}___pre_at.shape[0]"
        change = self.matrices.change(replace(block, statements=(mean,), matrix=True))
        return [f"_part = {share} / {positions}", f"for position in range({positions}):", *indent(change)]

    def changed(self, projection: ProjectionEquations, statements: Sequence[Statement]) -> list[str]:
        """Return the loop over all weights."""

        def location(name: str) -> Location:
            return replace(projection_location(projection, name, self.context.storage), through="")

        body = self.context.statements(statements, location, lambda place: "x")
        return [f"for x in range({projection.name}__w.size):", *indent(body)]
