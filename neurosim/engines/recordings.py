"""What a simulation has recorded: spikes and sampled states, with units."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from neurosim import store
from neurosim.errors import UnknownNameError
from neurosim.markup import table
from neurosim.model.network import Network
from neurosim.model.serial import to_json
from neurosim.model.units import DIMENSIONLESS, Dimension, Quantity, quantity, unit_name
from neurosim.registry import suggest
from neurosim.store.provenance import provenance

DESCRIPTION: Final = "network/description"
"""Where a file of recordings holds the network that ran, as JSON text."""


@dataclass(frozen=True)
class Spikes:
    """Spikes of a population, or that arrive at connections: step and unit of each, in the order of time, then unit.

    steps (n,) int64; ids (n,) int32; dt, the time step (s); at, variables at the spikes, (n,) each, in SI units,
    and their dimensions, by name.
    """

    steps: np.ndarray
    ids: np.ndarray
    dt: float
    at: Mapping[str, np.ndarray] = field(default_factory=dict)
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)

    @property
    def times(self) -> Quantity:
        """Times of the spikes (s), shape (n,)."""
        from brian2 import second

        return self.steps * self.dt * second


@dataclass(frozen=True)
class Samples:
    """A state sampled every n-th step: steps (n,) int64, values (n, units) in SI units, indices of these units."""

    steps: np.ndarray
    values: np.ndarray
    indices: np.ndarray
    dimension: Dimension
    dt: float

    @property
    def times(self) -> Quantity:
        """Times of the samples (s), shape (n,)."""
        from brian2 import second

        return self.steps * self.dt * second

    @property
    def quantity(self) -> Quantity | np.ndarray:
        """The samples with their unit, shape (n, units)."""
        return quantity(self.values, self.dimension)


@dataclass(frozen=True)
class Windowed:
    """A variable around spikes, those of neurons ids (n,) at steps (n,): values (n, offsets, units) in SI units.

    offsets (int64), steps from the spike; indices, of the units whose variable it is.
    """

    steps: np.ndarray
    ids: np.ndarray
    values: np.ndarray
    offsets: np.ndarray
    indices: np.ndarray
    dimension: Dimension
    dt: float

    @property
    def times(self) -> Quantity:
        """Times of the spikes (s), shape (n,)."""
        from brian2 import second

        return self.steps * self.dt * second

    @property
    def lags(self) -> Quantity:
        """Times from the spike (s), shape (offsets,)."""
        from brian2 import second

        return self.offsets * self.dt * second

    @property
    def quantity(self) -> Quantity | np.ndarray:
        """The windows with their unit, shape (n, offsets, units)."""
        return quantity(self.values, self.dimension)


@dataclass(frozen=True)
class Statistics:
    """Statistics of what was recorded, as `statistics["mean"]` with its unit.

    numbers, (value in SI units, dimension) by name; shape, of what they were taken of, whose last axis is that of the
    units `indices` if there is one for each.
    """

    numbers: Mapping[str, tuple[np.ndarray, Dimension]]
    shape: tuple[int, ...]
    indices: np.ndarray

    def __getitem__(self, name: str) -> Quantity | np.ndarray:
        """Return a statistic with its unit; raises UnknownNameError for one that was not taken."""
        if name not in self.numbers:
            raise UnknownNameError(f"no statistic '{name}' was taken: {suggest(name, self.numbers)}")
        return quantity(*self.numbers[name])


Recording = Spikes | Samples | Windowed | Statistics


class Recordings(dict[str, Recording]):
    """All that a simulation has recorded, by the names of recorders, and the same as the content of a result file.

    Arguments:
        recorded: spikes, samples, windows and statistics by 'target.variable', or the names that recorders were given.
        network: the one that ran.
        steps: the number of steps it had taken.

    As in a result file, spikes have the name of their population, or of their recorder if that was given one; all else
    of a recorder is an array of a group of its name: of samples 'target.variable/variable', with its coordinates 'time'
    (ms) and 'neuron', 'edge' or 'index' beside it.
    """

    def __init__(self, recorded: Mapping[str, Recording], network: Network, steps: int) -> None:
        super().__init__(recorded)
        self.network = network
        self.steps = steps
        self._recorders = {recorder.key: recorder for recorder in network.recorders}

    @property
    def attributes(self) -> dict[str, Any]:
        """What the root of a file says of them: the network's name and the time that it had run (s)."""
        return {"title": f"network '{self.network.name}'", "duration": self.steps * self.network.step}

    def populations(self) -> list[str]:
        """Return the names of the populations whose spikes are recorded, or of the recorders if these have one."""
        return [*self._spikes]

    @property
    def _spikes(self) -> dict[str, Spikes]:
        """The spikes of populations, by what `populations` returns."""
        return {
            key.removesuffix(".spikes"): item
            for key, item in self.items()
            if isinstance(item, Spikes) and self._recorders[key].target not in self.network.projections
        }

    def spikes(self, population: str) -> store.Spikes:
        """Return the spikes of a population, times in ms; raises UnknownNameError if none were recorded."""
        if population not in self.populations():
            raise UnknownNameError(
                f"no spikes of '{population}' were recorded: {suggest(population, self.populations())}"
            )
        item = self._spikes[population]
        return store.Spikes(_milliseconds(item), item.ids)

    def infos(self) -> dict[str, store.Info]:
        """Return all about every array but its values, by path, in the order of the recorders."""
        return {
            path: store.Info(data.array.shape, str(data.array.dtype), data.dims, data.unit, data.long_name)
            for path, data in self._arrays.items()
        }

    def data(self, path: str) -> store.Data:
        """Return an array with its dims, unit (SI) and long name; raises UnknownNameError if there is none."""
        if path not in self._arrays:
            raise UnknownNameError(f"nothing was recorded as '{path}': {suggest(path, self._arrays)}")
        return self._arrays[path]

    def save(self, file: str | Path, *, overwrite: bool = False, **facts: Any) -> Path:
        """Write a result file: spikes in the layout of SONATA, sampled variables, the network, versions.

        Arguments:
            file: its name.
            overwrite: whether a file of that name may be replaced.
            facts: further attributes of the file, text and numbers.

        Returns the path. Raises UsageError or ResultFileError when it cannot be written.
        """
        with store.Writer(file, overwrite=overwrite) as writer:
            for population in self.populations():
                spikes = self.spikes(population)
                writer.write_spikes(population, spikes.times, spikes.ids, spikes.unit)
            for path, data in self._arrays.items():
                writer.write(path, data.array, data.dims, data.unit, data.long_name)
            writer.set_attributes(status="complete", **self.attributes, **provenance(), **facts)
        return Path(file)

    def __repr__(self) -> str:
        return f"<Recordings of network '{self.network.name}': {', '.join(self) or 'none'}>"

    def _repr_html_(self) -> str:
        rows = [(key, *_summary(item)) for key, item in self.items()]
        return table(("recording", "what", "until"), rows).text

    @cached_property
    def _arrays(self) -> dict[str, store.Data]:
        found: dict[str, store.Data] = {}
        for key, item in self.items():
            found |= {f"{key}/{name}": data for name, data in self._described(key, item).items()}
        description = json.dumps(to_json(self.network), sort_keys=True)
        found[DESCRIPTION] = store.Data(np.array(description), (), "", "the network, as JSON text")
        return found

    def _described(self, key: str, item: Recording) -> dict[str, store.Data]:
        """Return the arrays of a recording, but for spikes that a file has elsewhere."""
        recorder = self._recorders[key]
        target, variable = recorder.target, recorder.variable
        whole = target not in self.network.projections
        dim = "neuron" if whole else "edge" if variable in ("w", "spikes") else "index"
        match item:
            case Spikes():
                own = {} if whole else {dim: store.Data(item.ids, ("spike",), "", "index of the connection")}
                if own or item.at:
                    own["time"] = store.Data(_milliseconds(item), ("spike",), "ms", "time")
                return own | {
                    name: store.Data(
                        column, ("spike",), _unit(item.dimensions[name]), f"{name} of {target} at the spike"
                    )
                    for name, column in item.at.items()
                }
            case Samples():
                name = "rate" if recorder.spikes else variable
                dim = "index" if recorder.spikes and len(item.indices) == 1 else dim
                return {
                    "time": store.Data(_milliseconds(item), ("time",), "ms", "time"),
                    dim: _index(item.indices, dim),
                    name: store.Data(
                        item.values, ("time", dim), _unit(item.dimension), f"{name} of {target}"
                    ),
                }
            case Windowed():
                lags = store.Data(item.offsets * (item.dt * 1e3), ("lag",), "ms", "time from the spike")
                values = store.Data(
                    item.values,
                    ("spike", "lag", dim),
                    _unit(item.dimension),
                    f"{variable} of {target} around spikes",
                )
                return {
                    "time": store.Data(_milliseconds(item), ("spike",), "ms", "time of the spike"),
                    "neuron_that_spiked": store.Data(item.ids, ("spike",), "", "index of the neuron"),
                    "lag": lags,
                    **({dim: _index(item.indices, dim)} if item.indices.size else {}),
                    variable: values,
                }
            case Statistics():
                units = item.shape[-1] == item.indices.size
                axes = ("lag",) * (len(item.shape) - 1) + ((dim,) if units else ("index",))
                return {
                    **({dim: _index(item.indices, dim)} if units else {}),
                    **{
                        name: store.Data(
                            value,
                            axes if value.shape == item.shape else ("of", "with")[: value.ndim],
                            _unit(dimension),
                            f"{name} of {'spikes' if recorder.spikes else variable} of {target}",
                        )
                        for name, (value, dimension) in item.numbers.items()
                    },
                }


def _index(indices: np.ndarray, dim: str) -> store.Data:
    return store.Data(indices, (dim,), "", "index of the neuron or edge")


def _unit(dimension: Dimension) -> str:
    return "" if dimension is DIMENSIONLESS else unit_name(dimension)


def _summary(item: Recording) -> tuple[str, str]:
    """Return what a recording holds, and the time of its last spike or sample."""
    if isinstance(item, Statistics):
        return f"{', '.join(item.numbers)} of {' x '.join(map(str, item.shape))} values", ""
    until = str(item.times[-1]) if len(item.steps) else ""
    if isinstance(item, Spikes):
        return f"{len(item.ids)} spikes of {len(np.unique(item.ids))} neurons", until
    if isinstance(item, Windowed):
        return f"{len(item.ids)} windows of {len(item.offsets)} steps ({unit_name(item.dimension)})", until
    samples, width = item.values.shape
    return f"{samples} samples of {width} values ({unit_name(item.dimension)})", until


def _milliseconds(item: Spikes | Samples | Windowed) -> np.ndarray:
    return item.steps * (item.dt * 1e3)
