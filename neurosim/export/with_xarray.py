"""Recordings and results as labelled arrays of xarray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurosim.export.view import Source, array, recorded, trains
from neurosim.extras import optional
from neurosim.store import Data

if TYPE_CHECKING:
    import xarray as xr


def to_xarray(source: Source, name: str) -> xr.DataArray | xr.Dataset:
    """Return an array with its dims, coordinates and units, or spikes as a dataset of 'time' (s) and 'neuron'.

    Arguments:
        source: a simulation, its recordings or an open result file.
        name: a population or an array.

    Raises UnknownNameError for a name that is not there, MissingExtra without xarray.
    """
    with optional():
        import xarray as xr
    source = recorded(source)
    if name in source.populations():
        spikes = trains(source, name)
        columns = {"time": ("spike", spikes.times, {"units": "s"}), "neuron": ("spike", spikes.ids)}
        facts = {"long_name": f"spikes of {name}", "size": spikes.size, "stop": spikes.stop}
        dataset: xr.Dataset = xr.Dataset(columns, attrs=facts)
        return dataset
    found = array(source, name)
    coordinates = {dim: _variable(data) for dim, data in found.coordinates.items()}
    dims, values, facts = _variable(found.data)
    own = found.name.rpartition("/")[2] if "/" in found.name else found.name.rpartition(".")[2]
    labelled: xr.DataArray = xr.DataArray(values, coordinates, dims, own, facts)
    return labelled


def _variable(data: Data) -> tuple[tuple[str, ...], Any, dict[str, Any]]:
    return data.dims, data.array, {"units": data.unit or "1", "long_name": data.long_name}
