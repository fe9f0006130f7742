"""What an experiment is given when it runs: seed, workers, engine, and stages that are done once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from neurosim.errors import DescriptionError
from neurosim.experiment.display import Display
from neurosim.experiment.recorded import as_results
from neurosim.store import Parts

# Part of a file's name while the run lasts.
LONGEST = 100
_STAGE_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST - 1}}}")


class Stage:
    """Handed to the function of a stage: call it to tell how far the work is.

    Arguments: name, of the stage; parts, where a checkpoint is kept; display, where progress is shown; every, seconds
    from one checkpoint to the next.
    """

    def __init__(self, name: str, parts: Parts, display: Display, every: float) -> None:
        self.name = name
        self._parts = parts
        self._display = display
        self._every = every
        self._kept = time.monotonic()

    def __call__(self, done: int, total: int, text: str = "") -> None:
        """Show that `done` of `total` pieces of work are done."""
        self._display.advance(self.name, done, total, text)

    def checkpoint(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Offer the state of the stage (numbers and arrays by name) for a checkpoint; a resumed run gets it back.

        It is written, whole and to the disk, if the last one is as old as `--checkpoint-every` asks for: at each call
        without it, so call this every few seconds, not every step.
        """
        if time.monotonic() - self._kept >= self._every:
            self._parts.save_state(self.name, state)
            self._kept = time.monotonic()

    def restored(self) -> dict[str, np.ndarray | np.generic] | None:
        """Return the last checkpoint of this stage, bit for bit, or None when it starts from the beginning."""
        return self._parts.load_state(self.name)


class RunContext:
    """One run of an experiment.

    Attributes: seed, of every random stream; workers, how many threads to use; engine, the name of the engine.
    """

    def __init__(
        self,
        seed: int,
        workers: int,
        engine: str,
        parts: Parts,
        display: Display,
        checkpoint_every: float = 0.0,
    ) -> None:
        self.seed = seed
        self.workers = workers
        self.engine = engine
        self.citations: list[str] = []
        self._parts = parts
        self._display = display
        self._every = checkpoint_every
        self._names: set[str] = set()

    def stage(self, name: str, function: Callable[[Stage], Mapping[str, Any]]) -> dict[str, Any]:
        """Do the work of a stage and keep its results; in a resumed run, only read what it has kept.

        Arguments: name, used once per run, letters, digits, '-' and '_'; function(stage), returns the results by name:
        Data, Spikes, or what `simulation.recordings()` returns (see `neurosim.experiment.recorded`). What it draws must
        depend on the seed and the stage alone, never on whether earlier stages ran now.
        Returns the results by name, Data or Spikes; in the file arrays are at '<stage>/<name>', and spikes are those of
        population '<stage>.<name>'.
        Raises DescriptionError for a name that cannot be used, ResultFileError when the results cannot be stored.
        """
        if name in self._names or name == "spikes" or not _STAGE_NAME.fullmatch(name):
            raise DescriptionError(
                f"stage '{name[:LONGEST]}': not a fresh name of at most {LONGEST} letters, digits, '-' and '_'"
            )
        self._names.add(name)
        skipped = name in self._parts.stages()
        with self._display.stage(name, skipped=skipped):
            if not skipped:
                contents = function(Stage(name, self._parts, self._display, self._every))
                if not isinstance(contents, Mapping):
                    raise DescriptionError(
                        f"stage '{name}' returned {type(contents).__name__}: "
                        "return results by name, as {'v': Data(...)}"
                    )
                self._parts.save(name, as_results(contents), self.citations)
            # Read back either way, so that an interrupted and an uninterrupted run see the same.
            results, citations = self._parts.load(name)
        self.cite(*citations)
        return results

    def cite(self, *citations: str) -> None:
        """Record the sources of rules and models that the run uses; they are stored in the result file."""
        self.citations.extend(dict.fromkeys(text for text in citations if text not in self.citations))
