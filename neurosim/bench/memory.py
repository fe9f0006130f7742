"""How fast memory is: the time it takes to read and write an array of a given size in place."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from neurosim.cache import jit

LEAST_PASSES = 4
SECONDS = 0.1


@jit(fastmath=True)
def _one_stream(array, factor, passes):  # type: ignore[no-untyped-def]
    for _ in range(passes):
        for i in range(array.size):
            array[i] = array[i] * factor + 1.0


@jit(fastmath=True)
def _eight_streams(array, factor, passes):  # type: ignore[no-untyped-def]
    part = array.size // 8
    a, b, c, d = array[:part], array[part:], array[2 * part :], array[3 * part :]
    e, f, g, h = array[4 * part :], array[5 * part :], array[6 * part :], array[7 * part :]
    for _ in range(passes):
        for i in range(part):
            a[i], b[i] = a[i] * factor + 1.0, b[i] * factor + 1.0
            c[i], d[i] = c[i] * factor + 1.0, d[i] * factor + 1.0
            e[i], f[i] = e[i] * factor + 1.0, f[i] * factor + 1.0
            g[i], h[i] = g[i] * factor + 1.0, h[i] * factor + 1.0


def bandwidth(size: float, seconds: float = SECONDS) -> float:
    """Return the bandwidth (bytes/s) of one thread that reads and writes an array of `size` bytes in place.

    a_i <- c a_i + 1, as often as fits into `seconds`, at least 4 times; bytes read and bytes written both count. The
    better of two orders counts: one stream from end to end, or eight streams side by side (about a quarter faster).
    """
    array = np.ones(8 * max(int(size) // 64, 8))
    return max(_measured(scale, array, seconds / 2) for scale in (_one_stream, _eight_streams))


def _measured(scale: Callable[[np.ndarray, float, int], None], array: np.ndarray, seconds: float) -> float:
    scale(array, 0.5, 2)
    passes = LEAST_PASSES
    while True:
        began = time.process_time()
        scale(array, 0.5, passes)
        spent = time.process_time() - began
        if spent > seconds / 2:
            return 2 * array.nbytes * passes / spent
        passes = int(passes * max(2.0, min(1.2 * seconds / max(spent, 1e-6), 1000.0)))
