"""Reading a result file: arrays, spikes, provenance and claims, all read-only."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np

from neurosim.errors import ResultFileError, shown
from neurosim.markup import facts
from neurosim.registry import suggest
from neurosim.store import schema
from neurosim.store.claims import Claims
from neurosim.store.content import content_hash
from neurosim.store.data import Data, Info, Spikes
from neurosim.store.facts import facts_of
from neurosim.store.image import open_sealed
from neurosim.store.plain import address, attribute, is_text, plain_arrays, plain_only, scales, values


def open_results(path: str | Path) -> Results:
    """Verify a result file, then open it read-only.

    Every version of the layout that was ever written can be read; they differ in how text is stored, which its type
    shows. Raises ResultFileError when the file is missing, truncated, damaged, not a result file of a version known
    here, or contains anything but plain arrays and the attributes of a result file.
    """
    path = Path(path)
    if not path.exists() and schema.parts_folder(path).is_dir():
        raise ResultFileError(
            f"{path}: its run has not ended; if it was stopped, resume it with --resume {path}"
        )
    file = open_sealed(path)
    try:
        with plain_only(path):
            _check_schema(path, attribute(file, "schema"), attribute(file, "schema_version"))
        return Results(path, file)
    except BaseException:
        file.close()
        raise


class Results:
    """A result file open for reading; a context manager.

    Arguments:
        path: where the file is (for messages).
        file: the open HDF5 file.

    Raises ResultFileError when the file contains what a result file does not.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self._file = file
        with plain_only(path):
            self.attributes: Mapping[str, Any] = facts_of(file)
            found = plain_arrays(file)
            self._infos = _infos(found)
            self._datasets = {name: found[name] for name in self._infos}
        names = [name.split("/") for name in self._infos]
        self._populations = list(dict.fromkeys(n[1] for n in names if n[0] == schema.SPIKES and len(n) == 3))

    @property
    def status(self) -> str:
        """How the run ended: 'complete', 'interrupted' or 'failed'."""
        return str(self.attributes.get("status", ""))

    @property
    def config(self) -> dict[str, Any]:
        """The settings of the run by name."""
        return self.attributes.get("config", {})

    @property
    def claims(self) -> Claims:
        """The claims of the run with their verdicts, one dictionary each."""
        return Claims(self.attributes.get("claims", []))

    def paths(self) -> list[str]:
        """Return the paths of all arrays, spikes included, in alphabetical order."""
        return list(self._infos)

    def populations(self) -> list[str]:
        """Return the names of the populations whose spikes are stored."""
        return self._populations

    def array(self, path: str) -> np.ndarray:
        """Return an array by its path, for example 'trials/rate'; raises ResultFileError if there is none."""
        name = self._known(path)
        with plain_only(self.path):
            return values(self._datasets[name])

    def data(self, path: str) -> Data:
        """Return an array with its dims, unit and long name; raises ResultFileError if there is none."""
        info = self.info(path)
        return Data(self.array(path), info.dims, info.unit, info.long_name)

    def info(self, path: str) -> Info:
        """Return everything about an array but its values; raises ResultFileError if there is none."""
        return self._infos[self._known(path)]

    def spikes(self, population: str) -> Spikes:
        """Return the spikes of a population; raises ResultFileError if none has that name."""
        if population not in self._populations:
            raise ResultFileError(
                f"{self.path}: no spikes of '{population}': {suggest(population, self._populations)}"
            )
        times, ids = (f"{schema.SPIKES}/{population}/{name}" for name in ("timestamps", "node_ids"))
        return Spikes(self.array(times), self.array(ids), self.info(times).unit)

    def infos(self) -> dict[str, Info]:
        """Return everything about every stored array but its values, by path."""
        return dict(self._infos)

    def content_hash(self) -> str:
        """Return the SHA-256 of what was found and how: see `neurosim.store.content`. Reads every array."""
        with plain_only(self.path):
            return content_hash(self.attributes, ((path, self.data(path)) for path in self._infos))

    def tree(self) -> str:
        """Return the content as indented text: every array with its dims, type, unit and description."""
        from neurosim.store.tree import content_tree, text_of

        return text_of(content_tree(self.path, self.infos()))

    def _repr_html_(self) -> str:
        held = self.attributes
        head = facts({name: held[name] for name in ("title", "preset", "seed", "status") if name in held})
        return f"{head.text}<pre>{escape(self.tree())}</pre>{self.claims.table().text if self.claims else ''}"

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _known(self, path: str) -> str:
        name = path.removeprefix("/")
        if name not in self._infos:
            raise ResultFileError(f"{self.path}: no array '{path}': {suggest(path, self._infos)}")
        return name


def _check_schema(path: Path, name: Any, version: Any) -> None:
    known = f"this neurosim reads '{schema.SCHEMA}' versions 1 to {schema.SCHEMA_VERSION}"
    if name is None:
        raise ResultFileError(
            f"{path}: holds no results; a state of a simulation is read by read_state, and of results {known}"
        )
    if name != schema.SCHEMA or version not in range(1, schema.SCHEMA_VERSION + 1):
        raise ResultFileError(
            f"{path}: holds '{shown(name)}' version {shown(version)}, {known}; "
            "open it with the neurosim that wrote it"
        )


def _infos(arrays: Mapping[str, h5py.Dataset]) -> dict[str, Info]:
    """Return everything about every array but its values, without those that only represent a dimension."""
    is_scale = {path: attribute(item, "CLASS") == "DIMENSION_SCALE" for path, item in arrays.items()}
    dimension = {address(arrays[path]): path.rpartition("/")[2] for path, scale in is_scale.items() if scale}
    return {
        path: _info(item, path, dimension, is_scale=is_scale[path])
        for path, item in arrays.items()
        if not (is_scale[path] and schema.is_bare_dimension(attribute(item, "NAME"), item.shape))
    }


def _info(item: h5py.Dataset, path: str, dimension: Mapping[int, str], *, is_scale: bool) -> Info:
    unit = str(attribute(item, "units", schema.DIMENSIONLESS))
    return Info(
        item.shape,
        "text" if is_text(item) else str(item.dtype),
        (path.rpartition("/")[2],)
        if is_scale and item.ndim == 1
        else tuple("" if place is None else dimension[place] for place in scales(item)),
        "" if unit == schema.DIMENSIONLESS else unit,
        str(attribute(item, "long_name", "")),
    )
