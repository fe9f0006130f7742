"""Corruptions of a published benchmark, by severity."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from neurosim.datasets.data import DataSet
from neurosim.datasets.tasks import corrupted
from neurosim.errors import UnknownNameError, UsageError
from neurosim.registry import suggest


class Corruption(NamedTuple):
    """One corruption: kind, of `corrupted`; constants of severities 1 to 5; amount, from (constant, scale)."""

    kind: str
    constants: tuple[float, float, float, float, float]
    amount: Callable[[float, float], float]


def _times(c: float, scale: float) -> float:
    return c * scale


def _repeated(c: float, scale: float) -> float:
    return float(1 - (1 - c) ** scale)


CORRUPTIONS = {
    "gaussian_noise": Corruption("noise", (0.04, 0.06, 0.08, 0.09, 0.10), _times),
    "shot_noise": Corruption("shot", (500, 250, 100, 75, 50), lambda c, scale: scale / c),
    "impulse_noise": Corruption("impulse", (0.01, 0.02, 0.03, 0.05, 0.07), _repeated),
    "gaussian_blur": Corruption("blurred", (0.4, 0.6, 0.7, 0.8, 1.0), _times),
    "contrast": Corruption("contrast", (0.75, 0.5, 0.4, 0.3, 0.15), lambda c, scale: _repeated(1 - c, scale)),
    "brightness": Corruption("brightness", (0.05, 0.1, 0.15, 0.2, 0.3), _times),
    "jpeg": Corruption("jpeg", (80, 65, 58, 50, 40), lambda c, scale: 1 - c / scale / 100),
}
"""By name; the constants are those of the benchmark for images of 32 x 32 pixels."""


def degraded(data: DataSet, corruption: str, severity: int, seed: int, scale: float = 1.0) -> DataSet:
    """Return the set with images in 0..1 corrupted as in the benchmark CIFAR-10-C, by its constants.

    Arguments: corruption, one of `CORRUPTIONS`; severity, 1 to 5; seed, of what is drawn; scale, from 1, by which
    noise, blur and brightness are multiplied, qualities divided, and how often what acts on a share is repeated.
    Raises UnknownNameError for another corruption, UsageError for another severity or a scale below 1.
    Source: Hendrycks and Dietterich 2019, ICLR, arXiv 1903.12261.
    """
    if corruption not in CORRUPTIONS:
        raise UnknownNameError(f"degraded: corruption '{corruption}': {suggest(corruption, CORRUPTIONS)}")
    if severity not in (1, 2, 3, 4, 5):
        raise UsageError(f"degraded: severity = {severity}: must be 1, 2, 3, 4 or 5")
    if not scale >= 1:
        raise UsageError(f"degraded: scale = {scale}: must be at least 1")
    kind, constants, amount = CORRUPTIONS[corruption]
    return corrupted(data, kind, amount(constants[severity - 1], scale), seed)
