"""One way to read what was recorded, whether by a running simulation or in a result file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.engines.recordings import DESCRIPTION, Recordings
from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.network import Network
from neurosim.model.serial import from_json
from neurosim.registry import suggest
from neurosim.store import Data, Results

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "second": 1.0, "seconds": 1.0, "milliseconds": 1e-3}


Recorded = Recordings | Results
"""What holds spikes by population and arrays by path: recordings of a simulation, or an open result file."""

Source = Recorded | Simulation
"""What can be plotted and exported: what is recorded, or the simulation that recorded it."""


@dataclass(frozen=True)
class Trains:
    """Spike trains of a population: times (s) and ids, in the order of time; size, number of neurons; stop (s).

    Where a file does not say them, size is one above the largest id, and stop the time of the last spike.
    """

    name: str
    times: np.ndarray
    ids: np.ndarray
    size: int
    stop: float

    def of_each(self) -> list[np.ndarray]:
        """Return the spike times of each neuron (s), silent ones included."""
        order = np.argsort(self.ids, kind="stable")
        return np.split(self.times[order], np.cumsum(np.bincount(self.ids, minlength=self.size))[:-1])


@dataclass(frozen=True)
class Array:
    """An array, its name, and the coordinates of those of its dims that have some."""

    name: str
    data: Data
    coordinates: Mapping[str, Data]


def recorded(source: Source) -> Recorded:
    """Return what a source has recorded; raises DescriptionError for what is no source."""
    if isinstance(source, Simulation):
        return source.recordings()
    if not isinstance(source, Recorded):
        raise DescriptionError(
            f"a {type(source).__name__} holds no recordings: give a simulation, simulation.recordings(), or what "
            "open_results(file) returned"
        )
    return source


def trains(source: Source, population: str) -> Trains:
    """Return the spike trains of a population; raises UnknownNameError when there are none."""
    source = recorded(source)
    if population not in source.populations():
        more = " (it is an array)" if _path(source, population) else ""
        raise UnknownNameError(
            f"no spikes of '{population}'{more}: {suggest(population, source.populations())}"
        )
    spikes = source.spikes(population)
    if spikes.unit not in _SECONDS:
        raise DescriptionError(f"spikes of '{population}': their unit '{spikes.unit}' is no time")
    times, ids = np.asarray(spikes.times) * _SECONDS[spikes.unit], np.asarray(spikes.ids, dtype=np.int64)
    order = np.argsort(times, kind="stable")
    size = _sizes(source).get(population, int(ids.max(initial=-1)) + 1)
    stop = max(float(source.attributes.get("duration", 0.0)), float(times.max(initial=0.0)))
    return Trains(population, times[order], ids[order], size, stop)


def array(source: Source, name: str) -> Array:
    """Return an array by its path, or a recording by its name, such as 'cells.v'.

    Raises UnknownNameError when there is none.
    """
    source = recorded(source)
    path = _path(source, name)
    if path is None:
        more = " (there are spikes of that name)" if name in source.populations() else ""
        raise UnknownNameError(f"no array '{name}'{more}: {suggest(name, array_names(source))}")
    group, _, own = path.rpartition("/")
    data, known = source.data(path), source.infos()
    beside = {dim: f"{group}/{dim}" for dim in data.dims if dim != own}
    return Array(name, data, {dim: source.data(at) for dim, at in beside.items() if at in known})


def array_names(source: Source) -> list[str]:
    """Return the names of all arrays that are no coordinates: 'target.variable' of recordings, else paths."""
    found = []
    for path, info in recorded(source).infos().items():
        group, _, own = path.rpartition("/")
        if not path.startswith("spikes/") and path != DESCRIPTION and own not in info.dims:
            found.append(group if group.endswith(f".{own}") else path)
    return found


def network_of(source: Source) -> Network | None:
    """Return the network that was recorded, or None where the file does not hold one.

    Raises DescriptionError or UnknownNameError when it cannot be rebuilt, as when a class of it is not known here.
    """
    source = recorded(source)
    if isinstance(source, Recordings):
        return source.network
    return from_json(_description(source)) if DESCRIPTION in source.infos() else None


def _description(source: Results) -> Any:
    try:
        return json.loads(str(source.data(DESCRIPTION).array))
    except ValueError as error:
        raise DescriptionError(f"{source.path}: '{DESCRIPTION}' is not JSON text: {error}") from None


def _sizes(source: Recorded) -> dict[str, int]:
    """Return the sizes of the populations, without rebuilding the network, whose classes may be unknown here."""
    if isinstance(source, Recordings):
        return {name: population.size for name, population in source.network.populations.items()}
    if DESCRIPTION not in source.infos():
        return {}
    parts = _description(source)["parts"]
    return {part["name"]: part["size"] for part in parts if part["part"] == "Population"}


def _path(source: Recorded, name: str) -> str | None:
    """Return the path that a name stands for: itself, or that of the recording 'target.variable'."""
    known = source.infos().keys() - {DESCRIPTION}
    paths = (name, f"{name}/{name.rpartition('.')[2]}")
    return next((path for path in paths if path in known), None)
