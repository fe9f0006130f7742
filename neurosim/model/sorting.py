"""Sorting the edges of each source by a key of few values, compiled: in linear time, and in little memory."""

from __future__ import annotations

import numpy as np

from neurosim.cache import jit


@jit()
def order_in_rows(first: np.ndarray, key: np.ndarray, values: int, order: np.ndarray) -> None:
    """Fill in the stable order that sorts each row by a key.

    Arguments: first, where each row begins, and the number of elements; key, of each element, whole numbers from 0 and
    below `values`; order, filled.
    """
    place = np.empty(values + 1, np.int64)
    for row in range(first.size - 1):
        begin, end = first[row], first[row + 1]
        place[:] = 0
        for x in range(begin, end):
            place[np.int64(key[x]) + 1] += 1
        place[0] = begin
        for value in range(values):
            place[value + 1] += place[value]
        for x in range(begin, end):
            at = np.int64(key[x])
            order[place[at]] = x
            place[at] += 1
