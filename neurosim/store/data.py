"""What a result file contains: arrays with named dimensions and units, and spike trains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurosim.errors import ResultFileError, shown

# Booleans, integers, floats, complex numbers and text. Objects are never stored: reading them back would require
# pickle.
KINDS = "biufcU"
# How deep groups may be nested, and how long the name of one may be, in bytes.
MAX_DEPTH = 32
MAX_NAME = 255
# Wider than 64 bits: the layout differs between machines.
_WIDE = {np.dtype(np.longdouble), np.dtype(np.clongdouble)} - {np.dtype(np.float64), np.dtype(np.complex128)}


@dataclass(frozen=True, eq=False)
class Data:
    """An array with a name for each of its axes, a unit and a description.

    A one-dimensional array stored under the name of its own dimension is that dimension's coordinate.

    Arguments:
        array: numbers, booleans or text of any shape.
        dims: one name per axis; arrays of one stage that share a name share its length.
        unit: for example 'mV' ('' if dimensionless).
        long_name: what it is.
    """

    array: np.ndarray
    dims: tuple[str, ...] = ()
    unit: str = ""
    long_name: str = ""

    def __post_init__(self) -> None:
        check_unit(self.unit, self.long_name or "an array")
        object.__setattr__(self, "array", plain(self.array, self.long_name or "an array"))
        object.__setattr__(self, "dims", (self.dims,) if isinstance(self.dims, str) else tuple(self.dims))


@dataclass(frozen=True, eq=False)
class Spikes:
    """The spikes of one population.

    Arguments:
        times: of the spikes, in `unit`, shape (spikes,).
        ids: index of the neuron that fired, shape (spikes,).
        unit: of the times.
    """

    times: np.ndarray
    ids: np.ndarray
    unit: str = "ms"

    def __post_init__(self) -> None:
        check_unit(self.unit, "spike times")
        object.__setattr__(self, "times", plain(self.times, "spike times"))
        object.__setattr__(self, "ids", plain(self.ids, "spike ids"))


def check_unit(unit: object, what: str) -> None:
    """Raise ResultFileError unless a unit is a text: a unit of Brian2 would be stored as a number."""
    if not isinstance(unit, str):
        raise ResultFileError(f"{what}: unit = {unit}: write its name, as 'mV'")


def plain(value: npt.ArrayLike, what: str) -> np.ndarray:
    """Return a value as an array; raises ResultFileError for rows of unequal length, and for a quantity.

    The numbers of a Brian2 quantity are in SI units, whatever unit is stored with them.
    """
    dimension = getattr(value, "dim", None)
    if getattr(dimension, "is_dimensionless", True) is False:
        raise ResultFileError(f"{what}: has a unit of its own: divide by the unit to be stored, as v / mV")
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ResultFileError(f"{what}: not an array of numbers or text ({error})") from error


def storable(path: str, value: npt.ArrayLike) -> np.ndarray:
    """Return a value as an array of a kind that can be stored exactly; raises ResultFileError naming `path`."""
    array = plain(value, f"'{path}'")
    try:
        if array.dtype.kind == "U":
            np.char.encode(array, "utf-8")
            if "\0" in "".join(array.flat):
                raise ValueError("text with a character of code 0")
    except ValueError as error:
        raise ResultFileError(f"'{path}': not an array of numbers or text ({error})") from error
    if array.dtype.kind not in KINDS or array.dtype in _WIDE:
        raise ResultFileError(
            f"'{path}': type {array.dtype} cannot be stored; give booleans, numbers of at most 64 bits, or text"
        )
    # One byte order, because numpy drops it from single numbers.
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def checked_name(name: str) -> str:
    """Return a name that can be part of a path; raises ResultFileError for any other."""
    if name in ("", ".", "..") or "/" in name or name != name.strip() or not name.isprintable():
        raise ResultFileError(
            f"'{shown(name)}': not a name; use letters, digits and characters other than '/'"
        )
    if len(name.encode()) > MAX_NAME:
        raise ResultFileError(f"'{name[:20]}...': a name of {len(name)} letters; use a shorter one")
    return name


def checked_path(path: str) -> str:
    """Return an HDF5 path without its leading '/'; raises ResultFileError unless every part is a name."""
    parts = path.removeprefix("/").split("/")
    if len(parts) > MAX_DEPTH:
        raise ResultFileError(f"'{'/'.join(parts[:3])}/...': groups more than {MAX_DEPTH} deep; use fewer")
    return "/".join(map(checked_name, parts))


@dataclass(frozen=True)
class Info:
    """Everything about a stored array but its values: shape, type, a name per axis, unit and description."""

    shape: tuple[int, ...]
    dtype: str
    dims: tuple[str, ...]
    unit: str
    long_name: str
