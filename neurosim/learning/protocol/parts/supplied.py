"""Changes that are supplied, not differentiated, as a part of a learner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optax
from jax import Array

from neurosim.errors import UsageError
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.protocol.now import Now
from neurosim.learning.protocol.part import Part


class Supplied(Part):
    """Updates whose direction a function gives: p <- p + u(-d), nothing is differentiated.

    Arguments: direction, from a step under way (`Now`) to d, the change that is wished for, by name of the parameter;
    optimiser, of optax, which sees -d in the place of a gradient; parameters, names or patterns of those that change;
    name, if there are two. Raises UsageError when a direction is missing or is of a parameter that it does not name.
    """

    yields = True

    def __init__(
        self,
        direction: Callable[[Now], Mapping[str, Array]],
        optimiser: optax.GradientTransformation,
        parameters: Sequence[str] = ("*",),
        *,
        name: str = "Supplied",
    ) -> None:
        self.direction, self.optimiser, self.patterns, self.name = (
            direction,
            optimiser,
            tuple(parameters),
            name,
        )

    def start(self, parameters: Parameters, batch: Any) -> Any:
        """Return the state of the optimiser."""
        return self.optimiser.init(parameters)

    def step(self, now: Now, state: Any) -> tuple[Parameters, Any]:
        """Return (parameters, state of the optimiser) after an update."""
        own = {name: now.parameters[name] for name in now.names[self.name]}
        found = self.direction(now)
        if strange := sorted(own.keys() ^ found.keys()):
            what = "is missing" if strange[0] in own else "is not its parameter"
            raise UsageError(f"part '{self.name}': direction of '{strange[0]}' {what}: give {sorted(own)}")
        updates, state = self.optimiser.update({name: -found[name] for name in own}, state, own)
        return optax.apply_updates(own, updates), state
