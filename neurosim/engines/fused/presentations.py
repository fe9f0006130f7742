"""Prints what a program does with a batch of patterns: each presented in turn, and one mean of all changes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations
from neurosim.compiler.schedule.contraction import Contraction
from neurosim.compiler.schedule.program import Block, Program
from neurosim.compiler.schedule.sharing import Mean, split
from neurosim.engines.fused.aligned import aligned
from neurosim.engines.fused.context import indent, size
from neurosim.engines.fused.locations import Location, projection_location
from neurosim.engines.fused.storage import Storage
from neurosim.model.expressions import Statement, names_in
from neurosim.model.functions import FUNCTIONS
from neurosim.model.matrix import FUNCTIONS as MATRIX_FUNCTIONS

if TYPE_CHECKING:
    from neurosim.engines.fused.printer import Printer

SHARE = "__share"
"""The share of one presentation in the sums of changes."""
_PLAIN = frozenset(name for name, f in FUNCTIONS.items() if f.numpy.startswith("numpy:"))
_PLAIN |= {"clip", "int", *MATRIX_FUNCTIONS}
"""Functions of whole arrays in the compiled loop."""


def in_one_call(program: Program, delayed: bool) -> bool:
    """Return whether a batch can be presented in one call: nothing has to be made room for or done between steps.

    delayed, whether there are lists of arriving spikes.
    """
    equations = program.equations
    structured = any(p.plasticity.structure is not None for p in equations.projections.values())
    return not (equations.probes or structured or delayed)


def dynamic(program: Program) -> Iterator[tuple[PopulationEquations, str]]:
    """Yield the states of models that follow differential equations."""
    for population in program.equations.populations.values():
        yield from ((population, n) for n in population.dynamics if n in population.states)


def add_storage(program: Program, storage: Storage) -> None:
    """Add where dynamic states start and their values of the step before."""
    for population, name in dynamic(program):
        full = f"{population.name}__{name}"
        start = np.broadcast_to(population.states[name], (population.size,))
        storage.arrays[f"{full}___start"] = aligned(start.astype(storage.dtype))
        storage.arrays[f"{full}___before"] = aligned(np.zeros(population.size, storage.dtype))
    storage.arrays["___shares"] = aligned(np.zeros(0, storage.dtype))
    if storage.dtype != np.float64:
        return
    for block in program.presentation:
        if block.kind == "accumulate":
            for mean in means(program, block, storage)[0]:
                for name in sorted(mean.contraction.varying):
                    array = shown(program.equations.projections[block.owner], name, storage)
                    storage.arrays[f"{array}___shown"] = np.zeros((0, storage.arrays[array].size))


def shown(projection: ProjectionEquations, name: str, storage: Storage) -> str:
    """Return the array whose values in each presentation a name of a projection stands for."""
    return projection_location(projection, name, storage).text.removesuffix("[0]")


def means(program: Program, block: Block, storage: Storage) -> tuple[list[Mean], Block]:
    """Return what a block adds that is found for all patterns at once, and a block with the rest of it."""
    projection = program.equations.projections.get(block.owner)
    if projection is not None and projection.kernel is not None:
        return [], block
    if storage.dtype != np.float64 or not all(_printable(s.expression) for s in block.statements):
        return [], block
    return split(
        program, block, lambda projection, name: projection_location(projection, name, storage).level
    )


def _printable(expression: str) -> bool:
    for node in ast.walk(ast.parse(expression.strip(), mode="eval")):
        chained = isinstance(node, ast.Compare) and len(node.ops) > 1
        other = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in _PLAIN
        if chained or other or isinstance(node, ast.BoolOp | ast.Not | ast.Mod | ast.FloorDiv):
            return False
    return True


@dataclass
class PresentationPrinter:
    """Prints what is done after each pattern of a batch, and after all of them (see `loops.present`)."""

    printer: Printer

    @property
    def program(self) -> Program:
        """The program."""
        return self.printer.context.program

    def parts(self) -> Iterator[tuple[Block, list[Mean], Block]]:
        """Yield each block 'accumulate', what it adds for all patterns at once, and the rest of it."""
        for block in self.program.presentation:
            if block.kind == "accumulate":
                yield block, *means(self.program, block, self.printer.context.storage)

    def each(self) -> list[list[str]]:
        """Return the calls after a pattern: changes that are added one by one, and what the means read is kept."""
        added = [self.printer.presented(rest) for _, _, rest in self.parts() if rest.statements]
        kept = self.store([(block, mean) for block, found, _ in self.parts() for mean in found])
        return [*added, *map(self.printer.finished, kept)]

    def means(self) -> list[list[str]]:
        """Return the calls after all patterns."""
        finished = self.printer.finished
        return [finished(self.mean(block, mean)) for block, found, _ in self.parts() for mean in found]

    def store(self, together: list[tuple[Block, Mean]]) -> list[list[str]]:
        """Return the calls that keep what the means read of this pattern."""
        lines: dict[str, list[str]] = {}
        storage = self.printer.context.storage
        for block, mean in together:
            projection = self.program.equations.projections[block.owner]
            for name in sorted(mean.contraction.varying):
                array, place = (
                    shown(projection, name, storage),
                    projection_location(projection, name, storage),
                )
                value = f"{array}[i]" + (f" * {place.scale}" if place.scale else "")
                lines[array] = [f"for i in range({array}.size):", f"    {array}___shown[row, i] = {value}"]
        return list(lines.values())

    def written(self, contraction: Contraction) -> list[str]:
        """Return the lines that work out the parts, whatever is called more than once only once."""
        texts = [self.printer.matrices.rendered(part.expression) for part in contraction.parts.values()]
        once = _Once()
        parts = [once.text(text) for text in texts]
        calls = [f"{name} = {text}" for text, name in once.names.items()]
        return [*calls, *(f"{name} = {text}" for name, text in zip(contraction.parts, parts, strict=True))]

    def mean(self, block: Block, mean: Mean) -> list[str]:
        """Return the lines that add the mean change of all weights of a projection to its sum."""
        projection, context = self.program.equations.projections[block.owner], self.printer.context
        contraction, storage, matrices = mean.contraction, context.storage, self.printer.matrices

        def edges(name: str) -> str:
            own = "w" if block.matrix and name == "W" else name
            return context.matrix(projection, projection_location(projection, own, storage).text)

        def value(name: str) -> str:
            if name in contraction.varying:
                return f"{shown(projection, name, storage)}___shown.T"
            edge = projection_location(projection, "w" if name == "W" else name, storage).level == "edge"
            return f"{edges(name)}.T" if edge else matrices.value(projection, name)

        def location(name: str) -> Location:
            part = contraction.parts.get(name)
            if part is not None:
                place = f"{name}[{'i' if part.rows else 0}, {'j' if part.columns else 0}]"
                return Location(place, "step")
            if (
                name == mean.target
                or name == "W"
                or projection_location(projection, name, storage).level == "edge"
            ):
                return Location(edges(name), "edge")
            return projection_location(projection, name, storage)

        read = sorted({name for part in contraction.parts.values() for name in names_in(part.expression)})
        change = Statement(mean.target, "+=", f"_all_shares * ({contraction.expression})")
        source, goal = (size(context.population(n)) for n in (projection.source, projection.target))
        return [
            *(f"m_{name} = {value(name)}" for name in read),
            *self.written(contraction),
            f"for j in range({source}):",
            f"    for i in range({goal}):",
            *indent(context.statements([change], location, lambda place: "j, i"), 2),
        ]


class _Once(ast.NodeTransformer):
    """Gives every call a name, in an order in which each may follow those within it."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def text(self, expression: str) -> str:
        return ast.unparse(ast.fix_missing_locations(self.visit(ast.parse(expression, mode="eval"))))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        return ast.Name(self.names.setdefault(ast.unparse(node), f"call{len(self.names)}"), ast.Load())
