"""Rules of the network itself as a part of a learner."""

from __future__ import annotations

from typing import Any

from neurosim.errors import UsageError
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.protocol.now import Now
from neurosim.learning.protocol.part import Part


class Local(Part):
    """What the network's own rules make of its weights in a batch: mean over trials of what each trial changes.

    Rules of the clock `sample` are applied once, to what the network came to at the end of the batch; rules of the
    other clocks have changed weights on the way. Both see the parameters at the start of the step. The forward pass
    is shared with a `Descend`.
    Arguments: names or patterns of the parameters that rules change ('H*'); name, if there are two.
    """

    def __init__(self, *parameters: str, name: str = "Local") -> None:
        if not parameters:
            raise UsageError("Local: no parameters: name those that rules change, such as Local('rec.w')")
        self.patterns, self.name = parameters, name

    def step(self, now: Now, state: Any) -> tuple[Parameters, Any]:
        """Return the parameters after the rules."""
        if now.model.learned is None:
            raise UsageError("part 'Local': the model has no rules of its own: use that of a network")
        names = now.names[self.name]
        return now.model.learned({**now.held, **now.before}, now.memory, now.batch, names), state
