"""What a name in a lowered statement is called in the printed program, and where in the loops it varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations
from neurosim.compiler.equations.names import OF
from neurosim.engines.fused.storage import Storage

Level = Literal["run", "step", "neuron", "pre", "post", "edge"]
_CLOCK: dict[str, tuple[str, Level]] = {
    "t": ("t", "step"),
    "dt": ("dt", "run"),
    "t_in_timesteps": ("k", "step"),
    "share": ("share", "run"),
}


@dataclass(frozen=True)
class Location:
    """A name as printed: `text`, an array indexed by the loop variable of its level, or a number (levels run, step).

    scale, the name of the factor by which the array's elements are multiplied, if it is held scaled; drawn, for a
    random number, the call that gives the one at an index, with {} for the index.
    """

    text: str
    level: Level
    scale: str = ""
    drawn: str = ""

    def at(self, index: str) -> str:
        """Return the text of one element, or of the number."""
        if self.drawn:
            return self.drawn.format(index)
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


def modulator_location(name: str, part: PopulationEquations | ProjectionEquations, level: Level) -> Location:
    """Return the location of a modulator: one element of another population's variable, or all at a level."""
    variable, owner = name.split(OF)
    full = f"{owner}__{variable}"
    return Location(full, level) if name in part.each else Location(f"{full}[0]", "step")


def draw_location(projection: ProjectionEquations, name: str, storage: Storage) -> Location:
    """Return the location of a random number per edge: it is worked out where it is used."""
    call = f"{projection.draws[name]}({projection.name}___{name}_key, k, {{}})"
    return Location(name, "edge", drawn=f"{storage.real}({call})" if storage.real else call)


def population_location(population: PopulationEquations, name: str, storage: Storage) -> Location:
    """Return the location of a name in a block of a unit (level neuron, index i)."""
    if name in _CLOCK:
        return Location(*_CLOCK[name])
    if OF in name:
        return modulator_location(name, population, "neuron")
    full = f"{population.name}__{name}"
    return Location(full, "run" if full in storage.numbers else "neuron")


def projection_location(projection: ProjectionEquations, name: str, storage: Storage) -> Location:
    """Return the location of a name in a block of a projection (levels pre, post, edge)."""
    if name in _CLOCK:
        return Location(*_CLOCK[name])
    if OF in name:
        return modulator_location(name, projection, "post")
    if name in projection.draws:
        return draw_location(projection, name, storage)
    full = f"{projection.name}__{name}"
    if full in storage.numbers:
        return Location(full, "run")
    if name in projection.traces:
        return Location(
            full, projection.traces[name].level, f"{full}___now" if full in storage.scaled else ""
        )
    if name in projection.totals:
        return Location(full, projection.totals[name].level)
    if full in storage.arrays:
        return Location(full, "edge")
    for end, owner in (("pre", projection.source), ("post", projection.target)):
        if name.endswith(f"_{end}"):
            full = f"{owner}__{name.removesuffix(f'_{end}')}"
            return Location(full, "run" if full in storage.numbers else end)  # type: ignore[arg-type]
    raise KeyError(name)
