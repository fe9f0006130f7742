"""Array libraries: a rate network as three functions on arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurosim.bench.program import Arrays, Program
from neurosim.bench.workload import Case


@dataclass
class DenseModel:
    """A rate network: start() returns its state, run(state) takes all steps, results(state) returns arrays."""

    start: Callable[[], Any]
    run: Callable[[Any], Any]
    results: Callable[[Any], Arrays]


class Dense(Program):
    """A network written for an array library."""

    def __init__(
        self, describe: Callable[[Case, Arrays], DenseModel], case: Case, arrays: Arrays, folder: Path
    ) -> None:
        self.model = describe(case, arrays)
        self.start()
        self.advance()

    def start(self) -> None:
        """Make a new copy of the initial state."""
        self.state = self.model.start()

    def advance(self) -> None:
        """Run."""
        self.state = self.model.run(self.state)

    def results(self) -> Arrays:
        """Return the state."""
        return self.model.results(self.state)
