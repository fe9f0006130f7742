"""The folder beside a result file that keeps what a run has finished, until the run completes.

Each finished stage is a sealed file of its own, so a run that is stopped at any moment loses at most the stage it
was in, and less if that stage keeps a checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from neurosim.errors import OutputTaken, ResultFileError, UsageError
from neurosim.store.data import Data, Spikes
from neurosim.store.folder import HEADER, WHOLE, clear, hold, release
from neurosim.store.reader import open_results
from neurosim.store.schema import parts_folder
from neurosim.store.sealed import publish, read_sealed, write_sealed
from neurosim.store.state import read_state, write_state
from neurosim.store.writer import Writer, check_target

Contents = dict[str, Data | Spikes]


class Parts:
    """The finished stages of one run, held by one process at a time.

    Arguments:
        target: the result file into which they will be merged.
        header: what the run is (its root attributes).
        lock: of the folder.
        overwrite: whether the run may replace a file of another run once it is complete.
    """

    def __init__(self, target: Path, header: dict[str, Any], lock: FileLock, *, overwrite: bool) -> None:
        self.target = target
        self.header = header
        self.overwrite = overwrite
        self.folder = parts_folder(target)
        self._lock = lock

    @classmethod
    def create(cls, target: Path, header: Mapping[str, Any], *, overwrite: bool = False) -> Self:
        """Start a run. Raises OutputTaken when the target or an unfinished run of it exists (unless `overwrite`)."""
        check_target(target, overwrite=overwrite)
        folder = parts_folder(target)
        lock = hold(folder)
        try:
            # Again, since the run that held the folder may have been completed just now.
            check_target(target, overwrite=overwrite)
            if (folder / HEADER).exists() and not overwrite:
                raise OutputTaken(
                    f"{folder}: holds an unfinished run; resume it with --resume {target}, or overwrite it"
                )
            clear(folder)
            text = json.dumps({"attributes": dict(header), "overwrite": overwrite}, allow_nan=False)
            write_sealed(folder / HEADER, text.encode())
        except BaseException:
            release(folder, lock)
            raise
        return cls(target, dict(header), lock, overwrite=overwrite)

    @classmethod
    def open(cls, target: Path) -> Self:
        """Resume an unfinished run. Raises UsageError when there is none, ResultFileError when it is damaged."""
        folder = parts_folder(target)
        if not folder.is_dir():
            raise UsageError(f"{target}: no unfinished run to resume ({folder.name} does not exist)")
        lock = hold(folder)
        try:
            if not (folder / HEADER).exists():
                raise UsageError(
                    f"{target}: no unfinished run to resume ({folder.name} is empty); start it without --resume"
                )
            return cls(target, lock=lock, **_header(folder / HEADER))
        except BaseException:
            release(folder, lock)
            raise

    def stages(self) -> list[str]:
        """Return the names of the finished stages in alphabetical order."""
        names = (path.name.removesuffix(".h5") for path in self.folder.glob("*.h5"))
        return sorted(name for name in names if not name.endswith((".state", ".before")))

    def save(self, stage: str, contents: Mapping[str, Data | Spikes], citations: list[str]) -> None:
        """Close a stage: keep its results, and drop its checkpoint; raises ResultFileError."""
        with Writer(self.folder / f"{stage}.h5", overwrite=True) as writer:
            writer.set_attributes(status="running", citations=citations)
            for name, item in contents.items():
                _write(writer, stage, name, item)
        for path in (*self._states(stage), *self._states(run_of(stage))):
            path.unlink(missing_ok=True)

    def load(self, stage: str) -> tuple[Contents, list[str]]:
        """Return what `save` kept of a stage, its results and citations; raises ResultFileError."""
        with open_results(self.folder / f"{stage}.h5") as results:
            spikes = {f"spikes/{population}" for population in results.populations()}
            contents: Contents = {
                path.partition("/")[2]: results.data(path)
                for path in results.paths()
                if path.rpartition("/")[0] not in spikes
            }
            for population in results.populations():
                contents[population.removeprefix(f"{stage}.")] = results.spikes(population)
            return contents, results.attributes["citations"]

    def save_state(self, stage: str, state: Mapping[str, npt.ArrayLike]) -> None:
        """Keep a checkpoint of an unfinished stage, and the one before it; raises ResultFileError."""
        last, before = self._states(stage)
        if last.exists():
            last.replace(before)
        write_state(last, state)

    def load_state(self, stage: str) -> dict[str, np.ndarray | np.generic] | None:
        """Return the last intact checkpoint of a stage, or None; raises ResultFileError if all are damaged."""
        damage: ResultFileError | None = None
        for path in filter(Path.exists, self._states(stage)):
            try:
                return read_state(path)
            except ResultFileError as error:
                damage = damage or error
        if damage is not None:
            raise damage
        return None

    @contextmanager
    def result(self, *, replace: bool) -> Iterator[Writer]:
        """Write the results of all finished stages into one file, which is moved to its place when the block ends.

        Arguments:
            replace: whether a file of another run is replaced.

        Raises OutputTaken when such a file exists and must not be replaced.
        """
        whole = self.folder / WHOLE
        with Writer(whole, overwrite=True) as writer:
            for stage in self.stages():
                for name, item in self.load(stage)[0].items():
                    _write(writer, stage, name, item)
            yield writer
        try:
            publish(whole, self.target, overwrite=replace or self.left() is not None)
        except OSError as error:
            raise ResultFileError(f"{self.target}: cannot be written: {error.strerror or error}") from error

    def left(self) -> str | None:
        """Return the status of the file that this run has left at its target, None if it has left none."""
        try:
            with open_results(self.target) as results:
                ours = results.attributes.get("run") == self.header.get("run", "")
                return results.status if ours else None
        except ResultFileError:
            return None

    def close(self) -> None:
        """Let another process resume the run."""
        self._lock.release()

    def remove(self) -> None:
        """Delete the parts, once they are merged or empty; what does not belong to this run remains."""
        clear(self.folder)
        release(self.folder, self._lock)

    def worth_keeping(self) -> bool:
        """Tell whether a stage has finished or kept a checkpoint."""
        return any(self.folder.glob("*.h5"))

    def _states(self, stage: str) -> tuple[Path, Path]:
        """Return where the last checkpoint of a stage is, and the one before it."""
        return self.folder / f"{stage}.state.h5", self.folder / f"{stage}.before.h5"


def run_of(stage: str) -> str:
    """Return the name under which checkpoints of a simulation that a stage runs are kept, beside its own."""
    return f"{stage}.run"


def _write(writer: Writer, stage: str, name: str, item: Data | Spikes) -> None:
    if isinstance(item, Spikes):
        # A dot, because SONATA identifies populations by one name, not by a path.
        writer.write_spikes(f"{stage}.{name}", item.times, item.ids, item.unit)
    elif isinstance(item, Data):
        writer.write(f"{stage}/{name}", item.array, item.dims, item.unit, item.long_name)
    else:
        raise ResultFileError(
            f"stage '{stage}': result '{name}' is {type(item).__name__}; give Data(array, dims, unit, long_name)"
        )


def _header(path: Path) -> dict[str, Any]:
    """Return what a run is and whether it may overwrite, from its header; raises ResultFileError."""
    try:
        found = json.loads(read_sealed(path))
    except (ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, dict)
        or found.keys() != {"attributes", "overwrite"}
        or not isinstance(found["attributes"], dict)
    ):
        raise ResultFileError(f"{path}: of another version of neurosim; start again with --overwrite")
    return {"header": found["attributes"], "overwrite": bool(found["overwrite"])}
