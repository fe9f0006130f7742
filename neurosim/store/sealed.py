"""Files that are whole or absent: written under a temporary name, and headed by a digest of all that follows.

An HDF5 file may begin with a user block that HDF5 itself ignores. The digest lives there, so a file is checked
byte by byte before the HDF5 library parses any of it, and yet stays one plain HDF5 file.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from neurosim.errors import ResultFileError

HEADER_BYTES = 512
_HEADER = re.compile(rb"neurosim sealed file 1\nsha256 ([0-9a-f]{64})\nbytes (\d{1,19})\n\0*")


def write_file(path: Path, *chunks: bytes) -> None:
    """Write a file so that it appears complete or not at all, and survives a power cut.

    Arguments: path, the file; chunks, its content in order.
    Raises ResultFileError when it cannot be written (no such folder, no permission, full disk).
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        try:
            with open(temporary, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_sealed(path: Path, content: bytes) -> None:
    """Write content behind a header that holds its length and SHA-256; raises ResultFileError."""
    header = f"neurosim sealed file 1\nsha256 {hashlib.sha256(content).hexdigest()}\nbytes {len(content)}\n"
    write_file(path, header.encode().ljust(HEADER_BYTES, b"\0"), content)


def verify(path: Path) -> None:
    """Check a sealed file against its header; raises ResultFileError naming what is wrong with it."""
    try:
        with open(path, "rb") as file:
            header = _HEADER.fullmatch(file.read(HEADER_BYTES))
            if header is None or header.end() != HEADER_BYTES:
                raise ResultFileError(f"{path}: not a neurosim result file, or its first bytes are damaged")
            size, expected = os.fstat(file.fileno()).st_size - HEADER_BYTES, int(header[2])
            if size != expected:
                raise ResultFileError(
                    f"{path}: {size} bytes of content where its header says {expected}: truncated or changed; "
                    "restore it from a copy or run again"
                )
            if hashlib.file_digest(file, "sha256").hexdigest().encode() != header[1]:
                raise ResultFileError(
                    f"{path}: damaged: its content does not match its checksum; restore it from a copy or run again"
                )
    except FileNotFoundError:
        raise ResultFileError(f"{path}: no such file") from None
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_sealed(path: Path) -> bytes:
    """Return the content of a sealed file once it is verified; raises ResultFileError."""
    verify(path)
    return path.read_bytes()[HEADER_BYTES:]


def _sync_folder(folder: Path) -> None:
    """Make a rename inside the folder durable, where the system can (Windows cannot open a folder)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
