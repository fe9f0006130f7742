"""The folder of a sweep: an index of its runs, a result file of each, a note of each failure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from neurosim.errors import ResultFileError, UsageError
from neurosim.store import open_results
from neurosim.sweep.plan import Planned

INDEX = "sweep.json"
FORMAT = 1
State = Literal["complete", "failed", "open"]


@dataclass(frozen=True)
class Sweep:
    """A sweep on disk: its folder and its runs."""

    folder: Path
    runs: list[Planned]

    def state(self, run: Planned) -> State:
        """Tell whether a run is complete (its file verifies and is of this run), failed, or open."""
        if self.is_complete(run):
            return "complete"
        return "failed" if self.note(run).exists() else "open"

    def is_complete(self, run: Planned) -> bool:
        """Tell whether the file of a run verifies, is complete, and has the seed and settings of the run."""
        try:
            with open_results(run.file(self.folder)) as results:
                facts = results.attributes
                wanted = (
                    run.experiment,
                    run.preset,
                    run.engine,
                    run.seed,
                    run.config,
                )
                found = tuple(facts.get(key) for key in ("experiment", "preset", "engine", "seed", "config"))
                return results.status == "complete" and found == wanted
        except ResultFileError:
            return False

    def note(self, run: Planned) -> Path:
        """Return the file that says why a run failed."""
        return self.folder / f"{run.name}.failed.txt"

    def failure(self, run: Planned) -> str:
        """Return why a run failed, '' if it did not."""
        return self.note(run).read_text("utf-8").strip() if self.note(run).exists() else ""


def make_sweep(folder: Path, runs: Sequence[Planned]) -> Sweep:
    """Write the index of a sweep, or add runs to one that is there.

    Raises UsageError when the folder holds another experiment, preset or engine, or something else altogether.
    """
    known: dict[str, Planned] = {}
    if (folder / INDEX).exists():
        known = {run.name: run for run in read_sweep(folder).runs}
        for attribute in ("experiment", "preset", "engine"):
            values = {getattr(run, attribute) for run in (*known.values(), *runs)}
            if len(values) > 1:
                raise UsageError(
                    f"{folder}: is a sweep of another {attribute} ({' and '.join(sorted(values))}): give another --out"
                )
        for run in runs:
            if run.name in known and known[run.name] != run:
                raise UsageError(
                    f"{folder}: '{run.name}' is a run with other settings there: give another --out"
                )
    elif folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder}: is no sweep, and not empty: give another --out")
    sweep = Sweep(folder, list({**known, **{run.name: run for run in runs}}.values()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"format": FORMAT, "runs": [asdict(run) for run in sweep.runs]}, indent=1)
        new = folder / f".{INDEX}.new"
        new.write_text(text, "utf-8")
        new.replace(folder / INDEX)
    except OSError as error:
        raise ResultFileError(f"{folder}: cannot be written: {error.strerror}") from error
    return sweep


def read_sweep(folder: str | Path) -> Sweep:
    """Return a sweep by its folder; raises ResultFileError when there is none or its index is damaged."""
    folder = Path(folder)
    path = folder / INDEX
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["format"] != FORMAT:
            raise ResultFileError(
                f"{path}: format {data['format']} is not {FORMAT}: use the neurosim that wrote it"
            )
        return Sweep(folder, [Planned(**run) for run in data["runs"]])
    except OSError as error:
        raise ResultFileError(f"{folder}: is no sweep: {INDEX} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ResultFileError(f"{path}: damaged ({type(error).__name__}: {error})") from None
