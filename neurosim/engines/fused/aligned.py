"""Arrays that begin where a cache line begins."""

from __future__ import annotations

import numpy as np

LINE = 64
"""Bytes of a cache line, and of the widest vector."""


def aligned(value: np.ndarray) -> np.ndarray:
    """Return a copy in C order whose first element begins a cache line.

    A vector that lies across two lines costs two accesses. numpy promises 16 bytes only, so that, by chance, half of
    the vectors of a program did, or all of the widest.
    """
    value = np.asarray(value)
    room = np.empty(value.nbytes + LINE, dtype=np.uint8)
    start = -room.ctypes.data % LINE
    copy: np.ndarray = room[start : start + value.nbytes].view(value.dtype).reshape(value.shape)
    copy[...] = value
    return copy
