"""Fixed points: how a network settles, and what is said of how it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurosim.errors import DescriptionError, RunFailed
from neurosim.store import Data


@dataclass(frozen=True)
class Settle:
    """Until when, and how, a network settles.

    After each step every dynamic state becomes damping*before + (1 - damping)*after, which has the same fixed points.

    Arguments:
        tolerance: largest change of any dynamic state in an undamped step that counts as none (SI units).
        at_most: number of steps after which it has not settled.
        damping: share of the state before, from 0 up to 1, against oscillation.
        unsettled: of several patterns, 'refuse', so that nothing is learned from any, or 'leave out' those that do not
            settle, so that the mean is that of the others; the report counts them.

    Raises DescriptionError for other values.
    """

    tolerance: float = 1e-9
    at_most: int = 10_000
    damping: float = 0.0
    unsettled: Literal["refuse", "leave out"] = "refuse"

    def __post_init__(self) -> None:
        if not self.tolerance >= 0:
            raise DescriptionError(f"settle: tolerance = {self.tolerance}: give a number from 0")
        if self.at_most < 1:
            raise DescriptionError(f"settle: at_most = {self.at_most}: allow at least 1 step")
        if not 0 <= self.damping < 1:
            raise DescriptionError(f"settle: damping = {self.damping}: give a number from 0 up to 1")
        if self.unsettled not in ("refuse", "leave out"):
            raise DescriptionError(f"settle: unsettled = {self.unsettled!r}: give 'refuse' or 'leave out'")


@dataclass(frozen=True, eq=False)
class Settled:
    """How each trial settled: arrays of shape (trials,), or () of one network.

    Arguments:
        steps: number of steps taken.
        residual: largest change of a dynamic state in the last step, before damping (SI units).
        converged: whether that is within the tolerance.
    """

    steps: np.ndarray
    residual: np.ndarray
    converged: np.ndarray

    @property
    def unsettled(self) -> int:
        """The number of trials that did not settle."""
        return int(np.size(self.converged) - np.count_nonzero(self.converged))

    def check(self, what: str) -> None:
        """Raise RunFailed if any trial did not settle; what, at the head of the message."""
        if self.unsettled:
            trials = np.size(self.converged)
            of = f"{self.unsettled} of {trials} patterns" if np.ndim(self.converged) else "the network"
            raise RunFailed(
                f"{what}: {of} did not settle, still changing by {np.max(self.residual):.3g} per step after "
                f"{int(np.max(self.steps))} steps: allow more steps, raise the damping, or lower dt"
            )

    def data(self, axis: str = "pattern") -> dict[str, Data]:
        """Return the report for a result file, by name.

        Arguments:
            axis: name of the axis of trials.
        """
        dims = (axis,) * np.ndim(self.steps)
        return {
            "settling_steps": Data(self.steps, dims, "", "steps until the network settled"),
            "settling_residual": Data(
                self.residual, dims, "", "largest change of a state in the last step (SI units)"
            ),
            "settled": Data(self.converged, dims, "", "whether the network settled"),
        }
