"""Our own engine as a program to be measured, and the arrays that the peers receive."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurosim.bench.program import Arrays, Program
from neurosim.bench.workload import Case, Facts, Workload
from neurosim.engines import get_engine
from neurosim.engines.engine import Engine
from neurosim.engines.recordings import Spikes
from neurosim.engines.simulation import Simulation


def engine_of(case: Case) -> Engine:
    """Return our engine in the precision of a case."""
    return get_engine("fused" if case.dtype == "float64" else f"fused-{case.dtype}")


class Fused(Program):
    """The network of a workload on the fused engine."""

    def __init__(self, workload: Workload, case: Case) -> None:
        self.workload, self.case = workload, case
        network = workload.network(case)
        self.offsets = workload.offsets(network)
        self.simulation: Simulation = engine_of(case).compile(network)
        self.simulation.step()
        self.duration = case.duration

    def start(self) -> None:
        """Go back to step 0."""
        self.simulation.reset()

    def advance(self) -> None:
        """Run."""
        from brian2 import second

        self.simulation.run(self.duration * second)

    def results(self) -> Arrays:
        """Return spikes of all populations in one numbering, learned weights, rates."""
        found: Arrays = {}
        spikes = self.spikes()
        if spikes:
            found["steps"] = np.concatenate([s.steps for s in spikes.values()])
            found["ids"] = np.concatenate(
                [s.ids.astype(np.int64) + self.offsets[p] for p, s in spikes.items()]
            )
        for name, projection in self.simulation.equations.projections.items():
            if projection.plasticity:
                found[f"{name}_w"] = np.array(self.simulation.read(name, "w"), dtype=float)
        for name, population in self.simulation.equations.populations.items():
            if "r" in population.states:
                found[f"{name}_r"] = np.asarray(self.simulation.get(f"{name}.r"), dtype=float)
        return found

    def spikes(self) -> dict[str, Spikes]:
        """Return the recorded spikes by population."""
        every = self.simulation.recordings().items()
        return {name.partition(".")[0]: s for name, s in every if isinstance(s, Spikes)}

    def facts(self) -> Facts:
        """Return the facts of the last run."""
        equations = self.simulation.equations
        return Facts(
            neurons=sum(population.size for population in equations.populations.values()),
            edges={name: _edges(projection) for name, projection in equations.projections.items()},
            spikes={name: spikes.steps.size for name, spikes in self.spikes().items()},
            steps=self.simulation.now,
        )

    def arrays(self) -> Arrays:
        """Return connectivity, delays and initial states for the peers."""
        self.start()
        found: Arrays = {}
        for name, population in self.simulation.equations.populations.items():
            found |= {
                f"{name}_{state}": np.asarray(self.simulation.get(f"{name}.{state}"))
                for state in population.states
            }
            found |= {f"{name}_{key}": value for key, value in population.constants.items() if value.ndim}
        for name, projection in self.simulation.equations.projections.items():
            # In the order in which the engine adds inputs, so that sums of a peer agree to the last bit.
            if not projection.dense:
                found[f"{name}_pre"], found[f"{name}_post"] = projection.pre, projection.post
            if "w" in projection.states:
                found[f"{name}_w"] = self.simulation.read(name, "w").copy()
            if projection.delays is not None:
                found[f"{name}_delay"] = projection.delays.astype(np.int32)
        return found

    def plastic_bytes(self) -> float | None:
        """Return the bytes of memory per plastic synapse: every array that belongs to such a projection."""
        learned = self.workload.learned
        if learned is None:
            return None
        projection = self.simulation.equations.projections[learned]
        storage = vars(self.simulation.core)["storage"].arrays
        own = [array for name, array in storage.items() if name.startswith(f"{learned}__")]
        return held([projection, *own]) / _edges(projection)


def _edges(projection: Any) -> int:
    return projection.size


def held(objects: Iterable[Any]) -> int:
    """Return the bytes of the distinct buffers of all arrays that objects refer to through their own fields."""
    buffers: dict[int, int] = {}
    seen: set[int] = set()
    waiting = list(objects)
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            while isinstance(item.base, np.ndarray):
                item = item.base
            buffers[id(item)] = item.nbytes
        elif isinstance(item, dict | list | tuple) or type(item).__module__.startswith("neurosim."):
            waiting += gc.get_referents(item)
    return sum(buffers.values())
