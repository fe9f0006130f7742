"""Values in a description: numbers, quantities, arrays, or distributions drawn when a network is compiled."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurosim.errors import DescriptionError, brief
from neurosim.model.facts import check_fields
from neurosim.model.registries import distributions, enter
from neurosim.model.units import DIMENSIONLESS, Dimension, dimension_of, in_si, scalar_in_si, unit_name
from neurosim.rng import generator


class Distribution:
    """A value drawn independently for every element from the stream (seed, purpose)."""

    indexed: ClassVar[bool] = False
    """Whether a value depends on the index of what it is drawn for."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        check_fields(cls)
        enter(distributions, cls)

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

    def described(self) -> dict[str, Any]:
        """Return what it was made with, by name."""
        return dict(vars(self))

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        raise NotImplementedError

    def draw_edges(
        self, rng: np.random.Generator, pre: np.ndarray, post: np.ndarray, sources: int, targets: int
    ) -> np.ndarray:
        """Return a number in SI base units for each connection.

        Arguments:
            rng: what draws.
            pre, post: indices of source and target of each connection.
            sources, targets: numbers of neurons at the two ends.
        """
        return self.draw(rng, pre.size)


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


@dataclass(frozen=True)
class LogNormal(Distribution):
    """Lognormal: the logarithm of the value is normal.

    Arguments:
        median: in the unit of the value; the mean of its logarithm is the logarithm of the median.
        sigma: standard deviation of the logarithm (1). The mean of the value is median * exp(sigma**2/2).
    """

    median: Any
    sigma: Any

    def __post_init__(self) -> None:
        median, sigma = self.arguments()
        if median <= 0 or sigma < 0:
            raise DescriptionError(f"{self}: give a median above 0 and a sigma from 0")

    def arguments(self) -> list[float]:
        """Return the arguments in SI base units."""
        units = (self.dimension, DIMENSIONLESS)
        values = zip(vars(self).items(), units, strict=True)
        return [scalar_in_si(value, unit, f"LogNormal.{name}") for (name, value), unit in values]

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        median, sigma = self.arguments()
        return median * np.exp(sigma * rng.standard_normal(size))


@dataclass(frozen=True)
class Clipped(Distribution):
    """Another distribution, whose draws beyond bounds are set to the bound.

    Arguments:
        of: the distribution.
        low, high: bounds in the unit of the value; no bound if omitted.
    """

    of: Distribution
    low: Any = None
    high: Any = None

    def __post_init__(self) -> None:
        _check_bounds(self)

    @property
    def dimension(self) -> Dimension:
        """The dimension of what is drawn."""
        return self.of.dimension

    def arguments(self) -> list[float]:
        """Return the two bounds in SI base units."""
        return _within(self.of, self.low, self.high, type(self).__name__)

    def _within(self, values: np.ndarray) -> np.ndarray:
        low, high = self.arguments()
        return np.clip(values, low, high)

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units."""
        return self._within(self.of.draw(rng, size))

    def draw_edges(
        self, rng: np.random.Generator, pre: np.ndarray, post: np.ndarray, sources: int, targets: int
    ) -> np.ndarray:
        """Return a number in SI base units for each connection."""
        return self._within(self.of.draw_edges(rng, pre, post, sources, targets))


@dataclass(frozen=True)
class Redrawn(Distribution):
    """Another distribution, whose draws beyond bounds are drawn again until all lie within: a truncated distribution.

    Arguments:
        of: the distribution.
        low, high: bounds in the unit of the value; no bound if omitted.
    """

    of: Distribution
    low: Any = None
    high: Any = None

    def __post_init__(self) -> None:
        _check_bounds(self)
        if self.of.indexed:
            raise DescriptionError(f"{self}: an expression of indices cannot be drawn again: use Clipped")

    @property
    def dimension(self) -> Dimension:
        """The dimension of what is drawn."""
        return self.of.dimension

    def arguments(self) -> list[float]:
        """Return the two bounds in SI base units."""
        return _within(self.of, self.low, self.high, type(self).__name__)

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` numbers in SI base units; raises DescriptionError if hardly any lies within the bounds."""
        low, high = self.arguments()
        drawn = self.of.draw(rng, size)
        for _ in range(_MOST_REDRAWS):
            beyond = np.flatnonzero((drawn < low) | (drawn > high))
            if not beyond.size:
                return drawn
            drawn[beyond] = self.of.draw(rng, beyond.size)
        raise DescriptionError(f"{self}: hardly any draw lies within the bounds: widen them")


_MOST_REDRAWS = 1000


def _within(of: object, low: Any, high: Any, name: str) -> list[float]:
    if not isinstance(of, Distribution):
        raise DescriptionError(f"{name} of {brief(of)}: give a distribution, as Normal(...)")
    bounds = (("low", low, -np.inf), ("high", high, np.inf))
    return [
        end if b is None else scalar_in_si(b, of.dimension, f"{name}.{which}") for which, b, end in bounds
    ]


def _check_bounds(distribution: Clipped | Redrawn) -> None:
    low, high = distribution.arguments()
    if low >= high:
        raise DescriptionError(f"{distribution}: low is not below high: correct them")


Value = Any  # a number, a quantity, an array of either, or a Distribution


def whole(value: Any, where: str) -> int:
    """Return a whole number as int; raises DescriptionError for anything else, including 2.0."""
    try:
        return operator.index(value)
    except TypeError:
        raise DescriptionError(f"{where} = {brief(value)} is not a whole number: give one") from None


def indices(values: Iterable[Any], where: str) -> tuple[int, ...]:
    """Return a list or array of indices as a tuple of int; raises DescriptionError for anything else."""
    if not isinstance(values, Iterable):
        raise DescriptionError(f"{where} = {brief(values)}: give a list of indices")
    return tuple(whole(value, where) for value in values)


def value_dimension(value: Value, where: str = "value") -> Dimension:
    """Return the dimension of a value of any kind; raises DescriptionError for anything that is not a value."""
    return value.dimension if isinstance(value, Distribution) else dimension_of(value, where)


Ends = tuple[np.ndarray, np.ndarray, int, int]
"""Source and target of each connection, and the numbers of neurons at the two ends."""


def resolve(
    value: Value, dimension: Dimension, size: int, seed: int, where: str, edges: Ends | None = None
) -> np.ndarray:
    """Return a value in SI base units: a 0-d array for one number, else shape (size,).

    Arguments:
        value: a number, a quantity, an array of either, or a distribution.
        dimension: the dimension that it must have.
        size: number of elements.
        seed: of the random stream.
        where: the name of the attribute, which is also the purpose of the random stream.
        edges: of values of connections.

    Raises DescriptionError on another unit, another length, or a number that is not finite.
    """
    if isinstance(value, Distribution):
        value.check(dimension, where)
        rng = generator(seed, where)
        return value.draw(rng, size) if edges is None else value.draw_edges(rng, *edges)
    si = in_si(value, dimension, where)
    if si.ndim > 1 or (si.ndim == 1 and si.shape != (size,)):
        raise DescriptionError(
            f"{where} has the shape {si.shape}: give one number or an array of shape ({size},)"
        )
    return si
