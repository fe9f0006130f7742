"""NeXus attributes, which tell h5web, silx and nexpy what to plot of a group and over which axes.

Source: NXdata, https://manual.nexusformat.org/classes/base_classes/NXdata.html.
"""

from __future__ import annotations

import h5py

from neurosim.store import schema
from neurosim.store.plain import attribute

# Spikes are plotted as neurons over times, although both are listed along the same bare dimension.
_SPIKES = {"signal": "node_ids", "axes": ["timestamps"]}


def describe_plots(file: h5py.File) -> None:
    """Add to every group with numbers what its plot is, and to the root which plot comes first."""
    groups: list[h5py.Group] = []

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Group):
            plot = _SPIKES if name.startswith(f"{schema.SPIKES}/") else _plot(item)
            if plot:
                item.attrs.update({"NX_class": "NXdata", **plot})
                groups.append(item)

    file.visititems(visit)
    file.attrs["NX_class"] = "NXroot"
    if groups:
        file.attrs["default"] = groups[0].name


def _plot(group: h5py.Group) -> dict[str, str | list[str]]:
    """Return the attributes of an NXdata: the first array with the most axes, those of its axes, and its companions."""
    arrays = {
        name: item
        for name, item in group.items()
        if isinstance(item, h5py.Dataset) and not item.is_scale and item.ndim and item.dtype.kind in "iuf"
    }
    if not arrays:
        return {}
    signal = max(arrays, key=lambda name: arrays[name].ndim)
    axes = _axes(arrays[signal])
    others = [name for name in arrays if name != signal and _dims(arrays[name]) == _dims(arrays[signal])]
    return {"signal": signal, "axes": axes} | ({"auxiliary_signals": others} if others else {})


def _dims(array: h5py.Dataset) -> list[str]:
    return [axis[0].name for axis in array.dims]


def _axes(array: h5py.Dataset) -> list[str]:
    """Return the names of the coordinates of an array, '.' for an axis without numbers."""
    scales = [axis[0] for axis in array.dims]
    return [
        "."
        if schema.is_bare_dimension(attribute(scale, "NAME"), scale.shape) or scale.dtype.kind not in "iuf"
        else scale.name.rpartition("/")[2]
        for scale in scales
    ]
