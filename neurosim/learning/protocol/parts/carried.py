"""What one step leaves for the next: the state of a network from one segment of a stream to the following one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.protocol.now import Now
from neurosim.learning.protocol.part import Part
from neurosim.registry import suggest


class Carried(Part):
    """Hands parts of the outcome of each step to the batch of the next one; changes nothing.

    A long sequence is thus learned in segments, with gradients that end at their borders: truncated back-propagation
    through time. The part stands before those that look at the batch.

    Arguments:
        entries: recordings of the outcome by entry of the batch. The batch of the first step says where it begins, in
            entries of these names, which have the shapes of the recordings.
        name: if there are two.

    Raises UsageError without entries; when training starts, UnknownNameError for an entry or recording that does not
    exist, and UsageError for one of another shape.
    """

    patterns = ()

    def __init__(self, entries: Mapping[str, str], name: str = "Carried") -> None:
        if not entries:
            raise UsageError(f"part '{name}': no entries: give recordings by entry of the batch")
        self.entries, self.name = dict(entries), name

    def changes(self, trainable: Sequence[str], claimed: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Return that it may change nothing."""
        return ()

    def start(self, parameters: Parameters, batch: Any) -> Any:
        """Return what the first batch says."""
        return {entry: jnp.asarray(self._found("entry", entry, batch)) for entry in self.entries}

    def look(self, now: Now) -> None:
        """Put what the last step left into the batch."""
        now.batch = {**now.batch, **now.states[self.name]}

    def step(self, now: Now, state: Any) -> tuple[Parameters, Any]:
        """Return what this step leaves."""
        found = {}
        for entry, recording in self.entries.items():
            value = jax.lax.stop_gradient(self._found("recording", recording, now.outcome))
            if jnp.shape(value) != jnp.shape(state[entry]):
                raise UsageError(
                    f"part '{self.name}': recording '{recording}' has shape {jnp.shape(value)}, entry '{entry}' of the "
                    f"batch {jnp.shape(state[entry])}: give both the same"
                )
            found[entry] = value.astype(state[entry].dtype)
        return {}, found

    def _found(self, what: str, name: str, known: Mapping[str, Any]) -> Any:
        if name not in known:
            raise UnknownNameError(f"part '{self.name}': {what} '{name}': {suggest(name, known)}")
        return known[name]
