"""Recordings and results as objects of Pynapple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurosim.export.signals import signal
from neurosim.export.view import Source, recorded, trains
from neurosim.extras import optional

if TYPE_CHECKING:
    import pynapple as nap


def to_pynapple(source: Source, name: str) -> nap.TsGroup | nap.TsdFrame:
    """Return the spikes of a population as a TsGroup, silent neurons included, or an array in time as a TsdFrame.

    Times are in seconds; a TsGroup is supported from 0 to the end of the recording.

    Arguments:
        source: a simulation, its recordings or an open result file.
        name: a population or an array sampled in time.

    Raises UnknownNameError for a name that is not there, DescriptionError for an array that is not sampled in time,
    MissingExtra without Pynapple.
    """
    with optional():
        import pynapple as nap
    source = recorded(source)
    if name in source.populations():
        spikes = trains(source, name)
        support = nap.IntervalSet(0.0, spikes.stop)
        each = {k: nap.Ts(times, time_support=support) for k, times in enumerate(spikes.of_each())}
        group: nap.TsGroup = nap.TsGroup(each, time_support=support)
        return group
    one = signal(source, name)
    labels = [one.series.label(k) for k in range(one.series.values.shape[1])]
    frame: nap.TsdFrame = nap.TsdFrame(t=one.times, d=one.series.values, columns=labels)
    return frame
