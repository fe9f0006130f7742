"""The contract of a workload: one network described once for us and once for each peer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurosim.bench.program import Arrays
from neurosim.model.network import Network


@dataclass(frozen=True)
class Case:
    """One network to be measured.

    Arguments:
        label: its name in tables.
        n: number of neurons.
        duration (s): of the run.
        dtype: precision of our engine.
    """

    label: str
    n: int
    duration: float
    dtype: str = "float64"

    @property
    def item(self) -> int:
        """Bytes of one number."""
        return np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Facts:
    """The size of a run: neurons, edges by projection, spikes by population, steps taken."""

    neurons: int
    edges: Mapping[str, int]
    spikes: Mapping[str, int]
    steps: int


@dataclass(frozen=True)
class Traffic:
    """Bytes that must be moved during a run, and the size of the memory that they are moved in and out of (bytes)."""

    what: str
    moved: float
    working_set: float


@dataclass(frozen=True)
class Target:
    """What should be reached in a case.

    Arguments:
        label: the case.
        what: a quantity of the summary.
        low, high: its least or largest value.
        aim: the value hoped for.
    """

    label: str
    what: str
    low: float | None = None
    high: float | None = None
    aim: float | None = None


class Workload(ABC):
    """A network to be measured.

    Facts of a class:
        name, title: in tables.
        cases: the networks to be measured.
        learned: the plastic projection.
        same: names of peers that must have the same spikes and weights.
        peers: the same network for each peer by name: a function of (case, arrays), where arrays has
            `{projection}_pre`, `_post`, `_w` (SI), `_delay` (steps) and `{population}_{state}` (SI).
        targets: what should be reached.
        ours: the program on our engine, made from workload and case, where it is not one run of one network.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    cases: ClassVar[tuple[Case, ...]]
    learned: ClassVar[str | None] = None
    same: ClassVar[tuple[str, ...]] = ("brian2_cpp", "brian2_cython")
    peers: ClassVar[Mapping[str, Callable[[Case, Arrays], Any]]] = {}
    targets: ClassVar[tuple[Target, ...]] = ()
    ours: ClassVar[Any] = None

    @abstractmethod
    def network(self, case: Case) -> Network:
        """Return the description of a case."""

    @abstractmethod
    def traffic(self, case: Case, facts: Facts) -> Sequence[Traffic]:
        """Return the least that must be moved through memory in a run of a case."""

    @staticmethod
    def offsets(network: Network) -> dict[str, int]:
        """Return where each population begins in a numbering of all neurons, in the order of the description."""
        sizes = [population.size for population in network.populations.values()]
        starts = np.cumsum([0, *sizes[:-1]]).tolist()
        return dict(zip(network.populations, starts, strict=True))


def neuron_traffic(case: Case, steps: int, states: int) -> Traffic:
    """Return what integration moves: each state read and written, and a refractory count (4 bytes) read, per step."""
    size = case.n * (states * case.item + 4)
    return Traffic("neurons", steps * case.n * (2 * states * case.item + 4), size)


def delivery_traffic(case: Case, events: float, edges: int, per_event: int) -> Traffic:
    """Return what `events` arrivals of a spike at a synapse move, each `per_event` bytes."""
    return Traffic("synapses", events * per_event, edges * per_event / 2 + case.n * case.item)
