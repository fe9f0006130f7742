"""The folder of an unfinished run: locked by one process, and distinguished from folders of other origin."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from neurosim.errors import OutputTaken, ResultFileError, UsageError, shown
from neurosim.store.sealed import is_sealed

# What the run is; the lock of its process; the result file until it is moved to its place.
HEADER, LOCK, WHOLE = "header", "lock", "result"
_PART = re.compile(r"header|result|[A-Za-z0-9_-]+((\.run)?(\.state|\.before))?\.h5")
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")


def hold(folder: Path) -> FileLock:
    """Create and lock a folder of parts for this process (until it ends, however it ends), where the disk supports it.

    Raises OutputTaken when another process holds it, UsageError when it contains anything but parts of a run.
    """
    try:
        while True:
            _refuse_foreign(folder)
            folder.mkdir(exist_ok=True)
            lock = FileLock(folder / LOCK, thread_local=False)
            try:
                lock.acquire(blocking=False)
            except NotImplementedError:
                return lock  # some network disks have no locks
            if (folder / LOCK).exists():
                return lock
            lock.release()  # the run that held the folder has removed it in the meantime
    except Timeout:
        raise OutputTaken(f"{folder}: another process is running this; wait for it or stop it") from None
    except OSError as error:
        raise ResultFileError(f"{folder}: cannot be written: {error.strerror}") from error


def clear(folder: Path) -> None:
    """Delete the parts of a run, its header last: until then, resuming makes missing parts again."""
    for path in sorted(_ours(folder), key=lambda path: path.name == HEADER):
        if path.name != LOCK:
            path.unlink(missing_ok=True)


def release(folder: Path, lock: FileLock) -> None:
    """Release a folder, and delete it if it contains neither a run nor anything else."""
    if os.name == "nt":
        lock.release()  # where no open file can be deleted
    if not (folder / HEADER).exists():
        with suppress(OSError):
            (folder / LOCK).unlink(missing_ok=True)
            folder.rmdir()
    lock.release()


def _refuse_foreign(folder: Path) -> None:
    foreign = sorted(set(folder.iterdir()) - set(_ours(folder))) if folder.is_dir() else []
    if foreign or folder.is_symlink():
        what = f"holds '{shown(foreign[0].name)}', which is not part of a run" if foreign else "is a link"
        raise UsageError(f"{folder}: {what}; move it away, or choose another name")


def _ours(folder: Path) -> list[Path]:
    """Return the files of a folder that a run has written: its lock, its header and what belongs to one."""
    begun = is_sealed(folder / HEADER)
    return [
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.is_symlink()
        and (
            (path.name == LOCK and not path.stat().st_size)
            or _TEMPORARY.fullmatch(path.name)
            or (begun and _PART.fullmatch(path.name) and is_sealed(path))
        )
    ]
