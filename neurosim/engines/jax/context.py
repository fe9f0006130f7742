"""What the blocks of one step work on: the values so far, by 'owner.variable', and how to compute with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
from jax import Array

from neurosim.compiler.equations.forms import PopulationEquations, ProjectionEquations
from neurosim.compiler.equations.names import CLOCK, clock
from neurosim.compiler.schedule.program import Program
from neurosim.engines.jax.driven import gathered
from neurosim.engines.jax.held import Held
from neurosim.engines.jax.surrogate import Surrogate
from neurosim.engines.jax.trials import over_trials
from neurosim.model.evaluate import Table


@dataclass(frozen=True)
class Settings:
    """How a program computes: dtype of its numbers; surrogate of the threshold; whether gradients ignore resets."""

    dtype: str = "float32"
    surrogate: Surrogate = field(default_factory=Surrogate)
    detach_reset: bool = False


@dataclass
class Context:
    """One step under way.

    values, all variables by 'owner.variable' and the engine's own by 'owner/name'; step, its number; inputs, values of
    signal populations and spikes of sources; trials, () or, of a batch, (trials,), the axis that follows all others;
    samples, what recorders have taken; held, what is imposed on variables from outside, by 'owner.variable'.
    A variable of a batch has the shape (size, trials), or (size, 1) if it is the same in all trials, or is one number;
    the step is one number, or (trials,) where trials do not begin together.
    """

    program: Program
    settings: Settings
    values: dict[str, Any]
    step: Array
    inputs: Mapping[str, Array]
    trials: tuple[int, ...] = ()
    samples: dict[str, Array] = field(default_factory=dict)
    held: Mapping[str, Held] = field(default_factory=dict)

    @property
    def thresholds(self) -> Table:
        """The arithmetic of threshold conditions."""
        return self.settings.surrogate.table(self.settings.dtype)

    def population(self, name: str) -> PopulationEquations:
        """Return a unit by name."""
        return self.program.equations.populations[name]

    def projection(self, name: str) -> ProjectionEquations:
        """Return a projection by name."""
        return self.program.equations.projections[name]

    def value(self, owner: str, name: str) -> Any:
        """Return what a name stands for in the statements of an owner: the clock, a modulator or a variable."""
        if name in CLOCK:
            if name == "t_in_timesteps":
                # A whole number: in single precision, floats count to 2**24 only.
                return self.step
            step: Any = self.step.astype(self.settings.dtype)
            return clock(step, self.program.equations.network.step)[name]
        ref = self.program.equations.part(owner).refs.get(name)
        if ref is not None:
            value = self.values[f"{ref.owner}.{ref.name}"]
            if ref.end == "edge":
                return gathered(value, self.projection(owner), self.values)
            return value[0] if ref.end == "one" else value
        return self.values[f"{owner}.{name}"]

    def write(self, name: str, value: Any) -> None:
        """Set a variable, which keeps its shape, and its type unless it becomes complex."""
        old = self.values[name]
        value = self.held[name].imposed(value) if name in self.held else value
        value = jnp.broadcast_to(value, old.shape)
        self.values[name] = value if jnp.iscomplexobj(value) else value.astype(old.dtype)

    def along(self, value: Any) -> Any:
        """Return values (n,) that are the same in all trials so that they fit those that are not."""
        return value.reshape(*value.shape, *(1 for _ in self.trials)) if jnp.ndim(value) else value

    def shape(self, size: int) -> tuple[int, ...]:
        """Return the shape of a variable with a number of values."""
        return (size, *self.trials)

    def active(self, population: PopulationEquations) -> Any:
        """Return which units are not refractory."""
        return (
            self.step >= self.values[f"{population.name}/until"]
            if population.refractory is not None
            else True
        )

    def spikes(self, population: PopulationEquations, ago: Any = 0, index: Any = None) -> Array:
        """Return the spikes of a step, 0 or 1: of all units, or of some.

        Arguments: ago, how many steps before this one, a number or one for each of `index`.
        """
        return self.in_ring(f"{population.name}/ring", ago, index)

    def in_ring(self, name: str, ago: Any = 0, index: Any = None) -> Any:
        """Return the values of a step in a ring of past ones; arguments as of `spikes`."""
        ring = self.values[name]
        if len(ring) == 1:
            return ring[0] if index is None else ring[0, index]

        def taken(ring: Array, step: Array) -> Array:
            row = (step - ago) % len(ring)
            return ring[row] if index is None else ring[row, index]

        return self._at_step(taken, ring)

    def note(self, population: PopulationEquations, spikes: Array) -> None:
        """Put the spikes of this step into a unit's ring of past spikes."""
        self.into_ring(f"{population.name}/ring", spikes)

    def into_ring(self, name: str, values: Array) -> None:
        """Put the values of this step into a ring of past ones."""
        ring, values = self.values[name], values.astype(self.values[name].dtype)
        if len(ring) == 1:  # without an index, which costs more than the values that no step reads again
            self.values[name] = values[None]
            return
        self.values[name] = self._at_step(
            lambda ring, values, step: ring.at[step % len(ring)].set(values), ring, values
        )

    def _at_step(self, function: Callable[..., Any], *values: Any) -> Any:
        """Return a function of values and the step: trial by trial only where trials differ in their step."""
        return over_trials(function, self.trials if self.step.ndim else (), *values, self.step)
