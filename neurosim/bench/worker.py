"""One contender in a process of its own: reads a request per line, answers with a line of JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from neurosim.bench import catalogue
from neurosim.bench.memory import bandwidth
from neurosim.bench.ours import Fused, engine_of, held
from neurosim.bench.program import Program, Spent, clock
from neurosim.bench.usage import peak_memory
from neurosim.bench.workload import Case, Workload
from neurosim.errors import NeurosimError
from neurosim.extras import optional


class Answering(Protocol):
    """What answers requests."""

    def answer(self, request: str) -> dict[str, Any]:
        """Carry out a request and return its result in a form that JSON can represent."""


class Worker:
    """A contender and what it answers to requests: build, run, save; ours also arrays and bandwidth."""

    def __init__(self, contender: str, workload: Workload, case: Case, folder: Path) -> None:
        self.contender, self.workload, self.case, self.folder = contender, workload, case, folder
        self.make = self._maker()
        self.program: Program | None = None
        # What the interpreter and its libraries require without any network.
        self.bare = 0 if contender == "brian2_cpp" else peak_memory()

    def _maker(self) -> Callable[[], Program]:
        """Import the contender's libraries and return what takes its network from the description to the first step."""
        if self.contender == catalogue.OURS:
            engine_of(self.case)
            ours = self.workload.ours or Fused
            return lambda: ours(self.workload, self.case)
        program = catalogue.program(catalogue.peer(self.contender))
        describe = self.workload.peers[self.contender]
        with np.load(self.folder / "arrays.npz") as file:
            arrays = dict(file)
        return lambda: program(describe, self.case, arrays, self.folder)

    def answer(self, request: str) -> dict[str, Any]:
        """Carry out a request and return what it took."""
        word, *words = request.split()
        return getattr(self, f"do_{word}")(*words)

    def do_build(self) -> dict[str, Any]:
        """Take the network from its description to its first step."""
        with clock() as spent:
            self.program = self.make()
        children = os.times().children_user + os.times().children_system
        return {**asdict(spent), "cpu": spent.cpu + children}

    def do_run(self) -> dict[str, Any]:
        """Run from the beginning; memory is the peak so far above that of the bare process."""
        assert self.program is not None
        spent: Spent = self.program.timed()
        return {**asdict(spent), "peak": (spent.peak or peak_memory()) - self.bare}

    def do_save(self) -> dict[str, Any]:
        """Write the results of the last run."""
        assert self.program is not None
        np.savez(self.folder / f"{self.contender}.npz", **self.program.results())  # type: ignore[arg-type]
        return {}

    def do_facts(self) -> dict[str, Any]:
        """Return the facts of our last run, and write the arrays for the peers."""
        assert isinstance(self.program, Fused)
        facts = asdict(self.program.facts())
        np.savez(self.folder / "arrays.npz", **self.program.arrays())  # type: ignore[arg-type]
        sizes = {
            "bytes_held": held([self.program.simulation]),
            "bytes_per_plastic_synapse": self.program.plastic_bytes(),
        }
        return {**facts, **sizes}

    def do_bandwidth(self, size: str) -> dict[str, Any]:
        """Measure the bandwidth at a size of the working set (bytes)."""
        return {"bandwidth": bandwidth(float(size))}


def serve(make: Callable[[], Answering]) -> None:
    """Answer requests on standard input until it ends; an error that a user can cause ends it with one line."""
    # Whatever a library prints goes to standard error, so that standard output has only answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        with optional():
            worker = make()
        print("{}", file=answers, flush=True)
        for request in iter(sys.stdin.readline, ""):
            print(json.dumps(worker.answer(request)), file=answers, flush=True)
    except NeurosimError as error:
        sys.exit(str(error))


def main() -> None:
    """Run the contender that the command line names."""
    contender, name, case, folder = sys.argv[1:]
    serve(lambda: Worker(contender, catalogue.workload(name), Case(**json.loads(case)), Path(folder)))


if __name__ == "__main__":
    main()
