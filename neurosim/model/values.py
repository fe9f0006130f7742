"""Values in a description: numbers, quantities, arrays, or distributions drawn when a network is compiled."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.facts import check_fields
from neurosim.model.units import Dimension, dimension_of, in_si, scalar_in_si, unit_name
from neurosim.rng import generator


class Distribution:
    """A value drawn independently for every element from the stream (seed, purpose)."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        check_fields(cls)

    def check(self, dimension: Dimension | None, where: str) -> None:
        """Reject a unit other than `dimension`, if one is given."""
        if dimension is not None and self.dimension is not dimension:
            raise DescriptionError(
                f"{where}: {self} does not have the unit {unit_name(dimension)}: correct its arguments"
            )

    @property
    def dimension(self) -> Dimension:
        """The dimension of what is drawn."""
        return dimension_of(next(iter(vars(self).values())), type(self).__name__)

    def arguments(self) -> list[float]:
        """Return the arguments in SI base units; rejects anything but finite numbers of one unit."""
        name = type(self).__name__
        return [scalar_in_si(value, self.dimension, f"{name}.{key}") for key, value in vars(self).items()]

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        raise NotImplementedError


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform on [low, high).

    Arguments:
        low, high: bounds, in the unit of the value.
    """

    low: Any
    high: Any

    def __post_init__(self) -> None:
        low, high = self.arguments()
        if low > high:
            raise DescriptionError(f"{self}: low is above high: swap them")

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        low, high = self.arguments()
        return rng.uniform(low, high, size)


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal with a mean and a standard deviation.

    Arguments:
        mean: in the unit of the value.
        sd: standard deviation, in the same unit.
    """

    mean: Any
    sd: Any

    def __post_init__(self) -> None:
        if self.arguments()[1] < 0:
            raise DescriptionError(f"{self}: the standard deviation is negative: give one from 0")

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        mean, sd = self.arguments()
        return rng.normal(mean, sd, size)


Value = Any  # a number, a quantity, an array of either, or a Distribution


def whole(value: Any, where: str) -> int:
    """Return a whole number as int; raises DescriptionError for anything else, including 2.0."""
    try:
        return operator.index(value)
    except TypeError:
        raise DescriptionError(f"{where} = {value!r} is not a whole number: give one") from None


def indices(values: Iterable[Any], where: str) -> tuple[int, ...]:
    """Return a list or array of indices as a tuple of int; raises DescriptionError for anything else."""
    if not isinstance(values, Iterable):
        raise DescriptionError(f"{where} = {values!r}: give a list of indices")
    return tuple(whole(value, where) for value in values)


def value_dimension(value: Value, where: str = "value") -> Dimension:
    """Return the dimension of a value of any kind; raises DescriptionError for anything that is not a value."""
    return value.dimension if isinstance(value, Distribution) else dimension_of(value, where)


def resolve(value: Value, dimension: Dimension, size: int, seed: int, where: str) -> np.ndarray:
    """Return a value in SI base units: a 0-d array for one number, else shape (size,).

    Arguments:
        value: a number, a quantity, an array of either, or a distribution.
        dimension: the dimension that it must have.
        size: number of elements.
        seed: of the random stream.
        where: the name of the attribute, which is also the purpose of the random stream.

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
