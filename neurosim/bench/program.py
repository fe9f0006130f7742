"""What is measured: a network in one simulator, ready to run again and again."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass
class Spent:
    """What a run cost.

    Fields:
        cpu (s): time of the whole process.
        wall (s): elapsed time.
        peak (bytes): memory of a child process, 0 without one.
    """

    cpu: float = 0.0
    wall: float = 0.0
    peak: int = 0


@contextmanager
def clock() -> Iterator[Spent]:
    """Measure the work inside: yields a `Spent` that is filled in at the end."""
    spent = Spent()
    cpu, wall = time.process_time(), time.perf_counter()
    yield spent
    spent.cpu, spent.wall = time.process_time() - cpu, time.perf_counter() - wall


class Program(ABC):
    """A network in one simulator; creating one takes it from the description to its first step."""

    @abstractmethod
    def start(self) -> None:
        """Go back to the beginning; not timed."""

    @abstractmethod
    def advance(self) -> None:
        """Run for the whole duration."""

    @abstractmethod
    def results(self) -> Arrays:
        """Return the results of the last run: `steps` and `ids` of spikes, final weights, rates."""

    def timed(self) -> Spent:
        """Run from the beginning and return the time it took."""
        self.start()
        with clock() as spent:
            self.advance()
        return spent
