"""Writing a result file: named dimensions, units, compression and checksums on every dataset."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from neurosim.errors import OutputTaken, ResultFileError, UsageError, shown
from neurosim.store import schema
from neurosim.store.data import check_unit, checked_name, checked_path, storable
from neurosim.store.image import memory_file, seal
from neurosim.store.nexus import describe_plots
from neurosim.store.reader import Results
from neurosim.store.sealed import taken

# File systems commonly allow names of 255 bytes; that of a folder beside the file is longer than its own.
LONGEST_NAME = 200


def check_target(path: Path, *, overwrite: bool) -> None:
    """Check, before any work is done, that a file can be written to a path.

    Raises UsageError when something already exists there (unless `overwrite`), ResultFileError when the folder does
    not exist or may not be written to.
    """
    if not str(path).isprintable():
        raise UsageError(f"{shown(path)}: has characters in its name that cannot be shown; give another name")
    if len(os.fsencode(path.name)) > LONGEST_NAME:
        raise UsageError(f"{path.name[:20]}...: a name of {len(path.name)} letters; give a shorter one")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; give the name of a file")
    if path.exists() and not overwrite:
        if schema.parts_folder(path).is_dir():
            raise OutputTaken(
                f"{path}: exists already, from a run that has not finished: resume it (--resume {path}; "
                "resumed_run in Python), choose another name, or overwrite it"
            )
        raise taken(path)
    if not path.parent.is_dir():
        raise ResultFileError(f"{path.parent}: no such folder; create it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ResultFileError(f"{path.parent}: the folder may not be written to; choose another one")


@dataclass
class _Group:
    """The content of a group: the lengths of its dimensions, and the dims of its arrays."""

    lengths: dict[str, int] = field(default_factory=dict)
    arrays: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Writer:
    """Builds one result file; nothing is on disk until it closes without an error, and then all of it.

    Arguments:
        path: the file to write.
        overwrite: whether an existing file may be replaced, even one that appears before this one is complete.

    Raises UsageError or ResultFileError when the file could not be written.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        check_target(self.path, overwrite=overwrite)
        self._overwrite = overwrite
        self._file = memory_file()
        self._groups: dict[str, _Group] = {}
        self._axes: list[tuple[h5py.Dataset, tuple[str, ...]]] = []
        self.set_attributes(schema=schema.SCHEMA, schema_version=schema.SCHEMA_VERSION)
        self._file.attrs.update(magic=schema.SONATA_MAGIC, version=schema.SONATA_VERSION)

    def write(
        self,
        path: str,
        array: npt.ArrayLike,
        dims: tuple[str, ...] = (),
        unit: str = "",
        long_name: str = "",
    ) -> None:
        """Write one array.

        Arguments:
            path: where, with groups separated by '/'.
            array: numbers, booleans or text of any shape.
            dims: one name per axis.
            unit: '' if dimensionless.
            long_name: what it is (by default its name).

        Raises ResultFileError when the array cannot be stored or its dims clash with those of its group.
        """
        path, values = checked_path(path), storable(path, array)
        check_unit(unit, f"'{path}'")
        self._claim_dims(path, tuple(dims), values.shape)
        dataset = self._create(path, values)
        _set(dataset, "units", unit or schema.DIMENSIONLESS)
        _set(dataset, "long_name", long_name or path.rpartition("/")[2])
        self._axes.append((dataset, tuple(dims)))

    def write_spikes(
        self, population: str, times: npt.ArrayLike, ids: npt.ArrayLike, unit: str = "ms"
    ) -> None:
        """Write the spikes of one population in the SONATA layout, in the order given.

        Arguments:
            population: its name.
            times: in `unit`, shape (spikes,).
            ids: indices of neurons, shape (spikes,).
            unit: of the times.

        Raises ResultFileError when times and ids do not match or an id is not a whole number from 0.
        """
        group = f"{schema.SPIKES}/{checked_name(population)}"
        times, ids = storable(group, times).astype(np.float64), storable(group, ids)
        if times.shape != ids.shape or times.ndim != 1:
            raise ResultFileError(
                f"'{group}': times {times.shape} and ids {ids.shape} are not two lists of the same length"
            )
        if ids.size and (ids.dtype.kind not in "iu" or ids.min() < 0):
            raise ResultFileError(f"'{group}': ids are not all whole numbers from 0")
        self.write(f"{group}/timestamps", times, ("spike",), unit, "spike times")
        self.write(
            f"{group}/node_ids", ids.astype(np.uint64), ("spike",), "", "index of the neuron that fired"
        )
        self._file[group].attrs.create("sorting", _sorting(times, ids), dtype=schema.SORTING_TYPE)

    def set_attributes(self, **attributes: Any) -> None:
        """Set root attributes: text and numbers as they are, anything else as JSON text."""
        for name, value in attributes.items():
            plain = isinstance(value, str | int | float)
            _set(self._file, name, value if plain else json.dumps(value, sort_keys=True, allow_nan=False))

    def results(self) -> Results:
        """Return a view of what has been written so far."""
        self._attach_dims()
        return Results(self.path, self._file)

    def close(self) -> None:
        """Put the file on disk, sealed; raises ResultFileError, and then leaves an existing file untouched."""
        try:
            self._attach_dims()
            describe_plots(self._file)
            # Read back by the rules of the reader, so that nothing is written that it would reject.
            self.set_attributes(content=self.results().content_hash())
            seal(self._file, self.path, overwrite=self._overwrite)
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()

    def _claim_dims(self, path: str, dims: tuple[str, ...], shape: tuple[int, ...]) -> None:
        """Check the dims of an array that is about to be written against its group, and remember them."""
        if len(dims) != len(shape) or len(set(dims)) != len(dims):
            raise ResultFileError(
                f"'{path}': dims {dims} for shape {shape}; give each axis a name of its own"
            )
        folder, _, name = path.rpartition("/")
        group = self._groups.setdefault(folder, _Group())
        for dim, length in zip(dims, shape, strict=True):
            known = group.lengths.setdefault(checked_name(dim), length)
            if known != length:
                raise ResultFileError(
                    f"'{path}': dimension '{dim}' has length {length} here and {known} elsewhere in '/{folder}'; "
                    "name it differently"
                )
        group.arrays[name] = dims
        for both in group.arrays.keys() & group.lengths.keys():
            if group.arrays[both] != (both,):
                raise ResultFileError(
                    f"'{path}': '{both}' names both a dimension and an array of '/{folder}' that is not its "
                    "coordinate; name one of them differently"
                )

    def _create(self, path: str, values: np.ndarray) -> h5py.Dataset:
        text = values.dtype.kind == "U"
        # Uncompressed: single numbers and empty arrays, since HDF5 compresses in chunks; text, of which HDF5 would
        # only compress the positions; spikes, because readers of SONATA may have no filters.
        plain = text or not values.ndim or not values.size or path.startswith(f"{schema.SPIKES}/")
        options = (
            {} if plain else {"chunks": True, "compression": "gzip", "shuffle": True, "fletcher32": True}
        )
        try:
            return self._file.create_dataset(
                path,
                data=values.astype(object) if text else values,
                dtype=h5py.string_dtype("utf-8") if text else None,
                **options,
            )
        except (ValueError, TypeError) as error:
            raise ResultFileError(
                f"'{path}': something is already stored there; choose another name"
            ) from error

    def _attach_dims(self) -> None:
        """Give every axis its scale, which all arrays of a group share."""
        for dataset, dims in self._axes:
            for axis, dim in enumerate(dims):
                scale = self._scale(dataset.parent, dim, dataset.shape[axis])
                if scale != dataset:
                    dataset.dims[axis].attach_scale(scale)
        self._axes.clear()

    def _scale(self, group: h5py.Group, dim: str, length: int) -> h5py.Dataset:
        if dim not in group:
            # Never written to, so it takes no space.
            scale = group.create_dataset(dim, shape=(length,), dtype="f4")
            scale.attrs.update(units=schema.DIMENSIONLESS, long_name="dimension without coordinates")
            scale.make_scale(schema.bare_dimension(length))
        elif not group[dim].is_scale:
            group[dim].make_scale(dim)
        return group[dim]


def _set(item: h5py.Group | h5py.Dataset, name: str, value: str | float) -> None:
    try:
        item.attrs[name] = value
    except (ValueError, TypeError, OverflowError) as error:
        place = f"'{item.name}', attribute '{shown(name)}'"
        raise ResultFileError(f"{place}: {shown(value)!r} cannot be stored ({shown(error)})") from error


def _sorting(times: np.ndarray, ids: np.ndarray) -> int:
    if np.all(times[1:] >= times[:-1]):
        return schema.SORTINGS["by_time"]
    return schema.SORTINGS["by_id" if np.all(ids[1:] >= ids[:-1]) else "none"]
