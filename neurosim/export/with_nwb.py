"""Recordings and results as a file of Neurodata Without Borders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from neurosim.export.signals import chosen
from neurosim.export.view import Source, recorded, trains
from neurosim.extras import optional

if TYPE_CHECKING:
    import pynwb


def to_nwb(source: Source, *names: str, identifier: str = "", description: str = "") -> pynwb.NWBFile:
    """Return an NWB file in memory: spikes as its table of units, arrays sampled in time as its acquisition.

    Units have the columns 'population' and 'neuron', and silent neurons a row too. Write it by
    `pynwb.NWBHDF5IO(path, "w")`.

    Arguments:
        source: a simulation, its recordings or an open result file.
        names: of populations and of arrays sampled in time (all if omitted).
        identifier, description: of the session (by default title and time of the file).

    Raises UnknownNameError for a name that is not there, DescriptionError for an array that is not sampled in time,
    MissingExtra without PyNWB.
    """
    with optional():
        import pynwb
    source = recorded(source)
    populations, signals = chosen(source, names)
    title = str(source.attributes.get("title", "neurosim"))
    created = str(source.attributes.get("created") or datetime.now(UTC).isoformat(timespec="seconds"))
    file: pynwb.NWBFile = pynwb.NWBFile(
        session_description=description or f"simulation by neurosim: {title}",
        identifier=identifier or f"{title}, {created}",
        session_start_time=datetime.fromisoformat(created),
    )
    if populations:
        file.add_unit_column("population", "population of the network")
        file.add_unit_column("neuron", "index in the population")
    for name in populations:
        spikes = trains(source, name)
        for neuron, times in enumerate(spikes.of_each()):
            file.add_unit(
                spike_times=times,
                obs_intervals=[[0.0, spikes.stop]],
                population=name,
                neuron=neuron,
            )
    for one in signals:
        when = (
            {"timestamps": one.times}
            if one.step is None
            else {"starting_time": float(one.times[0]), "rate": 1.0 / one.step}
        )
        file.add_acquisition(
            pynwb.TimeSeries(
                name=one.series.name.replace("/", "."),
                data=np.asarray(one.series.values),
                unit=one.series.data.unit or "1",
                description=one.series.data.long_name,
                comments=", ".join(one.series.label(k) for k in range(one.series.values.shape[1])),
                **when,
            )
        )
    return file
