"""Validation and early stopping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosim.errors import UsageError
from neurosim.learning.protocol.streams import Source


@dataclass(frozen=True)
class Validation:
    """A batch that nothing is learned from, measured at intervals; the parameters that did best on it are kept.

    Arguments: batches, of which one is drawn, always the same; loss, the name of the loss that counts, by default the
    sum of those that teach; patience, after how many measurements without a better one to stop, never if None.
    Raises UsageError when patience is below 1.
    """

    batches: Source
    loss: str | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        if self.patience is not None and self.patience < 1:
            raise UsageError(f"Validation.patience = {self.patience}: must be at least 1, or None")

    def exhausted(self, waited: np.ndarray) -> np.ndarray:
        """Return which seeds have waited long enough for a better measurement."""
        return np.zeros(waited.shape, bool) if self.patience is None else waited >= self.patience
