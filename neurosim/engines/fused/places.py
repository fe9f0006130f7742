"""What a name in a lowered statement is called in the printed program, and where in the loops it varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurosim.compiler.equations.forms import Link, Unit
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
class Place:
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


def modulator_place(name: str, part: Unit | Link, level: Level) -> Place:
    """Return the place of a modulator: the one element of another population's variable, or its elements at a level."""
    variable, population = name.split(OF)
    full = f"{population}__{variable}"
    return Place(full, level) if name in part.each else Place(f"{full}[0]", "step")


def draw_place(link: Link, name: str, storage: Storage) -> Place:
    """Return the place of a random number per edge: it is worked out where it is used."""
    call = f"{link.draws[name]}({link.name}___{name}_key, k, {{}})"
    return Place(name, "edge", drawn=f"{storage.real}({call})" if storage.real else call)


def unit_place(unit: Unit, name: str, storage: Storage) -> Place:
    """Return the place of a name in a block of a unit (level neuron, index i)."""
    if name in _CLOCK:
        return Place(*_CLOCK[name])
    if OF in name:
        return modulator_place(name, unit, "neuron")
    full = f"{unit.name}__{name}"
    return Place(full, "run" if full in storage.numbers else "neuron")


def link_place(link: Link, name: str, storage: Storage) -> Place:
    """Return the place of a name in a block of a link (levels pre, post, edge)."""
    if name in _CLOCK:
        return Place(*_CLOCK[name])
    if OF in name:
        return modulator_place(name, link, "post")
    if name in link.draws:
        return draw_place(link, name, storage)
    full = f"{link.name}__{name}"
    if full in storage.numbers:
        return Place(full, "run")
    if name in link.traces:
        return Place(full, link.traces[name].place, f"{full}___now" if full in storage.scaled else "")
    if name in link.totals:
        return Place(full, link.totals[name].place)
    if full in storage.arrays:
        return Place(full, "edge")
    for end, owner in (("pre", link.source), ("post", link.target)):
        if name.endswith(f"_{end}"):
            full = f"{owner}__{name.removesuffix(f'_{end}')}"
            return Place(full, "run" if full in storage.numbers else end)  # type: ignore[arg-type]
    raise KeyError(name)
