"""One contender of a comparison in a process of its own."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from neurosim.bench.descents.descent import DESCENTS
from neurosim.bench.program import Program, clock
from neurosim.bench.worker import serve


class Worker:
    """Answers 'build' with the time to the end of the first step, 'run' with that of some more, 'losses' with them."""

    def __init__(self, name: str, contender: str) -> None:
        self.steps = dict(zip(("ours", "peer"), DESCENTS[name].steps, strict=True))[contender]
        self.kind: Any = DESCENTS[name].program(contender)
        self.program: Program | None = None

    def answer(self, request: str) -> dict[str, Any]:
        """Carry out a request and return what it took, or the losses so far."""
        if request.strip() == "build":
            with clock() as spent:
                self.program = self.kind(self.steps)
            return asdict(spent)
        assert self.program is not None
        if request.strip() == "losses":
            return {"losses": self.program.results()["losses"].tolist()}
        spent = self.program.timed()
        return {"cpu": spent.cpu / self.steps, "wall": spent.wall / self.steps}


if __name__ == "__main__":
    serve(lambda: Worker(*sys.argv[1:]))
