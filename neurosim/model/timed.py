"""Signals in time: values that equations read as s(t) or s(t - d)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import second

from neurosim.errors import DescriptionError
from neurosim.model.units import Dimension, dimension_of, in_si, scalar_in_si


@dataclass(frozen=True, eq=False, repr=False)
class TimedSignal:
    """A signal of equations: s(t) = values[k] for start + k dt <= t < start + (k + 1) dt.

    Before its start it has its first value, after its end the last. It is held during a step of the network, as other
    inputs are. Values are kept as they are given, whatever the number of neurons and the time step of the network.

    Arguments:
        values: in the unit of the signal, of shape (times,) for all neurons, or (times, n) with a column for each.
        dt (s): time between two values, a whole number of steps of the network.
        start (s): time of the first value, rounded to the nearest step.

    Raises DescriptionError for values of another shape, or that are not finite, or times that are not positive.
    """

    values: Any
    dt: Any
    start: Any = field(default_factory=lambda: 0.0 * second)

    def __post_init__(self) -> None:
        si = self.si
        if si.ndim not in (1, 2) or not si.size:
            raise DescriptionError(f"TimedSignal: values of shape {si.shape}: give (times,) or (times, n)")
        if scalar_in_si(self.dt, second.dim, "TimedSignal: dt") <= 0:
            raise DescriptionError(f"TimedSignal: dt = {self.dt} is not positive: give a time")
        if scalar_in_si(self.start, second.dim, "TimedSignal: start") < 0:
            raise DescriptionError(f"TimedSignal: start = {self.start} is negative: give a time from 0")

    @property
    def dimension(self) -> Dimension:
        """The dimension of its values."""
        return dimension_of(self.values, "TimedSignal: values")

    @property
    def si(self) -> np.ndarray:
        """Its values in SI units."""
        return in_si(self.values, self.dimension, "TimedSignal: values")

    def __repr__(self) -> str:
        return f"TimedSignal({len(self.si)} values, dt={self.dt})"
