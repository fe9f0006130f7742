"""Control of the size of an update as a part of a learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from neurosim.errors import UsageError
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.protocol.now import Now
from neurosim.learning.protocol.part import Part


class Regulator(Part):
    """Decides how much of what the parts before it have changed is done: p <- p0 + factor (p - p0).

    Override `decide`, and `begin` if there is a state. Within it `now.scaled(factor)` are the parameters with another
    factor and `now.run(parameters, batch)` what comes of them: an update can be tried.
    """

    def begin(self, batch: Any) -> Any:
        """Return the state before the first step; batch, as a step sees it."""
        return ()

    def decide(self, now: Now, state: Any) -> tuple[Any, Any]:
        """Return (factor, state)."""
        raise NotImplementedError

    def start(self, parameters: Parameters, batch: Any) -> Any:
        """Return the state before the first step."""
        return self.begin(batch)

    def step(self, now: Now, state: Any) -> tuple[Parameters, Any]:
        """Return (parameters, state) after the decision."""
        factor, state = self.decide(now, state)
        changed = now.change
        if not changed:
            raise UsageError(
                f"part '{self.name}' reads a change, which no part before it wrote: put one in front of it"
            )
        own = set(now.names[self.name])
        scaled = now.scaled(factor)
        return {name: scaled[name] for name in changed if name in own}, state


@dataclass(frozen=True)
class Recent:
    """The last samples of a stream of batches, for the state of a regulator.

    Arguments: size, how many. `start(batch)` and `after(kept, batch)` return what is kept: a pytree as a batch, whose
    arrays hold the last `size` trials, oldest first, and how many were seen so far.
    """

    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UsageError(f"Recent.size = {self.size}: must be at least 1")

    def start(self, batch: Any) -> tuple[Any, Array]:
        """Return room for samples, none seen."""
        room = jax.tree.map(lambda x: jnp.zeros((self.size, *jnp.shape(x)[1:]), jnp.asarray(x).dtype), batch)
        return room, jnp.int32(0)

    def after(self, kept: tuple[Any, Array], batch: Any) -> tuple[Any, Array]:
        """Return what is kept after another batch."""
        samples, seen = kept
        new = jax.tree.map(lambda old, x: jnp.concatenate([old, x])[-self.size :], samples, batch)
        return new, seen + jax.tree.leaves(batch)[0].shape[0]
