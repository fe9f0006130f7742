"""What a simulation has recorded: spikes and sampled states, with units."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
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
    """Spikes of a population: step number and unit of each, in the order of time, then unit.

    steps (n,) int64; ids (n,) int32; dt, the time step (s).
    """

    steps: np.ndarray
    ids: np.ndarray
    dt: float

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


class Recordings(dict[str, Spikes | Samples]):
    """All that a simulation has recorded, by 'target.variable', and the same as the content of a result file.

    Arguments:
        recorded: spikes and samples by 'target.variable'.
        network: the one that ran.
        steps: the number of steps it had taken.

    As in a result file, spikes have the name of their population, and the samples of 'target.variable' are an array of
    that group: 'target.variable/variable', with its coordinates 'time' (ms) and 'neuron', 'edge' or 'index' beside it.
    """

    def __init__(self, recorded: Mapping[str, Spikes | Samples], network: Network, steps: int) -> None:
        super().__init__(recorded)
        self.network = network
        self.steps = steps

    @property
    def attributes(self) -> dict[str, Any]:
        """What the root of a file says of them: the network's name and the time that it had run (s)."""
        return {"title": f"network '{self.network.name}'", "duration": self.steps * self.network.step}

    def populations(self) -> list[str]:
        """Return the names of the populations whose spikes are recorded."""
        return [key.rpartition(".")[0] for key, item in self.items() if isinstance(item, Spikes)]

    def spikes(self, population: str) -> store.Spikes:
        """Return the spikes of a population, times in ms; raises UnknownNameError if none were recorded."""
        if population not in self.populations():
            raise UnknownNameError(
                f"no spikes of '{population}' were recorded: {suggest(population, self.populations())}"
            )
        item = self[f"{population}.spikes"]
        return store.Spikes(_milliseconds(item), item.ids)  # type: ignore[union-attr]

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
            if isinstance(item, Samples):
                found |= {f"{key}/{name}": data for name, data in self._sampled(key, item).items()}
        description = json.dumps(to_json(self.network), sort_keys=True)
        found[DESCRIPTION] = store.Data(np.array(description), (), "", "the network, as JSON text")
        return found

    def _sampled(self, key: str, item: Samples) -> dict[str, store.Data]:
        target, _, variable = key.rpartition(".")
        dim = "neuron" if target in self.network.populations else "edge" if variable == "w" else "index"
        unit = "" if item.dimension is DIMENSIONLESS else unit_name(item.dimension)
        return {
            "time": store.Data(_milliseconds(item), ("time",), "ms", "time"),
            dim: store.Data(item.indices, (dim,), "", "index of the neuron or edge"),
            variable: store.Data(item.values, ("time", dim), unit, f"{variable} of {target}"),
        }


def _summary(item: Spikes | Samples) -> tuple[str, str]:
    """Return what a recording holds, and the time of its last spike or sample."""
    until = str(item.times[-1]) if len(item.steps) else ""
    if isinstance(item, Spikes):
        return f"{len(item.ids)} spikes of {len(np.unique(item.ids))} neurons", until
    samples, width = item.values.shape
    return f"{samples} samples of {width} values ({unit_name(item.dimension)})", until


def _milliseconds(item: Spikes | Samples) -> np.ndarray:
    return item.steps * (item.dt * 1e3)
