"""Banded systems of linear equations in compiled code."""

from __future__ import annotations

from neurosim.bodies.external import FloatArray
from neurosim.cache import jit


@jit()
def solve_banded(matrix: FloatArray, values: FloatArray, width: int) -> bool:
    """Solve A x = b by Gaussian elimination with partial pivoting, in place, and return whether A is regular.

    Arguments:
        matrix: A by rows, shape (n, 3 width + 1): A[i, j] at [i, j - i + width], zeros in the last `width` columns,
            into which exchanged rows reach; it is overwritten.
        values: b, shape (n,), overwritten by x.
        width: half-width of the band: A[i, j] = 0 for |i - j| > width.
    """
    n = values.size
    for i in range(n):
        below, end = min(i + width, n - 1), min(i + 2 * width, n - 1)
        pivot = i
        for r in range(i + 1, below + 1):
            if abs(matrix[r, i - r + width]) > abs(matrix[pivot, i - pivot + width]):
                pivot = r
        if not abs(matrix[pivot, i - pivot + width]) > 0.0:
            return False
        if pivot != i:
            for j in range(i, end + 1):
                other = matrix[pivot, j - pivot + width]
                matrix[pivot, j - pivot + width] = matrix[i, j - i + width]
                matrix[i, j - i + width] = other
            values[i], values[pivot] = values[pivot], values[i]
        for r in range(i + 1, below + 1):
            factor = matrix[r, i - r + width] / matrix[i, width]
            if factor != 0.0:
                for j in range(i + 1, end + 1):
                    matrix[r, j - r + width] -= factor * matrix[i, j - i + width]
                values[r] -= factor * values[i]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, min(i + 2 * width, n - 1) + 1):
            values[i] -= matrix[i, j - i + width] * values[j]
        values[i] /= matrix[i, width]
    return True
