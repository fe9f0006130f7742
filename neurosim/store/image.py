"""HDF5 files built in memory and sealed to disk; sealed files opened for reading."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import h5py

from neurosim.store.plain import address, plain_only
from neurosim.store.raw import Raw
from neurosim.store.sealed import HEADER_BYTES, verify, write_sealed


def memory_file() -> h5py.File:
    """Return an empty HDF5 file in memory.

    HDF5 does not write to the disk because it ends the whole process when a disk is full (1.14: a crash while the
    file closes); the price is memory for the compressed content of one file.
    """
    return h5py.File(f"memory-{uuid4()}", "w", driver="core", backing_store=False, block_size=2**20)


def seal(file: h5py.File, path: Path, *, overwrite: bool = True) -> None:
    """Write a file from memory to disk behind its digest; raises ResultFileError, OutputTaken."""
    file.flush()
    write_sealed(path, file.id.get_file_image(), overwrite=overwrite)


def open_sealed(path: Path) -> h5py.File:
    """Verify a sealed file, then open it read-only; raises ResultFileError."""
    verify(path)
    with plain_only(path):
        raw = Raw(path, HEADER_BYTES)
        raw.check_heaps()
        file = h5py.File(path, "r")
        try:
            raw.check_attributes(address(file))
        except BaseException:
            file.close()
            raise
        return file
