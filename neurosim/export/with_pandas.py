"""Recordings and results as tables of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurosim.export.series import series
from neurosim.export.view import Source, recorded, trains
from neurosim.extras import optional

if TYPE_CHECKING:
    import pandas as pd


def to_pandas(source: Source, name: str) -> pd.DataFrame:
    """Return spikes or an array as a table; `attrs['units']` says the unit of each column, or of all values.

    Spikes have the columns 'time' (s) and 'neuron', a row for each, in the order of time. Of an array, the index is
    the axis of time, or else the one with coordinates; columns are the places on its other axes.

    Arguments:
        source: a simulation, its recordings or an open result file.
        name: a population or an array.

    Raises UnknownNameError for a name that is not there, DescriptionError for text and single numbers, MissingExtra
    without pandas.
    """
    with optional():
        import pandas as pd
    source = recorded(source)
    if name in source.populations():
        spikes = trains(source, name)
        table: pd.DataFrame = pd.DataFrame({"time": spikes.times, "neuron": spikes.ids})
        table.attrs.update(units={"time": "s", "neuron": ""}, long_name=f"spikes of {name}", stop=spikes.stop)
        return table
    one = series(source, name)
    index = pd.Index(one.x, name=one.along.dims[0])
    if len(one.others) > 1:
        columns = pd.MultiIndex.from_tuples(one.keys, names=one.others)
    else:
        keys = [key for (key,) in one.keys] if one.others else [one.name]
        columns = pd.Index(keys, name=one.others[0] if one.others else None)
    table = pd.DataFrame(one.values, index=index, columns=columns)
    table.attrs.update(
        units={"values": one.data.unit, one.along.dims[0]: one.along.unit}, long_name=one.data.long_name
    )
    return table
