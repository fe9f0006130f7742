"""Recordings and results as a block of Neo, which Elephant and other tools of electrophysiology read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.export.signals import Signal, chosen
from neurosim.export.view import Source, recorded, trains
from neurosim.extras import optional

if TYPE_CHECKING:
    import neo


def to_neo(source: Source, *names: str) -> neo.Block:
    """Return a block of one segment: a spike train for each neuron, silent ones included, and a signal for each array.

    Spike trains are annotated with 'population' and 'neuron', and last from 0 to the end of the recording.

    Arguments:
        source: a simulation, its recordings or an open result file.
        names: of populations and of arrays sampled in time (all if omitted).

    Raises UnknownNameError for a name that is not there, DescriptionError for an array that is not sampled in time or a
    unit that Neo does not know, MissingExtra without Neo.
    """
    with optional():
        import neo
        import quantities as pq
    source = recorded(source)
    populations, signals = chosen(source, names)
    block = neo.Block(name=str(source.attributes.get("title", "neurosim")))
    segment = neo.Segment()
    for name in populations:
        spikes = trains(source, name)
        for neuron, times in enumerate(spikes.of_each()):
            segment.spiketrains.append(
                neo.SpikeTrain(
                    times * pq.s,
                    t_stop=spikes.stop * pq.s,
                    name=f"{name} {neuron}",
                    population=name,
                    neuron=neuron,
                )
            )
    for one in signals:
        segment_signals = segment.analogsignals if one.step else segment.irregularlysampledsignals
        segment_signals.append(_signal(neo, pq, one))
    block.segments.append(segment)
    made: neo.Block = block
    return made


def _signal(neo: Any, pq: Any, one: Signal) -> Any:
    try:
        values = pq.Quantity(
            np.asarray(one.series.values, dtype=float), one.series.data.unit or "dimensionless"
        )
    except LookupError:
        raise DescriptionError(
            f"'{one.series.name}' has the unit '{one.series.data.unit}', which Neo does not know: use to_xarray"
        ) from None
    name = one.series.name
    labels = np.array([one.series.label(k) for k in range(values.shape[1])])
    if one.step is None:
        return neo.IrregularlySampledSignal(one.times * pq.s, values, name=name)
    return neo.AnalogSignal(
        values,
        sampling_period=one.step * pq.s,
        t_start=one.times[0] * pq.s,
        name=name,
        array_annotations={"label": labels},
    )
