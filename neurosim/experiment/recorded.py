"""What a simulation has recorded, as results of a stage: with dimensions, units and names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurosim.experiment.units import check_unit
from neurosim.store import Data, Spikes


def as_results(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results of a stage with recordings turned into what a file holds.

    Recorded spikes become Spikes (times in ms). A recorded state 'cells.v' becomes 'cells.v/values', with the dims time
    and index and its SI unit, 'cells.v/time' (ms) and 'cells.v/index', that of each neuron or connection recorded.
    Arguments: contents, results by name; anything but recordings of an engine is returned as it is.
    Raises DescriptionError for a unit that is none.
    """
    results: dict[str, Any] = {}
    for name, item in contents.items():
        if isinstance(item, Data | Spikes):
            check_unit(item.unit, f"result '{name}'")
        results |= {name: item} if isinstance(item, Data | Spikes) else _converted(name, item)
    return results


def _converted(name: str, item: Any) -> dict[str, Any]:
    # Imported here, where something was recorded and both are loaded: Brian2's units take two seconds.
    from neurosim.engines import recordings
    from neurosim.model.units import unit_name

    if isinstance(item, recordings.Spikes):
        return {name: Spikes(item.steps * (item.dt * 1e3), item.ids, "ms")}
    if isinstance(item, recordings.Samples):
        unit = unit_name(item.dimension)
        return {
            f"{name}/values": Data(item.values, ("time", "index"), "" if unit == "1" else unit, name),
            f"{name}/time": Data(item.steps * (item.dt * 1e3), ("time",), "ms", "time of the sample"),
            f"{name}/index": Data(item.indices, ("index",), "", "of the neuron or connection"),
        }
    if isinstance(item, recordings.Windowed):
        unit = unit_name(item.dimension)
        return {
            f"{name}/values": Data(item.values, ("spike", "lag", "index"), "" if unit == "1" else unit, name),
            f"{name}/time": Data(item.steps * (item.dt * 1e3), ("spike",), "ms", "time of the spike"),
            f"{name}/lag": Data(item.offsets * (item.dt * 1e3), ("lag",), "ms", "time from the spike"),
        }
    if isinstance(item, recordings.Statistics):
        named = {n: (value, unit_name(dimension)) for n, (value, dimension) in item.numbers.items()}
        return {
            f"{name}/{n}": Data(
                value,
                tuple(f"{n}_{k}" for k in range(value.ndim)),
                "" if unit == "1" else unit,
                f"{n} of {name}",
            )
            for n, (value, unit) in named.items()
        }
    return {name: item}
