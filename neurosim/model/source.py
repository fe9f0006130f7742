"""The base of spike sources: populations whose spikes come from a compiled function instead of equations."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from neurosim.model.neuron import NeuronModel


class SourceModel(NeuronModel, abstract=True):
    """A population that emits spikes by itself.

    Facts of a class: emit, 'module:function' of a compiled function
    `emit(step, key, real, integer, ids, row) -> count`, called for one step after the other, that writes the indices of
    the units that spike at `step` in increasing order into the row of `ids` (int32, rows of one place per unit) and may
    change `integer` (int64), its state; key is the population's random stream, `real` (float64) constants.
    """

    emit: ClassVar[str]

    @property
    def spiking(self) -> bool:
        """Sources always spike."""
        return True

    def pack(self, size: int, dt: float, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (real, integer), the constants and the initial state of `emit`, for `size` units and step dt (s)."""
        raise NotImplementedError
