"""The base of spike sources: populations whose spikes are listed ahead instead of resulting from equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from neurosim.model.neuron import NeuronModel

PLACE, LENGTH, OWN, LIST = 0, 1, 2, 4
"""Positions in the state of a source: the place in its list of spikes, its length, two numbers of its own, the list."""


class SourceModel(NeuronModel, abstract=True):
    """A population that spikes by itself.

    Its upcoming spikes are a list of cells of the grid of steps and neurons, in increasing order: cell c is a spike of
    neuron c % size in step c // size. Engines take from the list what is due, and have it filled again when it is used
    up.

    Facts of a class:
        draw: 'module:function' of a compiled function `draw(key, real, integer, size)` that adds one spike or several
            to the list in `integer` (int64, see `LIST`); key is the population's random stream, `real` (float64) are
            constants, size is the number of neurons.
    """

    draw: ClassVar[str]

    @property
    def spiking(self) -> bool:
        """Sources always spike."""
        return True

    def pack(self, size: int, dt: float, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (real, integer), the constants and the initial state of `draw`, for `size` neurons and step dt (s)."""
        raise NotImplementedError


def due(
    draw: Callable[..., None], step: int, key: Any, real: np.ndarray, integer: np.ndarray, size: int
) -> list[int]:
    """Return the neurons that spike at a step and take them from the list; to be called for each step in turn."""
    neurons: list[int] = []
    while True:
        if integer[PLACE] == integer[LENGTH]:
            draw(key, real, integer, size)
        neuron = int(integer[LIST + integer[PLACE]]) - step * size
        if neuron >= size:
            return neurons
        neurons.append(neuron)
        integer[PLACE] += 1
