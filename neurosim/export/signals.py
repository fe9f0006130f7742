"""What of a source is a signal: arrays sampled in time, in seconds, as electrophysiology's libraries want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.export.series import Series, series
from neurosim.export.view import Recorded, array_names

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


@dataclass(frozen=True)
class Signal:
    """A series in time: times (s) of shape (n,); step between them (s), or None where it is not even."""

    series: Series
    times: np.ndarray
    step: float | None


def signal(source: Recorded, name: str) -> Signal:
    """Return an array as a signal; raises DescriptionError when it is not sampled in time."""
    one = series(source, name)
    if one.along.unit not in _SECONDS:
        raise DescriptionError(f"'{name}' is not sampled in time: take a recorded variable, or to_xarray")
    times = one.x * _SECONDS[one.along.unit]
    gaps = np.diff(times)
    even = gaps.size > 0 and np.allclose(gaps, gaps[0], rtol=1e-6, atol=0)
    return Signal(one, times, float((times[-1] - times[0]) / gaps.size) if even else None)


def chosen(source: Recorded, names: tuple[str, ...]) -> tuple[list[str], list[Signal]]:
    """Return the populations and the signals among names; of no names, all populations and all signals there are."""
    populations = [name for name in names or source.populations() if name in source.populations()]
    if names:
        return populations, [signal(source, name) for name in names if name not in populations]
    found = []
    for name in array_names(source):
        try:
            found.append(signal(source, name))
        except DescriptionError:
            continue  # what is not sampled in time is no signal
    return populations, found
