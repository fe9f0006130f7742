"""What a name in a lowered statement is called in the printed program, and where in the loops it varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations, Ref
from neurosim.engines.fused.storage import Storage

Level = Literal["run", "step", "neuron", "pre", "post", "edge"]
_CLOCK: dict[str, tuple[str, Level]] = {
    "t": ("t", "step"),
    "dt": ("dt", "run"),
    "t_in_timesteps": ("k", "step"),
}


@dataclass(frozen=True)
class Location:
    """A name as printed: `text`, an array indexed by the loop variable of its level, or a number (levels run, step).

    scale, the name of the factor by which the array's elements are multiplied, if it is held scaled; through, for what
    is not found at the index itself, the text that gives it, with {} for the index: the call of a random number, or an
    element of another array.
    """

    text: str
    level: Level
    scale: str = ""
    through: str = ""

    def at(self, index: str) -> str:
        """Return the text of one element, or of the number."""
        if self.through:
            return self.through.format(index)
        return self.text if self.level in ("run", "step") else f"{self.text}[{index}]"

    def read(self, index: str) -> str:
        """Return the text of the value at an index."""
        return f"({self.at(index)} * {self.scale})" if self.scale else self.at(index)

    def write(self, index: str, op: str, value: str) -> str:
        """Return the assignment of a value at an index."""
        scaled = self.scale and op in ("=", "+=", "-=")
        return (
            f"{self.at(index)} {op} ({value}) / {self.scale}" if scaled else f"{self.at(index)} {op} {value}"
        )


def ref_location(ref: Ref, level: Level, storage: Storage, driver: str = "") -> Location:
    """Return the location of a variable of another population; level, where one for each neuron varies.

    Arguments: driver, which neuron drives the weight of an edge, with {} for the edge.
    """
    full = f"{ref.owner}__{ref.name}"
    if ref.end == "edge":
        return Location(full, "edge", through=f"{full}[{driver}]")
    if ref.end == "one":
        return Location(f"{full}[0]", "step")
    if full in storage.numbers:
        return Location(full, "run")
    if ref.end == "pre" or ref.end == "post":
        return Location(full, ref.end)
    return Location(full, "edge" if ref.end == "matrix" else level)


def draw_location(projection: ProjectionEquations, name: str, storage: Storage) -> Location:
    """Return the location of a random number per edge: it is worked out where it is used."""
    call = f"{projection.draws[name].kind}({projection.name}___{name}_key, k, {{}})"
    return Location(name, "edge", through=f"{storage.real}({call})" if storage.real else call)


def population_location(population: PopulationEquations, name: str, storage: Storage) -> Location:
    """Return the location of a name in a block of a unit (level neuron, index i)."""
    if name in _CLOCK:
        return Location(*_CLOCK[name])
    if name in population.refs:
        return ref_location(population.refs[name], "neuron", storage)
    full = f"{population.name}__{name}"
    return Location(full, "run" if full in storage.numbers else "neuron")


def projection_location(projection: ProjectionEquations, name: str, storage: Storage) -> Location:
    """Return the location of a name in a block of a projection (levels pre, post, edge)."""
    if name in _CLOCK:
        return Location(*_CLOCK[name])
    if name in projection.refs:
        return ref_location(projection.refs[name], "post", storage, f"{projection.name}___driver[{{}}]")
    if name in projection.draws:
        return draw_location(projection, name, storage)
    full = f"{projection.name}__{name}"
    if full in storage.numbers:
        return Location(full, "run")
    if name in projection.traces:
        return Location(
            full, projection.traces[name].level, f"{full}___now" if full in storage.scaled else ""
        )
    if name in projection.late:
        return Location(full, projection.late_level(name))
    if name in projection.totals:
        return Location(full, projection.totals[name].level)
    if projection.kernel is not None:
        return Location(full, "edge", through=f"{full}[{projection.name}___kernel[{{}}]]")
    return Location(full, "edge")
