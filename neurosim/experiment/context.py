"""What an experiment is given when it runs: seed, workers, engine, and stages that are done once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from neurosim.errors import DescriptionError
from neurosim.experiment.display import Display
from neurosim.store import Data, Parts, Spikes

_STAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Progress:
    """Handed to the function of a stage: call it to tell how far the work is.

    Arguments: stage, its name; parts, where a checkpoint is kept; display, where progress is shown.
    """

    def __init__(self, stage: str, parts: Parts, display: Display) -> None:
        self.stage = stage
        self._parts = parts
        self._display = display

    def __call__(self, done: int, total: int, text: str = "") -> None:
        """Show that `done` of `total` pieces of work are done."""
        self._display.advance(self.stage, done, total, text)

    def checkpoint(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Keep the state of the stage (numbers and arrays by name) on disk; a resumed run gets it back.

        Each call writes the whole state and waits for the disk, so call it every few seconds, not every step.
        """
        self._parts.save_state(self.stage, state)

    def restored(self) -> dict[str, np.ndarray | np.generic] | None:
        """Return the last checkpoint of this stage, bit for bit, or None when it starts from the beginning."""
        return self._parts.load_state(self.stage)


class RunContext:
    """One run of an experiment.

    Attributes: seed, of every random stream; workers, how many threads to use; engine, the name of the engine.
    """

    def __init__(self, seed: int, workers: int, engine: str, parts: Parts, display: Display) -> None:
        self.seed = seed
        self.workers = workers
        self.engine = engine
        self.citations: list[str] = []
        self._parts = parts
        self._display = display
        self._names: set[str] = set()

    def stage(self, name: str, function: Callable[[Progress], Mapping[str, Data | Spikes]]) -> dict[str, Any]:
        """Do the work of a stage and keep its results; in a resumed run, only read what it has kept.

        Arguments: name, used once per run, letters, digits, '-' and '_'; function(progress), returns the results by
        name. What it draws must depend on the seed and the stage alone, never on whether earlier stages ran now.
        Returns the results by name, Data or Spikes; in the file arrays are at '<stage>/<name>', and spikes are those of
        population '<stage>.<name>'.
        Raises DescriptionError for a name that cannot be used, ResultFileError when the results cannot be stored.
        """
        if name in self._names or name == "spikes" or not _STAGE_NAME.fullmatch(name):
            raise DescriptionError(f"stage '{name}': not a fresh name of letters, digits, '-' and '_'")
        self._names.add(name)
        skipped = name in self._parts.stages()
        with self._display.stage(name, skipped=skipped):
            if not skipped:
                contents = function(Progress(name, self._parts, self._display))
                if not isinstance(contents, Mapping):
                    raise DescriptionError(
                        f"stage '{name}' returned {type(contents).__name__}: "
                        "return results by name, as {'v': Data(...)}"
                    )
                self._parts.save(name, contents, self.citations)
            # Read back either way, so that an interrupted and an uninterrupted run see the same.
            results, citations = self._parts.load(name)
        self.cite(*citations)
        return results

    def cite(self, *citations: str) -> None:
        """Record the sources of rules and models that the run uses; they are stored in the result file."""
        self.citations.extend(dict.fromkeys(text for text in citations if text not in self.citations))
