"""Measures on the way, of the parameters that a step came to, on the batch it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.errors import UsageError
from neurosim.learning.bptt.losses import Term
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.protocol.now import Now
from neurosim.learning.protocol.part import Part

if TYPE_CHECKING:
    from neurosim.learning.protocol.training import Training


class Online(Part):
    """Measures the batch of each step by the parameters that the parts before this one have come to; changes nothing.

    So a model that adapts to what it is shown is judged on the batch that it has just adapted to.
    Arguments: measures, functions (outcome, batch) -> scalar by name; steps, how many are kept, from the first; name,
    if there are two. Raises UsageError when there is no measure or steps is below 1.
    """

    patterns = ()

    def __init__(self, measures: Mapping[str, Term], steps: int, name: str = "Online") -> None:
        if not measures or steps < 1:
            raise UsageError(
                f"part '{name}': {len(measures)} measures of {steps} steps: give at least 1 of each"
            )
        self.measures, self.steps, self.name = dict(measures), steps, name

    def changes(self, trainable: Sequence[str], claimed: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Return that it may change nothing."""
        return ()

    def start(self, parameters: Parameters, batch: Any) -> Any:
        """Return room for the measures of all steps, not a number before they are taken."""
        return {name: jnp.full(self.steps, jnp.nan) for name in self.measures}

    def step(self, now: Now, state: Any) -> tuple[Parameters, Any]:
        """Return what was measured so far, with the measures of this step."""
        outcome, _ = now.run(now.after)
        found: dict[str, Array] = {
            name: measure(outcome, now.batch) for name, measure in self.measures.items()
        }
        return {}, jax.tree.map(lambda kept, value: kept.at[now.step].set(value), state, found)

    def values(self, training: Training) -> dict[str, np.ndarray]:
        """Return the measures by name, (steps,), with seeds first if there are several."""
        state: Mapping[str, Any] = training.carry.states[self.name]
        return {n: np.asarray(value if training.several else value[0]) for n, value in state.items()}
