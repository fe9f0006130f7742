"""Reading a result file: arrays, spikes, provenance and claims, all read-only."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np

from neurosim.errors import ResultFileError
from neurosim.registry import suggest
from neurosim.store import schema
from neurosim.store.data import KINDS, Data, Info, Spikes
from neurosim.store.image import open_sealed


def open_results(path: str | Path) -> Results:
    """Verify a result file, then open it read-only.

    Raises ResultFileError when it is missing, truncated, damaged, or not a result file of a version known here.
    """
    path = Path(path)
    if not path.exists() and schema.parts_folder(path).is_dir():
        raise ResultFileError(f"{path}: its run has not ended; if it was stopped, go on with --resume {path}")
    file = open_sealed(path)
    name, version = file.attrs.get("schema"), file.attrs.get("schema_version")
    if name is None:
        file.close()
        raise ResultFileError(
            f"{path}: holds no results; a state of a simulation is read by read_state, and of results "
            f"this neurosim reads '{schema.SCHEMA}' version {schema.SCHEMA_VERSION}"
        )
    if name != schema.SCHEMA or version != schema.SCHEMA_VERSION:
        file.close()
        raise ResultFileError(
            f"{path}: holds '{name}' version {version}, this neurosim reads '{schema.SCHEMA}' version "
            f"{schema.SCHEMA_VERSION}; open it with the neurosim that wrote it"
        )
    return Results(path, file)


class Results:
    """A result file open for reading; a context manager.

    Arguments: path, where the file is (for messages); file, the open HDF5 file.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self._file = file

    @property
    def attributes(self) -> dict[str, Any]:
        """The root attributes, those in JSON decoded."""
        return {name: self._attribute(name, value) for name, value in self._file.attrs.items()}

    @property
    def status(self) -> str:
        """How the run ended: 'complete', 'interrupted' or 'failed'."""
        return str(self.attributes.get("status", ""))

    @property
    def config(self) -> dict[str, Any]:
        """The settings of the run by name."""
        return self.attributes.get("config", {})

    @property
    def claims(self) -> list[dict[str, Any]]:
        """The claims of the run with their verdicts, one dictionary each."""
        return self.attributes.get("claims", [])

    def paths(self) -> list[str]:
        """Return the paths of all arrays, spikes included, in alphabetical order."""
        return list(self._datasets)

    def populations(self) -> list[str]:
        """Return the names of the populations whose spikes are stored."""
        return list(self._file.get(schema.SPIKES, ()))

    def array(self, path: str) -> np.ndarray:
        """Return an array by its path, for example 'trials/rate'; raises ResultFileError if there is none."""
        return self._values(self._dataset(path))

    def data(self, path: str) -> Data:
        """Return an array with its dims, unit and long name; raises ResultFileError if there is none."""
        info = self.info(path)
        return Data(self.array(path), info.dims, info.unit, info.long_name)

    def info(self, path: str) -> Info:
        """Return all about an array but its values; raises ResultFileError if there is none."""
        dataset = self._dataset(path)
        unit = str(dataset.attrs.get("units", schema.DIMENSIONLESS))
        return Info(
            dataset.shape,
            "text" if dataset.dtype.kind == "S" else str(dataset.dtype),
            _dims(dataset),
            "" if unit == schema.DIMENSIONLESS else unit,
            str(dataset.attrs.get("long_name", "")),
        )

    def spikes(self, population: str) -> Spikes:
        """Return the spikes of a population; raises ResultFileError if there is none of that name."""
        if population not in self.populations():
            raise ResultFileError(
                f"{self.path}: no spikes of '{population}': {suggest(population, self.populations())}"
            )
        times, ids = (f"{schema.SPIKES}/{population}/{name}" for name in ("timestamps", "node_ids"))
        return Spikes(self.array(times), self.array(ids), self.info(times).unit)

    def infos(self) -> dict[str, Info]:
        """Return all about every stored array but its values, by path."""
        return {path: self.info(path) for path in self.paths()}

    def tree(self) -> str:
        """Return the content as an indented text: every array with its dims, type, unit and description."""
        from neurosim.store.tree import content_tree, text_of

        return text_of(content_tree(self.path, self.infos()))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def _datasets(self) -> dict[str, h5py.Dataset]:
        found: dict[str, h5py.Dataset] = {}

        def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset) and not schema.is_bare_dimension(item):
                found[name] = item

        # Visits what the file itself holds, never a link into another file.
        self._file.visititems(visit)
        return found

    def _dataset(self, path: str) -> h5py.Dataset:
        path = path.removeprefix("/")
        if path not in self._datasets:
            raise ResultFileError(f"{self.path}: no array '{path}': {suggest(path, self._datasets)}")
        return self._datasets[path]

    def _attribute(self, name: str, value: Any) -> Any:
        if name not in schema.JSON_ATTRIBUTES:
            return value.item() if isinstance(value, np.generic) else value
        try:
            return json.loads(value)
        except (TypeError, ValueError) as error:
            raise ResultFileError(f"{self.path}: attribute '{name}' is not JSON text") from error

    def _values(self, dataset: h5py.Dataset) -> np.ndarray:
        if dataset.dtype.kind == "S":
            return np.char.decode(dataset[()], "utf-8")
        if dataset.dtype.kind not in KINDS or dataset.is_virtual or dataset.external:
            raise ResultFileError(
                f"{self.path}: '{dataset.name}' is not a plain array of this file; it is not read"
            )
        return np.asarray(dataset[()])


def _dims(dataset: h5py.Dataset) -> tuple[str, ...]:
    if dataset.is_scale:
        return (_last(dataset.name),)
    return tuple(_last(axis[0].name) if len(axis) else "" for axis in dataset.dims)


def _last(path: str) -> str:
    return path.rpartition("/")[2]
