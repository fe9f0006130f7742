"""Some neurons of a population, by a name with indices: "cells[:80]", "cells[::2]", "cells[3, 5, 9]"."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError, brief

_SLICE = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?[1-9]\d*)?\s*)?")
_LIST = re.compile(r"\s*\d+\s*(,\s*\d+\s*)*,?\s*")


def split(name: str) -> tuple[str, str]:
    """Return the population of a name and the indices in its brackets, '' for all."""
    whole, bracket, rest = name.partition("[")
    return (whole, rest.removesuffix("]")) if bracket and rest.endswith("]") else (name, "")


def positions(indices: str, size: int, where: str) -> np.ndarray:
    """Return the neurons that indices choose among `size`; raises DescriptionError where that is none, or one twice.

    Arguments:
        indices: a slice or a list as in Python, '' for all.
        size: number of neurons.
        where: the name of the part, for messages.
    """
    if not indices:
        return np.arange(size)
    ends = _SLICE.fullmatch(indices)
    if ends is not None:
        found = np.arange(size)[slice(*(None if end is None else int(end) for end in ends.groups()))]
    elif _LIST.fullmatch(indices):
        found = np.array([int(index) for index in indices.split(",") if index.strip()])
    else:
        raise DescriptionError(
            f"{where}: [{brief(indices)}] is no choice of neurons: write [3:5], [::2] or [1, 4, 7]"
        )
    if not found.size or found.max() >= size or np.unique(found).size < found.size:
        what = "no neuron" if not found.size else "a neuron twice"
        what = f"neuron {found.max()}" if found.size and found.max() >= size else what
        raise DescriptionError(f"{where}: [{indices}] chooses {what} out of {size}: correct it")
    return found


def in_brackets(index: Any, size: int, where: str) -> str:
    """Return what stands in the brackets of a name for an index as numpy takes it.

    Arguments:
        index: a slice, a number, or an array of indices or of truth values.
        size: number of neurons.
        where: the name of the population, for messages.
    """
    if isinstance(index, slice):
        start, stop, step = index.indices(size)
        # Backwards to the first one: its end would count from the last as a text.
        end = stop if stop >= 0 else ""
        return f"{start}:{end}:{step}" if step != 1 else f"{start}:{end}"
    given = np.atleast_1d(np.asarray(index))
    if given.dtype.kind == "b" and given.shape == (size,):
        given = np.flatnonzero(given)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        raise DescriptionError(
            f"'{where}'[{brief(index)}]: give a slice, a list of whole numbers, or {size} truth values"
        )
    return ", ".join(map(str, np.where(given < 0, given + size, given).tolist()))
