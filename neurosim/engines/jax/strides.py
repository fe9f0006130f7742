"""Indices at equal distances, such as those of one-to-one connections: slices, where others are gathered and scattered.

JAX's scatter goes through its indices one by one; a slice and its gradient do not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax import Array, lax


class Stride(NamedTuple):
    """Indices first, first + step, ..., as many as `number`."""

    first: int
    step: int
    number: int

    @property
    def last(self) -> int:
        """The last index."""
        return self.first + self.step * (self.number - 1)

    def taken(self, values: Array) -> Array:
        """Return values[indices]."""
        return lax.slice_in_dim(values, self.first, self.last + 1, self.step)

    def placed(self, values: Array, size: int) -> Array:
        """Return zeros (size, ...) with the values at the indices."""
        zero = np.zeros((), values.dtype)
        whole = [(0, 0, 0)] * (values.ndim - 1)
        return lax.pad(values, zero, [(self.first, size - 1 - self.last, self.step - 1), *whole])


def stride(indices: np.ndarray) -> Stride | None:
    """Return indices as a stride, or None if they are none, do not rise, or are not at equal distances."""
    steps = np.unique(np.diff(indices)) if len(indices) > 1 else np.ones(min(len(indices), 1), int)
    if len(steps) != 1 or steps[0] < 1:
        return None
    return Stride(int(indices[0]), int(steps[0]), len(indices))
