"""What the next steps of a training use: all of it arguments of one compiled step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt.slots import Clamps
from neurosim.learning.protocol.streams import Source
from neurosim.registry import suggest


@dataclass(frozen=True)
class Phase:
    """What steps use in place of what the learner has; what is not said stays the learner's.

    Arguments: batches, a stream, or several that take turns; rates, factors on the change of parameters by name ('b*'
    for all that begin so; the first pattern that fits counts): 0 freezes a parameter with the state of its optimiser, a
    number, or an array of the parameter's shape; losses, weights of terms by loss; clamps, of the variables of a
    network model that were named by `clampable`.
    """

    batches: Source | Sequence[Source] | None = None
    rates: Mapping[str, ArrayLike] = field(default_factory=dict)
    losses: Mapping[str, Mapping[str, ArrayLike]] = field(default_factory=dict)
    clamps: Clamps = ()

    def factors(self, shapes: Mapping[str, tuple[int, ...]], dtype: str) -> dict[str, np.ndarray]:
        """Return the factor on the rate of each parameter.

        Arguments: shapes, by name of the parameter. Raises UnknownNameError for a pattern that fits no parameter,
        UsageError for a factor that is not finite, negative or of another shape.
        """
        for pattern, value in self.rates.items():
            fitting = [name for name in shapes if fnmatchcase(name, pattern)]
            if not fitting:
                raise UnknownNameError(
                    f"Phase.rates: '{pattern}': no such parameter: {suggest(pattern, shapes)}"
                )
            factor = np.asarray(value, float)
            for name in fitting:
                if factor.shape not in {(), shapes[name]}:
                    raise UsageError(
                        f"Phase.rates: '{pattern}' has shape {factor.shape}, '{name}' has {shapes[name]}: "
                        "give one number, or an array of that shape"
                    )
            if not (np.isfinite(factor).all() and (factor >= 0).all()):
                raise UsageError(f"Phase.rates: '{pattern}' = {factor.tolist()}: give finite factors from 0")
        return {name: np.asarray(self._factor(name), dtype) for name in shapes}

    def _factor(self, name: str) -> Any:
        return next((value for pattern, value in self.rates.items() if fnmatchcase(name, pattern)), 1.0)
