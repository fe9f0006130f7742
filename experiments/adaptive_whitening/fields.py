"""Random fields in place of natural images: covariances of small patches, and the cosine basis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from neurosim.errors import UsageError

Array = NDArray[np.float64]
PERIOD = 64  # pixels after which a field repeats
CUT = 1.5  # cycles per period below which its spectrum is flat


def field_covariance(edge: int, exponent: float, stretch: float, norm: float = 10.0) -> Array:
    """Return the covariance of a patch of a Gaussian random field with the power spectrum 1/f^exponent.

    Arguments: edge of the patch (pixels); exponent, of power over frequency (1); stretch, by how much the frequencies
    along the rows count more than those along the columns (1); norm, spectral norm of the result (1).
    """
    frequency = np.fft.fftfreq(PERIOD) * PERIOD
    squared = (frequency[:, None] * stretch) ** 2 + (frequency[None] / stretch) ** 2
    power = (squared + CUT**2) ** (-exponent / 2)
    correlation = np.fft.ifft2(power).real
    row, column = (axis.ravel() for axis in np.divmod(np.arange(edge**2), edge))
    covariance = correlation[row[:, None] - row[None], column[:, None] - column[None]]
    scaled: Array = norm * covariance / np.linalg.norm(covariance, 2)
    return scaled


def field_covariances(rng: np.random.Generator, contexts: int, edge: int) -> Array:
    """Return covariances (contexts, edge^2, edge^2) of fields: exponents from 0.5 to 1.4, stretches from 0.5 to 2.

    With these their condition numbers are below about 30, as if images had been flattened before.
    """
    exponents, stretches = rng.uniform(0.5, 1.4, contexts), np.exp2(rng.uniform(-1, 1, contexts))
    pairs = zip(exponents, stretches, strict=True)
    return np.array([field_covariance(edge, *pair) for pair in pairs])


def load_covariances(path: str | Path) -> Array:
    """Return covariances (contexts, N, N) from a file of NumPy's format.

    Raises: UsageError when the file is missing or holds anything but symmetric positive definite matrices.
    """
    where = f"covariances '{path}'"
    try:
        found = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise UsageError(f"{where}: there is no such file: give its path, or leave it out") from error
    except (ValueError, OSError, EOFError) as error:
        raise UsageError(f"{where}: not an array in NumPy's format: save it by numpy.save") from error
    if not isinstance(found, np.ndarray) or found.ndim != 3 or found.shape[1] != found.shape[2]:
        shape = getattr(found, "shape", "none")
        raise UsageError(f"{where}: shape {shape}: give an array (contexts, N, N)")
    if len(found) < 10 or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise UsageError(f"{where}: give at least 10 contexts of finite numbers")
    if not np.allclose(found, np.swapaxes(found, 1, 2)) or np.linalg.eigvalsh(found).min() <= 0:
        raise UsageError(f"{where}: a matrix is not symmetric and positive definite: leave it out")
    return found.astype(float)


def cosine_basis(edge: int) -> Array:
    """Return the two-dimensional discrete cosine basis (N, N), N = edge^2, a column for each function."""
    one = dct(np.eye(edge), axis=0, norm="ortho").T
    return np.kron(one, one)


def local_frame(edge: int, reach: int = 4) -> Array:
    """Return the frame (N, K) of single pixels and of sums of two pixels less than `reach` apart in each direction."""
    row, column = (axis.ravel() for axis in np.divmod(np.arange(edge**2), edge))
    one = np.eye(edge**2)
    pairs = [
        (one[i] + one[j]) / np.sqrt(2)
        for i in range(edge**2)
        for j in range(i + 1, edge**2)
        if abs(row[i] - row[j]) < reach and abs(column[i] - column[j]) < reach
    ]
    return np.column_stack([one, *pairs])
