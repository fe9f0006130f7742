"""What a simulation has recorded: spikes and sampled states, with units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosim.model.units import Dimension, Quantity, quantity


@dataclass(frozen=True)
class Spikes:
    """Spikes of a population: step number and unit of each, in the order of time, then unit.

    steps (n,) int64; ids (n,) int32; dt, the time step (s).
    """

    steps: np.ndarray
    ids: np.ndarray
    dt: float

    @property
    def times(self) -> Quantity:
        """Times of the spikes (s), shape (n,)."""
        from brian2 import second

        return self.steps * self.dt * second


@dataclass(frozen=True)
class Samples:
    """A state sampled every n-th step: steps (n,) int64, values (n, units) in SI units, indices of these units."""

    steps: np.ndarray
    values: np.ndarray
    indices: np.ndarray
    dimension: Dimension
    dt: float

    @property
    def times(self) -> Quantity:
        """Times of the samples (s), shape (n,)."""
        from brian2 import second

        return self.steps * self.dt * second

    @property
    def quantity(self) -> Quantity | np.ndarray:
        """The samples with their unit, shape (n, units)."""
        return quantity(self.values, self.dimension)
