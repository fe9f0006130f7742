"""Values that a description holds: numbers, quantities, arrays, or distributions drawn when a network is compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.units import Dimension, dimension_of, in_si, unit_name
from neurosim.rng import generator


class Distribution:
    """A value drawn independently for every element from the stream (seed, purpose)."""

    def check(self, dimension: Dimension | None, where: str) -> None:
        """Refuse arguments of different units, or of another unit than `dimension`."""
        first, second = (dimension_of(v) for v in self.__dict__.values())
        wanted = dimension if dimension is not None else first
        if first is not wanted or second is not wanted:
            raise DescriptionError(
                f"{where}: {self} does not have the unit {unit_name(wanted)}: correct its arguments"
            )

    @property
    def dimension(self) -> Dimension:
        """The dimension of what is drawn."""
        return dimension_of(next(iter(self.__dict__.values())))

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        raise NotImplementedError


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform on [low, high)."""

    low: Any
    high: Any

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        return rng.uniform(float(np.asarray(self.low)), float(np.asarray(self.high)), size)


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal with a mean and a standard deviation."""

    mean: Any
    sd: Any

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        return rng.normal(float(np.asarray(self.mean)), float(np.asarray(self.sd)), size)


Value = Any  # a number, a quantity, an array of either, or a Distribution


def value_dimension(value: Value) -> Dimension:
    """Return the dimension of a value of any kind."""
    return value.dimension if isinstance(value, Distribution) else dimension_of(value)


def resolve(value: Value, dimension: Dimension, size: int, seed: int, where: str) -> np.ndarray:
    """Return a value in SI base units: a 0-d array for one number, else shape (size,).

    Arguments: where, the attribute's name, also the purpose of the random stream.
    Raises DescriptionError on another unit, another length, or a number that is not finite.
    """
    if isinstance(value, Distribution):
        value.check(dimension, where)
        return value.draw(generator(seed, where), size)
    si = in_si(value, dimension, where)
    if si.ndim > 1 or (si.ndim == 1 and si.shape != (size,)):
        raise DescriptionError(
            f"{where} has the shape {si.shape}: give one number or an array of shape ({size},)"
        )
    return si
