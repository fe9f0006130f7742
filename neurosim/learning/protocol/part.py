"""What the parts of a learner have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.protocol.now import Now
from neurosim.registry import suggest

if TYPE_CHECKING:
    from neurosim.learning.protocol.assembly import Assembly
    from neurosim.learning.protocol.learner import Learner
    from neurosim.learning.protocol.training import Training


class Part:
    """One part of a learner: from a step under way to some parameters' new values and its own new state.

    Parts are pure and run inside the compiled step, one after the other; a part may come from a user's file. All that a
    part needs to override is `step`; `neurosim.testing.parts.check_part` tells whether it keeps the contract.
    Attributes: name, by which states are known, by default that of the class; patterns, names of the parameters that it
    may change ('w*' for all that begin so), by default all that may; yields, whether it leaves alone, by default, those
    that other parts name; every, in how many steps `between` is called, or None if it does nothing between steps.
    """

    name: str = ""
    patterns: tuple[str, ...] = ("*",)
    every: int | None = None
    yields: bool = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" not in vars(cls):
            cls.name = cls.__name__

    def changes(self, trainable: Sequence[str], claimed: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Return the names of the parameters that this part may change.

        Arguments: trainable, all that may change; claimed, those that other parts name.
        Raises UnknownNameError for a pattern that fits none, UsageError if none is left.
        """
        for pattern in self.patterns:
            if not any(fnmatchcase(name, pattern) for name in trainable):
                raise UnknownNameError(
                    f"part '{self.name}': '{pattern}': no such parameter: {suggest(pattern, trainable)}"
                )
        fitting = [n for n in trainable if any(fnmatchcase(n, p) for p in self.patterns)]
        left = (
            [n for n in fitting if n not in claimed] if self.yields and self.patterns == ("*",) else fitting
        )
        if not left:
            raise UsageError(
                f"part '{self.name}': other parts name all parameters: name those that it changes"
            )
        return tuple(left)

    def arguments(self, names: Sequence[str], seeds: int, losses: Mapping[str, Any]) -> Any:
        """Return what the compiled step hands to the part as `now.arguments[name]`: a pytree, seeds first.

        Arguments: names, of the parameters that it may change; seeds, how many; losses, weights that the phase changes.
        """
        return ()

    def start(self, parameters: Parameters, batch: Any) -> Any:
        """Return the state before the first step, a pytree of arrays, of one seed.

        Arguments: parameters, those that it may change; batch, as the first step will see it.
        """
        return ()

    def vary(self, learner: Assembly, seeds: np.ndarray) -> dict[str, np.ndarray]:
        """Return values of held parameters that this part gives each seed, by name, seeds first."""
        return {}

    def look(self, now: Now) -> None:
        """Look at the batch before any part changes anything, such as to take a gradient."""

    def step(self, now: Now, state: Any) -> tuple[Parameters, Any]:
        """Return (parameters that change, by name, state) after a step."""
        raise NotImplementedError

    def between(self, learner: Learner, training: Training) -> Training:
        """Return the training after what is done between steps, `every` of them apart."""
        return training
