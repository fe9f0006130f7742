"""How fast memory is: the time in which an array of a given size is read and written in place."""

from __future__ import annotations

import time

import numpy as np
from numba import njit

LEAST_PASSES = 4
SECONDS = 0.1


@njit(cache=True, nogil=True, fastmath=True)
def _scale(array, factor, passes):  # type: ignore[no-untyped-def]
    for _ in range(passes):
        for i in range(array.size):
            array[i] = array[i] * factor + 1.0


def bandwidth(size: float, seconds: float = SECONDS) -> float:
    """Return the bandwidth (bytes/s) of one thread that reads and writes an array of `size` bytes in place.

    a_i <- c a_i + 1, as often as fits into `seconds`, 4 times at least; bytes read and bytes written both count.
    """
    array = np.ones(max(int(size) // 8, 64))
    _scale(array, 0.5, 2)
    passes = LEAST_PASSES
    while True:
        began = time.process_time()
        _scale(array, 0.5, passes)
        spent = time.process_time() - began
        if spent > seconds / 2:
            return 2 * array.nbytes * passes / spent
        passes = int(passes * max(2.0, min(1.2 * seconds / max(spent, 1e-6), 1000.0)))
