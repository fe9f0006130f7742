"""Columns hold what was added, row by row, in whatever pieces, and what was read before stays as it was."""

import numpy as np
import pytest

from neurosim.engines.columns import SMALL, WAITING, Columns


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_kept_in_their_order_in_whatever_pieces_they_come(seed):
    rng = np.random.default_rng(seed)
    dtype = rng.choice([np.float32, np.float64])
    columns, given, seen = Columns([np.zeros(0, np.int64), np.zeros((0, 3))]), [], []
    for _ in range(rng.integers(1, 3 * WAITING)):
        n = int(rng.choice([0, 1, 2, 5, SMALL // 8]))
        given.append((rng.integers(0, 9, n), rng.normal(size=(n, 3)).astype(dtype)))
        columns.add(given[-1])
        if rng.random() < 0.01:
            seen.append(columns.whole())
    wanted = [np.concatenate(rows) for rows in zip(*given, strict=True)]
    for found in (*seen, columns.whole()):
        for column, rows in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(column, rows[: len(column)])
    assert [len(column) for column in columns.whole()] == [len(wanted[0])] * 2
    assert columns.whole()[1].dtype == dtype
    assert columns.nbytes == sum(column.nbytes for column in columns.whole())
    columns.clear()
    assert columns.nbytes == 0 and len(columns.whole()[0]) == 0
