"""One step of learning under way, as the parts of a learner see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from neurosim.errors import UsageError
from neurosim.learning.bptt.model import Model, Parameters


@dataclass
class Now:
    """One step under way.

    Outcome, memory and gradient are those of the parameters at the start of the step, whatever parts have done since:
    so parts that touch different parameters commute. model; batch, of this step; key, of the model's random numbers;
    step, its number; before, the parameters that may change, at the start of the step; parameters, the same after the
    parts so far; held, all others; rates, the factors of the phase by parameter, none where all are 1; states, of all
    parts at the start of the step, by name; arguments, of all parts; names, those of the parameters that each part
    may change; part, the one at work; notes, what parts tell those after them.
    """

    model: Model
    batch: Any
    key: Array
    step: Array
    before: Parameters
    parameters: Parameters
    held: Mapping[str, Any]
    rates: Mapping[str, Array]
    states: Mapping[str, Any]
    arguments: Mapping[str, Any]
    names: Mapping[str, tuple[str, ...]]
    part: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    _lived: list[tuple[Any, Any]] = field(default_factory=list)

    # What came of the batch -----------------------------------------------------------------------------------------

    def run(self, parameters: Parameters, batch: Any = None) -> tuple[Any, Any]:
        """Return (outcome, memory) of parameters, by default on the batch of this step; memory, what rules read."""
        return self.model.live({**self.held, **parameters}, self.batch if batch is None else batch, self.key)

    def lived(self, outcome: Any, memory: Any) -> None:
        """Keep what came of the batch, for other parts."""
        self._lived.append((outcome, memory))

    @property
    def outcome(self) -> Any:
        """What came of the batch."""
        return self._first()[0]

    @property
    def memory(self) -> Any:
        """The state of the model after the batch."""
        return self._first()[1]

    def _first(self) -> tuple[Any, Any]:
        if not self._lived:
            self.lived(*self.run(self.before))
        return self._lived[0]

    # What parts tell each other ---------------------------------------------------------------------------------------

    def note(self, name: str, value: Any) -> None:
        """Keep a value for the parts that follow."""
        self.notes[name] = value

    def read(self, name: str) -> Any:
        """Return what a part before this one noted; raises UsageError if none did."""
        if name not in self.notes:
            raise UsageError(
                f"part '{self.part}' reads '{name}', which no part before it wrote: "
                f"put the part that does in front of it{self._known()}"
            )
        return self.notes[name]

    def _known(self) -> str:
        return f" (known here: {', '.join(sorted(self.notes))})" if self.notes else ""

    @property
    def gradient(self) -> Parameters:
        """The gradient by name, of what a `Descend` descends."""
        return self.read("gradient")

    @property
    def loss(self) -> Callable[[Parameters, Any], Array]:
        """The sum of the losses that teach, a function of (parameters, batch)."""
        return self.read("loss")

    @property
    def losses(self) -> Mapping[str, Array]:
        """The losses on the batch, by name."""
        return self.read("losses")

    # Changes ---------------------------------------------------------------------------------------------------------

    @property
    def change(self) -> Parameters:
        """What parts so far have changed, by name: present minus first values."""
        return {n: v - self.before[n] for n, v in self.parameters.items() if v is not self.before[n]}

    def scaled(self, factor: Any) -> Parameters:
        """Return the parameters with `factor` times what parts so far have changed."""
        return {**self.before, **{n: self.before[n] + factor * v for n, v in self.change.items()}}

    @property
    def after(self) -> Parameters:
        """What the parameters will be if no further part changes them: with the phase's factors, and allowed ones."""
        rates = {name: self.rates.get(name, 1.0) for name in self.before}
        found = {name: rated(rates[name], old, self.parameters[name]) for name, old in self.before.items()}
        return self.model.project(found)


def rated(rate: Any, before: Any, after: Any) -> Array:
    """Return before + rate (after - before), exactly `after` where the rate is 1 and `before` where it is 0."""
    part = before + rate * (after - before)
    return jnp.where(rate == 1, after, jnp.where(rate == 0, before, part))


def frozen_states(rates: Mapping[str, Any], before: Any, after: Any) -> Any:
    """Return the state of a part, as before for every parameter whose rate is 0."""

    def kept(path: tuple[Any, ...], old: Any, new: Any) -> Any:
        names = [key.key for key in path if isinstance(key, jax.tree_util.DictKey)]
        rate = next((rates[name] for name in names if name in rates), None)
        if rate is None or (jnp.ndim(rate) and jnp.shape(rate) != jnp.shape(new)):
            return new
        return jnp.where(rate == 0, old, new)

    return jax.tree_util.tree_map_with_path(kept, before, after)
