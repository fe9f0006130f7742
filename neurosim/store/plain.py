"""What HDF5 may be asked to read: groups, arrays and attributes that lie in the file itself, and nothing else.

Anyone can seal a file, so one that is whole may still be hostile. Each link, layout and type is inspected before HDF5
acts on it: nothing outside the file is followed, and no more memory is allocated than the file accounts for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5l, h5o, h5r, h5s, h5t, h5z

from neurosim.errors import ResultFileError, shown
from neurosim.store.data import KINDS, MAX_DEPTH, checked_name
from neurosim.store.raw import Raw

MAX_OBJECTS = 20_000
MAX_ATTRIBUTES = 64
MAX_ATTRIBUTE_BYTES = 2**26
# No byte of a deflated stream represents more than this many.
_DEFLATE_RATIO = 1032
_FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
_NUMBERS = {h5t.INTEGER, h5t.FLOAT, h5t.ENUM}


class NotPlain(Exception):
    """Something in a file that a plain file does not contain; shown after the name of the file."""


@contextmanager
def plain_only(path: Path) -> Iterator[None]:
    """Turn whatever error HDF5 raises on an odd file into one line: a ResultFileError that names the file."""
    try:
        yield
    except NotPlain as error:
        raise ResultFileError(f"{path}: {error}; it is not read") from error
    except MemoryError as error:
        raise ResultFileError(f"{path}: holds more than fits into memory") from error
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        text = shown(" ".join(str(error).split()))[:200]
        raise ResultFileError(f"{path}: not readable as HDF5: {text}") from error


def plain_arrays(root: h5py.Group) -> dict[str, h5py.Dataset]:
    """Return all arrays below a group by path, in alphabetical order of each group; raises NotPlain."""
    arrays: dict[str, h5py.Dataset] = {}
    seen = {address(root)}
    # A file in memory is one that is being written.
    in_file = root.file.driver != "core"
    raw = Raw(Path(root.file.filename), root.file.userblock_size) if in_file else None

    def visit(group: h5py.Group, prefix: str, depth: int) -> None:
        if depth > MAX_DEPTH or len(seen) + len(group) > MAX_OBJECTS:
            raise NotPlain(f"holds groups more than {MAX_DEPTH} deep, or more than {MAX_OBJECTS} objects")
        for name in group:
            _check_name(name)
            path = f"{prefix}{name}"
            if group.id.links.get_info(name.encode()).type != h5l.TYPE_HARD:
                raise NotPlain(f"'{path}' is a link to something else")
            item = h5o.open(group.id, name.encode())
            place = h5o.get_info(item).addr
            if place in seen:
                raise NotPlain(f"'{path}' also has another name")
            seen.add(place)
            if h5a.get_num_attrs(item) > MAX_ATTRIBUTES:
                raise NotPlain(f"'{path}' has more than {MAX_ATTRIBUTES} attributes")
            if raw is not None:
                raw.check_attributes(place)
            if isinstance(item, h5py.h5g.GroupID):
                visit(h5py.Group(item), f"{path}/", depth + 1)
            elif isinstance(item, h5d.DatasetID):
                _check_array(item, path, raw)
                arrays[path] = h5py.Dataset(item)
            else:
                raise NotPlain(f"'{path}' is neither a group nor an array")

    visit(root, "", 1)
    return arrays


def address(item: h5py.Group | h5py.Dataset) -> int:
    """Return the position of an object in its file."""
    return h5o.get_info(item.id).addr


def is_text(dataset: h5py.Dataset) -> bool:
    """Tell whether an array contains text, of fixed or variable length."""
    return dataset.id.get_type().get_class() == h5t.STRING


def attribute(item: h5py.Group | h5py.Dataset, name: str, default: Any = None) -> Any:
    """Return an attribute that is a number, an array of numbers or text; raises NotPlain for any other."""
    key = name.encode()
    if not h5a.exists(item.id, key):
        return default
    found = h5a.open(item.id, key)
    kind, shape = found.get_type().get_class(), found.get_space().get_simple_extent_type()
    plain = kind in _NUMBERS or (kind == h5t.STRING and shape == h5s.SCALAR)
    if not plain or shape == h5s.NULL or found.get_storage_size() > MAX_ATTRIBUTE_BYTES:
        raise NotPlain(f"attribute '{name}' is neither a number nor text")
    value = item.attrs[name]
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        value.encode()  # bytes that are not text were read as surrogate characters
    return value.item() if isinstance(value, np.generic) else value


def scales(dataset: h5py.Dataset) -> list[int | None]:
    """Return the position in the file of the scale of each axis, None without one; raises NotPlain."""
    if not h5a.exists(dataset.id, b"DIMENSION_LIST"):
        return [None] * dataset.ndim
    found = h5a.open(dataset.id, b"DIMENSION_LIST")
    kind = found.get_type()
    # HDF5 reads this attribute without checking its type, so another type would end the process.
    if (
        kind.get_class() != h5t.VLEN
        or not kind.get_super().equal(h5t.STD_REF_OBJ)
        or found.shape != (dataset.ndim,)
    ):
        raise NotPlain(f"'{dataset.name}' has an attribute DIMENSION_LIST of another type")
    return [
        h5o.get_info(h5r.dereference(axis[0], dataset.id)).addr if len(axis) and axis[0] else None
        for axis in dataset.attrs["DIMENSION_LIST"]
    ]


def values(dataset: h5py.Dataset) -> np.ndarray:
    """Return the values of an array of `plain_arrays`; text is decoded. Raises NotPlain."""
    if dataset.size and not dataset.id.get_storage_size():
        raise NotPlain(f"'{dataset.name}' has values that were never written")
    if not is_text(dataset):
        return np.asarray(dataset[()])
    if dataset.dtype.kind == "S":
        return np.char.decode(dataset[()], "utf-8")
    texts = [text.decode() for text in np.asarray(dataset[()], dtype=object).flat]
    return np.array(texts, dtype=np.str_).reshape(dataset.shape)


def _check_name(name: str | bytes) -> None:
    try:
        if isinstance(name, bytes):
            raise ResultFileError(f"{name!r}: not a name")
        checked_name(name)
    except ResultFileError as error:
        raise NotPlain(str(error)) from error


def _check_array(item: h5d.DatasetID, path: str, raw: Raw | None) -> None:
    """Raise NotPlain unless an array lies in the file, is of a plain type, and is no larger than what is stored."""
    layout = item.get_create_plist()
    if layout.get_layout() == h5d.VIRTUAL or layout.get_external_count():
        raise NotPlain(f"'{path}' has its values in another file")
    kind = item.get_type()
    text = kind.get_class() == h5t.STRING
    complex_number = kind.get_class() == h5t.COMPOUND and kind.get_nmembers() == 2
    if not text and not complex_number and kind.get_class() not in _NUMBERS:
        raise NotPlain(f"'{path}' is not an array of numbers or text")
    if not text and (kind.dtype.kind not in KINDS or h5py.check_enum_dtype(kind.dtype) is not None):
        raise NotPlain(f"'{path}' is not an array of numbers or text")
    space = item.get_space()
    if space.get_simple_extent_type() == h5s.NULL or space.get_simple_extent_dims(True) != item.shape:
        raise NotPlain(f"'{path}' has no fixed shape")
    filters = [layout.get_filter(number)[0] for number in range(layout.get_nfilters())]
    if not set(filters) <= _FILTERS or len(set(filters)) != len(filters):
        raise NotPlain(f"'{path}' is stored by a filter that is not used here")
    size, stored = prod(item.shape) * kind.get_size(), item.get_storage_size()
    # An array that only represents a dimension is never written, and never read.
    if stored and size > stored * (_DEFLATE_RATIO if filters else 1):
        raise NotPlain(f"'{path}' has more values than the file holds")
    if raw is not None and stored and text and kind.is_variable_str():
        if layout.get_layout() != h5d.CONTIGUOUS:
            raise NotPlain(f"'{path}' has texts that are not stored one after the other")
        raw.check_texts(item.get_offset(), prod(item.shape))
