"""What the printers of blocks share: the program, its storage, invariant expressions, and a few words of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from neurosim.compiler.equations.forms import PopulationEquations, Probe, ProjectionEquations
from neurosim.compiler.schedule.program import Program
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.fused.locations import Location
from neurosim.engines.fused.render import Hoist, Render
from neurosim.engines.fused.storage import Storage
from neurosim.model.expressions import Statement


def indent(lines: Sequence[str], by: int = 1) -> list[str]:
    """Return the lines moved to the right by whole levels."""
    return ["    " * by + line for line in lines]


def size(population: PopulationEquations) -> str:
    """Return the name of the number of units, an argument so that another size needs no compiling."""
    return f"{population.name}___size"


def is_local(name: str) -> bool:
    """Return whether a name of a statement is a variable of the loop body."""
    return name.startswith("_") or name == "active"


@dataclass
class Context:
    """program and storage of one network; externals by name; hoist, what is worked out before the first step."""

    program: Program
    storage: Storage
    externals: Mapping[str, ExternalFunction]
    hoist: Hoist = field(default_factory=Hoist)

    def population(self, name: str) -> PopulationEquations:
        """Return a unit by name."""
        return self.program.equations.populations[name]

    def statements(
        self,
        statements: Sequence[Statement],
        location: Callable[[str], Location],
        index: Callable[[Location], str],
    ) -> list[str]:
        """Return assignments with every name at its index, a scaled trace multiplied out (see `storage.Scale`)."""

        def resolve(name: str) -> tuple[str, bool]:
            if is_local(name):
                return name, False
            found = location(name)
            return found.read(index(found)), found.level == "run"

        render = Render(resolve, self.hoist, self.storage.real)
        lines = []
        for statement in statements:
            text = render.text(statement.expression)
            if is_local(statement.target):
                lines.append(f"{statement.target} {statement.op} {text}")
                continue
            target = location(statement.target)
            lines.append(target.write(index(target), statement.op, text))
        return lines

    def recorders(self, target: str | None, spikes: bool) -> list[tuple[int, Probe]]:
        """Return the recorders of spikes, or of states, with their numbers; of one target or all."""
        every = enumerate(self.program.equations.probes)
        return [(i, r) for i, r in every if (r.variable == "spikes") == spikes and target in (None, r.target)]

    def shape(self, projection: ProjectionEquations) -> tuple[str, str]:
        """Return the names of the numbers of rows and columns of the weights of all pairs, or of a kernel."""
        if projection.kernel is not None:
            return f"{projection.name}___inputs", f"{projection.name}___features"
        return size(self.population(projection.source)), size(self.population(projection.target))

    def matrix(self, projection: ProjectionEquations, array: str) -> str:
        """Return the name of weights of all pairs seen as a matrix (sources, targets), made before the first step.

        A view made inside the loops would be counted by numba each time, and an index j*n + i keeps a loop over i from
        filling vectors.
        """
        shape = ", ".join(self.shape(projection))
        return self.hoist.name(f"matrix({array}, {shape})", f"{array}___matrix")

    @staticmethod
    def spikes_of(name: str, delay: str = "") -> list[str]:
        """Return the loop over the spikes of this step, or of `delay` steps ago, whose unit is `spike`."""
        # A negative position counts from the end of the ring, as everywhere in numpy; rows not yet written hold no
        # spikes. No view of the row: numba would count its references in every step.
        at = f"{name}___now - {delay}" if delay else f"{name}___now"
        return [
            f"past = {at}",
            f"for m in range({name}___count[past]):",
            f"    spike = {name}___ring[past, m]",
        ]
