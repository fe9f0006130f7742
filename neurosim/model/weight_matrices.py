"""Distributions of whole weight matrices (targets, sources), all at one Frobenius norm, gain*sqrt(targets).

It is the norm to be expected of independent normal weights with the variance gain**2/sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.units import Dimension, dimension_of, scalar_in_si
from neurosim.model.values import Distribution, whole


class MatrixDistribution(Distribution):
    """A weight matrix of an all-to-all projection, drawn as a whole from the stream (seed, purpose)."""

    gain: Any

    @property
    def dimension(self) -> Dimension:
        """The dimension of the weights, that of the gain."""
        return dimension_of(self.gain, f"{type(self).__name__}.gain")

    def arguments(self) -> list[float]:
        """Return the gain in SI base units; refuses what is not one finite number from 0."""
        gain = scalar_in_si(self.gain, self.dimension, f"{type(self).__name__}.gain")
        if gain < 0:
            raise DescriptionError(f"{self}: the gain is negative: give one from 0")
        return [gain]

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Refuse to draw what is no matrix."""
        raise DescriptionError(f"{self} is a matrix: it can be the weight of an all-to-all projection alone")

    def matrix(self, rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
        """Return a matrix (targets, sources) in SI base units."""
        drawn = self.shape(rng, targets, sources)
        (gain,) = self.arguments()
        return drawn * (gain * np.sqrt(targets) / np.linalg.norm(drawn))

    def shape(self, rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
        """Return a matrix (targets, sources) of any norm."""
        raise NotImplementedError

    def check_rank(self, rank: Any) -> None:
        """Refuse a rank that is no whole number from 1."""
        if whole(rank, f"{type(self).__name__}.rank") < 1:
            raise DescriptionError(f"{self}: give a rank from 1")


@dataclass(frozen=True)
class LowRank(MatrixDistribution):
    """A product of two normal matrices, W = c U V.T.

    Arguments:
        gain: Frobenius norm over sqrt(targets), with the unit of the weight.
        rank: number of columns of U and V.
    """

    gain: Any
    rank: int = 1

    def __post_init__(self) -> None:
        self.arguments()
        self.check_rank(self.rank)

    def shape(self, rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
        """Return a matrix (targets, sources) of any norm."""
        return rng.normal(size=(targets, self.rank)) @ rng.normal(size=(self.rank, sources))


@dataclass(frozen=True)
class TruncatedSVD(MatrixDistribution):
    """A normal matrix of which only the largest singular values are kept.

    Arguments:
        gain: Frobenius norm over sqrt(targets), with the unit of the weight.
        rank: number of singular values that are kept.
    """

    gain: Any
    rank: int = 1

    def __post_init__(self) -> None:
        self.arguments()
        self.check_rank(self.rank)

    def shape(self, rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
        """Return a matrix (targets, sources) of any norm."""
        left, values, right = np.linalg.svd(rng.normal(size=(targets, sources)), full_matrices=False)
        kept: np.ndarray = (left[:, : self.rank] * values[: self.rank]) @ right[: self.rank]
        return kept


@dataclass(frozen=True)
class Dale(MatrixDistribution):
    """Absolute values of a normal matrix, positive from the first sources and negative from the others, in balance.

    The weights of inhibitory sources are larger by the ratio of the numbers of both, so that the expected sum of the
    weights onto a target is 0.

    Arguments:
        gain: Frobenius norm over sqrt(targets), with the unit of the weight.
        excitatory: share of the sources that are excitatory, above 0 and below 1.
    """

    gain: Any
    excitatory: float = 0.8

    def __post_init__(self) -> None:
        self.arguments()
        if not 0 < self.excitatory < 1:
            raise DescriptionError(f"{self}: give a share of excitatory sources above 0 and below 1")

    def shape(self, rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
        """Return a matrix (targets, sources) of any norm."""
        first = round(self.excitatory * sources)
        if not 0 < first < sources:
            raise DescriptionError(
                f"{self}: of {sources} sources, all would have one sign: use another share"
            )
        sign = np.where(np.arange(sources) < first, 1.0, -first / (sources - first))
        return np.abs(rng.normal(size=(targets, sources))) * sign


@dataclass(frozen=True)
class ChainMotif(MatrixDistribution):
    """A normal matrix in which strong inputs and strong outputs belong together, W = c (G + strength*u u.T/sqrt(n)).

    G and u, one value per neuron, are standard normal, so that chains of connections are more frequent than by chance.

    Arguments:
        gain: Frobenius norm over sqrt(targets), with the unit of the weight.
        strength: size of the motif (1); 0 for none.
    """

    gain: Any
    strength: float = 0.1

    def __post_init__(self) -> None:
        self.arguments()
        if not np.isfinite(self.strength):
            raise DescriptionError(f"{self}: the strength is not finite: give a number")

    def shape(self, rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
        """Return a matrix (targets, sources) of any norm."""
        if targets != sources:
            raise DescriptionError(
                f"{self}: a motif needs a square matrix, not {targets} targets by {sources} sources: use it on a "
                "recurrent projection"
            )
        u = rng.normal(size=sources)
        drawn: np.ndarray = rng.normal(size=(targets, sources)) + self.strength * np.outer(u, u) / np.sqrt(
            sources
        )
        return drawn


@dataclass(frozen=True)
class Blocks(MatrixDistribution):
    """Normal weights whose mean and standard deviation depend on the types of source and target, W = c (M + S*G).

    G is standard normal. Neurons of a type follow one another; a population has as many of each type, as nearly as that
    is possible. Of connections of a weight m with a probability p, the mean is p m and the deviation m sqrt(p (1 - p)).

    Arguments:
        gain: Frobenius norm over sqrt(targets), with the unit of the weight.
        mean: a row for each type of target, a column for each type of source (1).
        deviation: standard deviations (1), of the same shape, or one number.
    """

    gain: Any
    mean: Any
    deviation: Any = 1.0

    def __post_init__(self) -> None:
        self.arguments()
        mean, deviation = (np.asarray(v, dtype=float) for v in (self.mean, self.deviation))
        right = mean.ndim == 2 and deviation.shape in {(), mean.shape}
        if not right or not np.isfinite(mean).all() or not np.all(deviation >= 0):
            raise DescriptionError(
                "Blocks: give a mean for each type of target (rows) and of source (columns), and deviations from 0 of "
                "the same shape, or one"
            )
        if not mean.any() and not deviation.any():
            raise DescriptionError("Blocks: all weights would be 0: give a mean or a deviation that is not")
        for name, value in (("mean", mean), ("deviation", deviation)):
            nested = tuple(map(tuple, value.tolist())) if value.ndim else float(value)
            object.__setattr__(self, name, nested)

    def shape(self, rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
        """Return a matrix (targets, sources) of any norm."""
        mean = np.array(self.mean)
        if mean.shape[0] > targets or mean.shape[1] > sources:
            raise DescriptionError(
                f"{self}: {mean.shape[0]} by {mean.shape[1]} types for {targets} targets and {sources} sources: give "
                "fewer"
            )
        rows, columns = (np.arange(n) * k // n for n, k in zip((targets, sources), mean.shape, strict=True))
        at = np.ix_(rows, columns)
        deviation = np.broadcast_to(self.deviation, mean.shape)
        drawn: np.ndarray = mean[at] + deviation[at] * rng.normal(size=(targets, sources))
        return drawn
