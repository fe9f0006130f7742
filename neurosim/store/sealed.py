"""Files that are complete or absent: written under a temporary name, and headed by a digest of all that follows.

An HDF5 file may begin with a user block that HDF5 itself ignores. The digest is stored there, so a file is
checked byte by byte before the HDF5 library parses any of it, and yet remains a plain HDF5 file.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from io import BufferedReader
from pathlib import Path
from secrets import token_hex

from neurosim.errors import OutputTaken, ResultFileError

HEADER_BYTES = 512
_HEADER = re.compile(rb"neurosim sealed file 1\nsha256 ([0-9a-f]{64})\nbytes (\d{1,19})\n\0*")


def write_file(path: Path, *chunks: bytes, overwrite: bool = True) -> None:
    """Write a file so that it appears complete or not at all, and survives a power cut.

    Arguments:
        path: the file.
        chunks: its content in order.
        overwrite: whether an existing file of that name is replaced.

    Raises OutputTaken when a file of that name exists and must not be replaced, ResultFileError when it cannot be
    written (no such folder, no permission, full disk).
    """
    temporary = temporary_name(path)
    try:
        try:
            # A new file under a name that nobody can guess: a link planted there is not followed.
            with open(temporary, "xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            publish(temporary, path, overwrite=overwrite)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be written: {error.strerror or error}") from error


def temporary_name(path: Path) -> Path:
    """Return a name beside a path for the file that will replace it."""
    return path.with_name(f".{token_hex(8)}.tmp")


def publish(file: Path, path: Path, *, overwrite: bool) -> None:
    """Move a complete file to its place on the same disk.

    Arguments:
        file: where it is.
        path: its place.
        overwrite: whether an existing file there is replaced.

    Raises OutputTaken when a file exists there at that very moment and must not be replaced; OSError.
    """
    if overwrite:
        os.replace(file, path)
    else:
        try:
            os.link(file, path)
        except FileExistsError:
            raise taken(path) from None
        except OSError:  # some disks have no links
            if path.exists():
                raise taken(path) from None
            os.replace(file, path)
        else:
            file.unlink()
    _sync_folder(path.parent)


def taken(path: Path) -> OutputTaken:
    """Return the error that a file already exists."""
    return OutputTaken(f"{path}: exists already; choose another name, or overwrite it")


def write_sealed(path: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write content behind a header with its length and SHA-256; raises as `write_file` does."""
    header = f"neurosim sealed file 1\nsha256 {hashlib.sha256(content).hexdigest()}\nbytes {len(content)}\n"
    write_file(path, header.encode().ljust(HEADER_BYTES, b"\0"), content, overwrite=overwrite)


def verify(path: Path) -> None:
    """Check a sealed file against its header; raises ResultFileError naming what is wrong with it."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            _check(file, path)
    except (FileNotFoundError, NotADirectoryError):
        raise ResultFileError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise ResultFileError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error


def read_sealed(path: Path) -> bytes:
    """Return the content of a sealed file once it is verified; raises ResultFileError."""
    verify(path)
    return path.read_bytes()[HEADER_BYTES:]


def is_sealed(path: Path) -> bool:
    """Tell whether a file begins as a sealed file does."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            return _HEADER.fullmatch(file.read(HEADER_BYTES)) is not None
    except OSError:
        return False


def _without_waiting(path: str, flags: int) -> int:
    """Open a file without ever waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check(file: BufferedReader, path: Path) -> None:
    facts = os.fstat(file.fileno())
    if not stat.S_ISREG(facts.st_mode):
        raise ResultFileError(f"{path}: cannot be read: not a file")
    header = _HEADER.fullmatch(file.read(HEADER_BYTES))
    if header is None or header.end() != HEADER_BYTES:
        raise ResultFileError(f"{path}: not a neurosim result file, or its first bytes are damaged")
    size, expected = facts.st_size - HEADER_BYTES, int(header[2])
    if size != expected:
        raise ResultFileError(
            f"{path}: {size} bytes of content where its header says {expected}: truncated or changed; "
            "restore it from a copy or run again"
        )
    if hashlib.file_digest(file, "sha256").hexdigest().encode() != header[1]:
        raise ResultFileError(
            f"{path}: damaged: its content does not match its checksum; restore it from a copy or run again"
        )


def _sync_folder(folder: Path) -> None:
    """Make a rename inside the folder durable, where the system can (Windows cannot open a folder)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
