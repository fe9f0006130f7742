"""Statistics of a stream, worked out while it passes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from brian2 import second

from neurosim.model.reductions import Arrays, Piece, Reduction, Shape
from neurosim.model.units import DIMENSIONLESS, Dimension

BLOCK = 128
"""Samples that are added up at once."""
BYTES = 1 << 22
"""Most bytes of a block."""


class Statistic(Reduction):
    """A reduction to numbers that are known at any time."""

    gives: ClassVar[Literal["statistics"]] = "statistics"

    @abstractmethod
    def numbers(self, state: Arrays, dimension: Dimension) -> dict[str, tuple[np.ndarray, Dimension]]:
        """Return what is known so far, in SI units, and its dimension, by name.

        Arguments:
            state: as `begin` returned it and `take` changed it.
            dimension: of a sample.
        """


@dataclass(frozen=True)
class Intervals(Statistic):
    """Statistics of interspike intervals: their number, mean, standard deviation and CV = sd / mean, of each neuron.

    A neuron without intervals has the mean and the CV NaN; what is summed are whole numbers of steps.
    """

    takes: ClassVar[Literal["spikes"]] = "spikes"

    def begin(self, shape: Shape, first: int, dt: float) -> Arrays:
        """Return the last spike (-1 for none) and sums of intervals and of their squares, of each neuron."""
        sums = {name: np.zeros(shape, np.int64) for name in ("count", "sum", "squares")}
        return {**sums, "last": np.full(shape, -1, np.int64), "dt": np.array(dt)}

    def take(self, state: Arrays, piece: Piece, until: int, spikes: Piece | None) -> Piece:
        """Add the intervals that end in this piece."""
        order = np.argsort(piece[1], kind="stable")
        steps, ids = piece[0][order], piece[1][order]
        begins = np.ones(ids.size, bool)
        begins[1:] = ids[1:] != ids[:-1]
        before = np.where(begins, state["last"][ids], np.concatenate([steps[:1], steps[:-1]]))
        known = before >= 0
        intervals, owner = (steps - before)[known], ids[known]
        np.add.at(state["count"], owner, 1)
        np.add.at(state["sum"], owner, intervals)
        np.add.at(state["squares"], owner, intervals * intervals)
        state["last"][ids] = steps  # in order: the last one stays
        return ()

    def numbers(self, state: Arrays, dimension: Dimension) -> dict[str, tuple[np.ndarray, Dimension]]:
        """Return count, mean (s), sd (s) and cv of each neuron."""
        count, total = state["count"], state["sum"]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / count
            sd = np.sqrt(np.maximum(state["squares"] * count - total * total, 0)) / count
            found = {"mean": mean * state["dt"], "sd": sd * state["dt"]}
            return {
                "count": (count.copy(), DIMENSIONLESS),
                **{name: (value, second.dim) for name, value in found.items()},
                "cv": (sd / mean, DIMENSIONLESS),
            }


class _Moments(Statistic):
    """Sums over samples, added up in blocks of one length wherever the stream is cut, so that bits do not depend on it.

    Source: Chan, Golub & LeVeque 1983, Am. Stat. 37:242-247.
    """

    def begin(self, shape: Shape, first: int, dt: float) -> Arrays:
        """Return sums of nothing, and the room of a block with the number of samples in it."""
        size = int(np.prod(shape))
        rows = int(np.clip(BYTES // (8 * max(size, 1)), 1, BLOCK))
        return {
            "count": np.array(0),
            "mean": np.zeros(shape),
            "waiting": np.array(0),
            "block": np.zeros((rows, *shape)),
            **self.second(shape),
        }

    def second(self, shape: Shape) -> Arrays:
        """Return sums of products of deviations, none here."""
        del shape
        return {}

    def take(self, state: Arrays, piece: Piece, until: int, spikes: Piece | None) -> Piece:
        """Fill blocks, and add up those that are full."""
        values, done = piece[1], 0
        while done < len(values):
            at = int(state["waiting"])
            n = min(len(state["block"]) - at, len(values) - done)
            state["block"][at : at + n] = values[done : done + n]
            done += n
            state["waiting"] = np.array((at + n) % len(state["block"]))
            if at + n == len(state["block"]):
                self.add(state, state["block"])
        return ()

    def add(self, state: Arrays, block: np.ndarray) -> None:
        """Add a block of samples to the sums."""
        before, n = int(state["count"]), len(block)
        mean = block.mean(axis=0)
        change = mean - state["mean"]
        self.products(state, block - mean, change, before * n / (before + n))
        state["mean"] = state["mean"] + change * (n / (before + n))
        state["count"] = np.array(before + n)

    def products(self, state: Arrays, deviations: np.ndarray, change: np.ndarray, weight: float) -> None:
        """Add products of deviations within the block, and of those of its mean."""

    def whole(self, state: Arrays) -> Arrays:
        """Return the state with the block that is not full added."""
        found = {name: array.copy() for name, array in state.items()}
        if found["waiting"]:
            self.add(found, found["block"][: int(found["waiting"])])
        return found

    def numbers(self, state: Arrays, dimension: Dimension) -> dict[str, tuple[np.ndarray, Dimension]]:
        """Return the number of samples and their mean, NaN without samples."""
        found = self.whole(state)
        count = found["count"]
        mean = found["mean"] if count else np.full(found["mean"].shape, np.nan)
        return {"count": (count, DIMENSIONLESS), "mean": (mean, dimension)}


@dataclass(frozen=True)
class Mean(_Moments):
    """Mean of each variable that is sampled: m = sum of x_k / n, and n as `count`."""


@dataclass(frozen=True)
class Variance(_Moments):
    """Mean and variance of each variable that is sampled: v = sum of (x_k - m)^2 / n, and n as `count`.

    Source: Chan, Golub & LeVeque 1983, Am. Stat. 37:242-247.
    """

    def second(self, shape: Shape) -> Arrays:
        """Return a sum of squares of each variable."""
        return {"squares": np.zeros(shape)}

    def products(self, state: Arrays, deviations: np.ndarray, change: np.ndarray, weight: float) -> None:
        """Add squares."""
        state["squares"] = state["squares"] + (deviations**2).sum(axis=0) + weight * change**2

    def numbers(self, state: Arrays, dimension: Dimension) -> dict[str, tuple[np.ndarray, Dimension]]:
        """Return count, mean and variance."""
        whole = self.whole(state)
        with np.errstate(invalid="ignore"):
            variance = whole["squares"] / whole["count"]
        return {**super().numbers(state, dimension), "variance": (variance, dimension**2)}


@dataclass(frozen=True)
class Covariance(_Moments):
    """Mean and covariance of all variables that are sampled: c_ij = sum of (x_ik - m_i)(x_jk - m_j) / n.

    Source: Chan, Golub & LeVeque 1983, Am. Stat. 37:242-247.
    """

    def second(self, shape: Shape) -> Arrays:
        """Return a sum of products of each pair."""
        size = int(np.prod(shape))
        return {"products": np.zeros((size, size))}

    def products(self, state: Arrays, deviations: np.ndarray, change: np.ndarray, weight: float) -> None:
        """Add products of pairs, in an order that no library of linear algebra chooses."""
        flat, shift = deviations.reshape(len(deviations), -1), change.reshape(-1)
        own = np.einsum("ni,nj->ij", flat, flat)
        state["products"] = state["products"] + own + weight * np.outer(shift, shift)

    def numbers(self, state: Arrays, dimension: Dimension) -> dict[str, tuple[np.ndarray, Dimension]]:
        """Return count, mean and covariance."""
        whole = self.whole(state)
        with np.errstate(invalid="ignore"):
            covariance = whole["products"] / whole["count"]
        return {**super().numbers(state, dimension), "covariance": (covariance, dimension**2)}
