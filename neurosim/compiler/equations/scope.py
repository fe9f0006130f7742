"""The names of a population or projection while it is written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import second

from neurosim.compiler.equations.dimensions import expect
from neurosim.compiler.equations.draws import Draw, Kind, with_draws
from neurosim.compiler.equations.forms import End, PopulationEquations, Ref, Variables
from neurosim.compiler.equations.names import ACTIVE, CLOCK, RESERVED, check_variable, part_of
from neurosim.compiler.equations.noise import white_noises
from neurosim.compiler.equations.timed import Timed
from neurosim.compiler.equations.wiring import Drawn
from neurosim.errors import DescriptionError, SignalMissing
from neurosim.model.expressions import CONSTANTS, names_in
from neurosim.model.network import Network
from neurosim.model.parameters import Parameter
from neurosim.model.units import DIMENSIONLESS, Dimension, units_in
from neurosim.model.values import resolve, value_dimension


@dataclass
class Scope:
    """The names that the texts of one part of a network may hold; writers declare them one after the other.

    name, of the part; where, the part in messages; own, the reserved name that the part itself declares; seed, of
    random values; edges, the connections of a projection, whose constants may have one value for each.
    """

    name: str
    where: str
    own: str
    seed: int
    edges: Drawn | None = None
    dimensions: dict[str, Dimension] = field(default_factory=lambda: dict(CLOCK))
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    states: dict[str, np.ndarray] = field(default_factory=dict)
    draws: dict[str, Draw] = field(default_factory=dict)
    refs: dict[str, Ref] = field(default_factory=dict)
    lates: dict[str, Ref] = field(default_factory=dict)

    @property
    def variables(self) -> Variables:
        """What has been declared."""
        return Variables(self.dimensions, self.constants, self.states, self.draws, self.refs)

    def declare(self, name: str, dim: Dimension) -> str:
        """Note the dimension of a new name that users see."""
        check_variable(name, {*self.dimensions, *RESERVED - {self.own}}, self.where)
        return self.add(name, dim)

    def add(self, name: str, dim: Dimension) -> str:
        """Note the dimension of a name that is made by the compiler."""
        self.dimensions[name] = dim
        return name

    def refer(self, name: str, ref: Ref, dim: Dimension) -> str:
        """Note what a name stands for that belongs to another part."""
        self.refs[name] = ref
        return self.add(name, dim)

    def late(self, name: str) -> str:
        """Return a name for what reaches a synapse of a variable of one of its ends, which a name stands for."""
        found = part_of(name, "late")
        self.lates[found] = self.refs[name]
        return self.add(found, self.dimensions[name])

    def constant(self, name: str, value: Any, size: int | None = None) -> None:
        """Note a constant: a value with its unit, one number or one of each neuron (`size`) or connection."""
        where = f"{self.name}.{name}"
        dim = value_dimension(value, where)
        self.declare(name, dim)
        if size is None and self.edges is not None:
            self.constants[name] = self.edges.resolve(value, dim, self.seed, where)
        else:
            self.constants[name] = resolve(value, dim, size or 1, self.seed, where)

    def units(self, text: str, known: Iterable[str]) -> dict[str, str]:
        """Return the constants that stand for the units in a text, by the names of the units, such as mV.

        Arguments: known, names that are something else in the text.
        """
        return {
            name: self.made(part_of("unit", name), unit)
            for name, unit in units_in(text, (*known, *CLOCK)).items()
        }

    def parameter(self, name: str, value: Any, size: int | None, declared: Parameter) -> None:
        """Note a parameter as a constant, with a check of what is drawn for it; size, as of `constant`."""
        self.constant(name, value, size)
        declared.check_bounds(self.constants[name], f"{self.name}.{name}")

    def made(self, name: str, value: Any) -> str:
        """Note a constant that is made by the compiler, with its unit."""
        dim = value_dimension(value, self.where)
        self.constants[name] = resolve(value, dim, 1, self.seed, self.where)
        return self.add(name, dim)

    def noises(self, text: str | None, own: Iterable[str], *owner: str) -> dict[str, str]:
        """Return the white noises that a text reads, each with its expression of one draw per step.

        Arguments: own, what else the text may read under such names; owner, the prefix of the rule that draws.
        """
        found = {}
        for xi in white_noises(text or "0", own):
            name = part_of(*owner, "draw", xi)
            if name not in self.draws:
                self.draw("normal", *owner, "draw", xi)
            found[xi] = f"({name} / sqrt(dt))"
        return found

    def drawn(self, text: str, *owner: str, whole: bool = False) -> str:
        """Return an expression with random numbers replaced by names that hold one draw per step.

        Arguments: owner, the prefix of the rule that draws, if it is one; whole, to draw Poisson numbers of a constant
        mean as such.
        """

        def draw(call: str, kind: Kind, mean: str = "") -> str:
            if mean:
                expect(mean, DIMENSIONLESS, self.dimensions, f"{self.where}: poisson")
            return self.draw(kind, *owner, call, "draw", str(len(self.draws)), mean=mean)

        return with_draws(text, draw, {"dt", *CONSTANTS, *self.constants} if whole else (), self.where)

    def draw(self, kind: Kind, *parts: str, mean: str = "") -> str:
        """Return the name of a random number that is drawn at every step, from the parts of its name."""
        name = part_of(*parts)
        self.draws[name] = Draw(kind, "_".join(parts), mean)
        return self.add(name, DIMENSIONLESS)

    def look(self, timed: Timed, signal: str, late: str) -> str:
        """Return the name of what a signal is in every step, or was `late` (an expression in seconds) before."""
        for name in sorted(names_in(late or "0") - self.constants.keys() - {"dt", *CONSTANTS}):
            raise DescriptionError(
                f"{self.where}: {signal}(t - ...) reads '{name}', which is no parameter here: use parameters"
            )
        if late:
            expect(late, second.dim, self.dimensions, f"{self.where}: {signal}(t - ...)")
        for name, draw in self.draws.items():
            if draw.timed is timed and draw.late == late:
                return name
        found = part_of(signal, "at", str(len(self.draws)))
        self.draws[found] = Draw("signal", found, timed=timed, late=late)
        return self.add(found, timed.dimension)

    def modulator(self, network: Network, population: str, size: int, title: str) -> str:
        """Return the name of a modulator: the output of one neuron, or of as many as there are here (`size`)."""
        source = network.populations.get(population)
        if source is None or source.model.output is None:
            raise SignalMissing(
                f"{title}: it needs the modulator '{population}', one unit with a graded output: add "
                f"Population('{population}', 1, Signal()) or name another"
            )
        if source.size not in (1, size):
            raise DescriptionError(
                f"{title}: its modulator '{population}' has {source.size} units: give it 1, or {size}, one for each "
                "neuron"
            )
        ref = Ref(population, "output", "one" if source.size == 1 else "each")
        return self.refer(
            part_of("output", "of", population), ref, source.model.parsed()[source.model.output].dim
        )

    def ends(self, populations: Mapping[End, PopulationEquations]) -> None:
        """Refer to all variables of the populations at the two ends of a projection ('pre' and 'post')."""
        for end, population in populations.items():
            for name, dim in population.dimensions.items():
                if name not in {*CLOCK, ACTIVE, *population.refs}:
                    self.refer(part_of(name, end), Ref(population.name, name, end), dim)
