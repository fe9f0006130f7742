"""An array as curves: one axis is what they run along, all others tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.export.view import Array, Source, array
from neurosim.store import Data

_TIMES = ("s", "ms", "us", "min", "h")


@dataclass(frozen=True)
class Series:
    """Curves: x, values of the axis (n,), whose facts `along` has; values (n, curves), whose facts `data` has.

    keys: of each curve, its place on the other axes, as the coordinate there or else as the index.
    """

    name: str
    along: Data
    data: Data
    values: np.ndarray
    others: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]

    @property
    def x(self) -> np.ndarray:
        """Where the values stand."""
        return self.along.array

    def label(self, curve: int) -> str:
        """Return what a curve is, as 'neuron 3'; the name of the array where there is only one."""
        pairs = zip(self.others, self.keys[curve], strict=True)
        return ", ".join(f"{dim} {key}" for dim, key in pairs) or self.name


def series(source: Source, name: str) -> Series:
    """Return an array of numbers as curves along time, or else along the axis that has coordinates.

    Raises UnknownNameError when there is none of that name, DescriptionError for text and single numbers.
    """
    found = array(source, name)
    data = found.data
    if not data.array.ndim or data.array.dtype.kind not in "biuf":
        kind = (
            "text"
            if data.array.dtype.kind == "U"
            else "a single number"
            if not data.array.ndim
            else "complex"
        )
        raise DescriptionError(f"'{name}' is {kind}, no curve: take an array of numbers")
    x = _along(found)
    dim = data.dims[x]
    others = tuple(other for other in data.dims if other != dim)
    values = np.moveaxis(data.array, x, 0).reshape(data.array.shape[x], -1)
    return Series(
        name,
        _coordinate(found, dim),
        data,
        values,
        others,
        tuple(product(*(_keys(found, o) for o in others))),
    )


def _along(found: Array) -> int:
    """Return the number of the axis that curves run along."""
    dims = found.data.dims
    numbers = {dim for dim, c in found.coordinates.items() if c.array.dtype.kind in "iuf"}
    times = [
        dim for dim in dims if dim == "time" or (dim in numbers and found.coordinates[dim].unit in _TIMES)
    ]
    ordered = [dim for dim in dims if dim in numbers and np.all(np.diff(found.coordinates[dim].array) > 0)]
    longest = max(dims, key=lambda dim: found.data.array.shape[dims.index(dim)])
    return dims.index([*times, *ordered, longest][0])


def _coordinate(found: Array, dim: str) -> Data:
    given = found.coordinates.get(dim)
    if given is not None and given.array.dtype.kind in "iuf":
        return given
    length = found.data.array.shape[found.data.dims.index(dim)]
    return Data(np.arange(length), (dim,), "", dim)


def _keys(found: Array, dim: str) -> list[Any]:
    given = found.coordinates.get(dim)
    length = found.data.array.shape[found.data.dims.index(dim)]
    return list(range(length)) if given is None else given.array.tolist()
