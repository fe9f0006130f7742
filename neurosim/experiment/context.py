"""What an experiment is given when it runs: seed, workers, engine, and stages that are done once."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from neurosim import interrupts
from neurosim.errors import DescriptionError
from neurosim.experiment.display import Display
from neurosim.experiment.recorded import as_results
from neurosim.store import Parts
from neurosim.store.parts import run_of

if TYPE_CHECKING:
    from neurosim.engines.simulation import Simulation

EVERY = 30.0
"""Seconds between two checkpoints of a simulation that runs."""
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
        self._one_at_a_time = Lock()

    def __call__(self, done: int, total: int, text: str = "") -> None:
        """Show that `done` of `total` pieces of work are done."""
        interrupts.check()
        self._display.advance(self.name, done, total, text)

    def checkpoint(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Offer the state of the stage (numbers and arrays by name) for a checkpoint; a resumed run gets it back.

        It is written, whole and to the disk, if the last one is as old as `--checkpoint-every` asks for: at each call
        without it, so call this every few seconds, not every step.
        """
        interrupts.check()
        if time.monotonic() - self._kept >= self._every:
            self._parts.save_state(self.name, state)
            self._kept = time.monotonic()

    def restored(self) -> dict[str, np.ndarray | np.generic] | None:
        """Return the last checkpoint of this stage, bit for bit, or None when it starts from the beginning."""
        return self._parts.load_state(self.name)

    def run(self, simulation: Simulation, duration: Any, inputs: Mapping[str, Any] | None = None) -> None:
        """Run a simulation as `simulation.run` does, with progress, and with checkpoints while it runs.

        A resumed run that reaches this call with the simulation in the same state continues it from the last
        checkpoint, to the same bits. Recordings are part of a checkpoint. Without `--checkpoint-every` there is one
        every 30 s. Of several simulations that a stage runs, the last one that was running continues.

        Arguments: simulation; duration (s), a whole number of steps; inputs, as those of `simulation.run`.
        Raises what `simulation.run` raises, and ResultFileError when a checkpoint cannot be kept.
        """
        # With the engines it takes a second to load.
        from neurosim.engines.requests import rows, whole_steps

        steps = whole_steps(duration, simulation.dt)
        given = rows(simulation.equations, inputs, steps)
        began, first = _digest(simulation.checkpoint(), steps, given), simulation.now
        with self._one_at_a_time:
            kept = self._parts.load_state(run_of(self.name)) or {}
        if np.array_equal(kept.pop("began", np.zeros(0)), began):
            simulation.restore(kept)
        done, last = simulation.now - first, time.monotonic()

        def progress(taken: int, total: int) -> None:
            nonlocal last
            self(done + taken, steps)
            if taken < total and time.monotonic() - last >= (self._every or EVERY):
                with self._one_at_a_time:
                    self._parts.save_state(run_of(self.name), {**simulation.checkpoint(), "began": began})
                last = time.monotonic()

        simulation.take(steps - done, {name: values[done:] for name, values in given.items()}, progress)


def _digest(state: Mapping[str, Any], steps: int, given: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return a digest of how a run begins: the state of its simulation, the number of steps, and its inputs."""
    found = hashlib.sha256(str(steps).encode())
    # A value that is held is one row.
    held = {
        f"input/{name}": values[: 1 if values.strides[0] == 0 else None] for name, values in given.items()
    }
    for name, value in sorted({**state, **held}.items()):
        array = np.ascontiguousarray(value)
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        found.update(array.tobytes())
    return np.frombuffer(found.digest(), dtype=np.uint8)


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
        interrupts.check()
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
