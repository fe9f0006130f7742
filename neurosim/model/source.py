"""The base of spike sources: populations whose spikes are listed ahead instead of coming from equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from neurosim.model.neuron import NeuronModel

PLACE, LENGTH, OWN, LIST = 0, 1, 2, 4
"""Where a source's state holds the place in its list of coming spikes, the length, two numbers of its own, the list."""


class SourceModel(NeuronModel, abstract=True):
    """A population that spikes by itself.

    Its coming spikes are a list of cells of the grid of steps and units, in increasing order: cell c is a spike of unit
    c % size in step c // size. Engines take from the list what is due, and have it filled again at its end.
    Facts of a class: draw, 'module:function' of a compiled function `draw(key, real, integer, size)` that lists one
    more spike or several in `integer` (int64, see `LIST`); key is the population's random stream, `real` (float64)
    constants, size the number of units.
    """

    draw: ClassVar[str]

    @property
    def spiking(self) -> bool:
        """Sources always spike."""
        return True

    def pack(self, size: int, dt: float, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (real, integer), the constants and the initial state of `draw`, for `size` units and step dt (s)."""
        raise NotImplementedError


def due(
    draw: Callable[..., None], step: int, key: Any, real: np.ndarray, integer: np.ndarray, size: int
) -> list[int]:
    """Return the units that spike at a step and take them from the list; for each step, one after the other."""
    units: list[int] = []
    while True:
        if integer[PLACE] == integer[LENGTH]:
            draw(key, real, integer, size)
        unit = int(integer[LIST + integer[PLACE]]) - step * size
        if unit >= size:
            return units
        units.append(unit)
        integer[PLACE] += 1
