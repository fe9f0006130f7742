"""Checkpoints: a flat set of named arrays that is restored bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from neurosim.errors import ResultFileError
from neurosim.store.data import checked_path, storable
from neurosim.store.image import memory_file, open_sealed, seal
from neurosim.store.plain import NotPlain, is_text, plain_arrays, plain_only

State = Mapping[str, npt.ArrayLike]


def save_state(group: h5py.Group, state: State) -> None:
    """Store named numbers and arrays below an HDF5 group, exactly.

    Arguments:
        group: an open HDF5 group.
        state: values by name ('/' in a name nests groups): booleans, integers, floats and complex numbers of any shape.

    Raises ResultFileError for a value or name that cannot be stored.
    """
    for name, value in state.items():
        array = storable(name, value)
        if array.dtype.kind == "U":
            raise ResultFileError(f"'{name}': text is not part of a numerical state; store numbers")
        try:
            group.create_dataset(checked_path(name), data=array)
        except (ValueError, TypeError) as error:
            raise ResultFileError(
                f"'{name}': its name clashes with that of another value of the state"
            ) from error


def load_state(group: h5py.Group) -> dict[str, np.ndarray | np.generic]:
    """Return what `save_state` stored: arrays, and numpy scalars for values without a shape.

    Raises ResultFileError when the group holds anything but plain arrays of numbers.
    """
    with plain_only(Path(group.file.filename)):
        arrays = plain_arrays(group)
        for name, dataset in arrays.items():
            if is_text(dataset) or dataset.chunks is not None:
                raise NotPlain(f"'{name}' is not an array of numbers, as a state requires")
        return {name: dataset[()] for name, dataset in arrays.items()}


def write_state(path: str | Path, state: State) -> None:
    """Write a state as a sealed file of its own; raises ResultFileError."""
    with memory_file() as file:
        save_state(file, state)
        seal(file, Path(path))


def read_state(path: str | Path) -> dict[str, np.ndarray | np.generic]:
    """Read a state written by `write_state`; raises ResultFileError when the file is missing or damaged."""
    with open_sealed(Path(path)) as file:
        return load_state(file)
