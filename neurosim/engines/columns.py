"""Columns of equal length that grow at their end, so that adding costs no more however long they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WAITING, SMALL = 256, 4096
"""How many small pieces, by the bytes of the last column, wait until they are added at once, which costs as much."""


class Columns:
    """Arrays whose first axes have one length; what `whole` returns stays as it is while more is added.

    Arguments:
        empty: an array of length 0 for each column, of its kind and shape; its type is that of the first rows.
    """

    def __init__(self, empty: Sequence[np.ndarray]) -> None:
        self._empty = empty
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._room = [*self._empty]
        self._length = 0
        self._waiting: list[Sequence[np.ndarray]] = []

    @property
    def nbytes(self) -> int:
        """Bytes of what is held."""
        held = sum(column[: self._length].nbytes for column in self._room)
        return held + sum(rows.nbytes for piece in self._waiting for rows in piece)

    def add(self, piece: Sequence[np.ndarray]) -> None:
        """Add rows at the end of all columns; the arrays are those of the columns from then on."""
        if piece[-1].nbytes > SMALL:
            self._add_waiting()
            self._place(piece)
            return
        self._waiting.append(piece)
        if len(self._waiting) == WAITING:
            self._add_waiting()

    def _add_waiting(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._place([np.concatenate(rows) for rows in zip(*waiting, strict=True)])

    def _place(self, piece: Sequence[np.ndarray]) -> None:
        n = self._length + len(piece[0])
        if n > len(self._room[0]):
            # Half as much again: room that is not used yet takes no memory.
            room = max(n, 3 * self._length // 2)
            self._room = [
                self._larger(c, rows.dtype, room) for c, rows in zip(self._room, piece, strict=True)
            ]
        for column, rows in zip(self._room, piece, strict=True):
            column[self._length : n] = rows
        self._length = n

    def _larger(self, column: np.ndarray, dtype: np.dtype, rows: int) -> np.ndarray:
        # What an engine computes in single precision needs no more room.
        dtype = np.result_type(column, dtype) if self._length else dtype
        larger = np.empty((rows, *column.shape[1:]), dtype)
        larger[: self._length] = column[: self._length]
        return larger

    def whole(self) -> tuple[np.ndarray, ...]:
        """Return the columns, which cannot be written to: copy what is to be changed."""
        self._add_waiting()
        views = tuple(column[: self._length] for column in self._room)
        for view in views:
            view.flags.writeable = False
        return views

    def fit(self, arrays: Sequence[np.ndarray | None]) -> bool:
        """Return whether arrays are columns of these types and shapes."""
        found = [array for array in arrays if array is not None]
        return len(found) == len(self._empty) and all(
            array.ndim >= 1
            and len(array) == len(found[0])
            and array.shape[1:] == empty.shape[1:]
            and np.can_cast(array.dtype, empty.dtype, "same_kind")
            for array, empty in zip(found, self._empty, strict=True)
        )
