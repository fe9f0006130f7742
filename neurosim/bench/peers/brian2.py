"""Brian2: as a C++ program of its own (standalone), and at run time with Cython."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brian2 as b2
import numpy as np
from brian2 import second

from neurosim.bench.program import Arrays, Program, Spent
from neurosim.bench.usage import peak_in
from neurosim.bench.workload import Case


@dataclass
class Brian2Model:
    """A network in Brian2: all its objects, the time step, the spike monitor, and what else is compared.

    `states` maps the name of an array of the results to (object, name of its variable).
    """

    objects: list[Any]
    dt: Any
    spikes: Any = None
    states: dict[str, tuple[Any, str]] | None = None

    def results(self) -> Arrays:
        """Return spikes and states after a run."""
        found: Arrays = {}
        if self.spikes is not None:
            found["steps"] = np.rint(np.asarray(self.spikes.t / self.dt)).astype(np.int64)
            found["ids"] = np.asarray(self.spikes.i).astype(np.int64)
        for name, (owner, variable) in (self.states or {}).items():
            found[name] = np.asarray(getattr(owner, variable)[:], dtype=float).ravel()
        return found


def joined(arrays: Arrays, *parts: tuple[str, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return (pre, post) of projections one after the other, each given as (name, first source, first target)."""
    pre = [arrays[f"{name}_pre"] + first for name, first, _ in parts]
    post = [arrays[f"{name}_post"] + first for name, _, first in parts]
    return np.concatenate(pre), np.concatenate(post)


def connected(synapses: Any, pairs: tuple[np.ndarray, np.ndarray]) -> Any:
    """Connect synapses at the given pairs and return them."""
    synapses.connect(i=pairs[0], j=pairs[1])
    return synapses


# Written into the generated program: CPU and wall time of the loop over steps, the memory of the process at the end.
_BEFORE = """timespec _cpu0, _cpu1, _wall0, _wall1;
clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &_cpu0);
clock_gettime(CLOCK_MONOTONIC, &_wall0);"""
_AFTER = """clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &_cpu1);
clock_gettime(CLOCK_MONOTONIC, &_wall1);
std::ofstream("results/spent.txt")
    << (_cpu1.tv_sec - _cpu0.tv_sec) + 1e-9 * (_cpu1.tv_nsec - _cpu0.tv_nsec) << " "
    << (_wall1.tv_sec - _wall0.tv_sec) + 1e-9 * (_wall1.tv_nsec - _wall0.tv_nsec);
std::ofstream("results/status.txt") << std::ifstream("/proc/self/status").rdbuf();"""


class Standalone(Program):
    """Brian2's C++ standalone mode with its default compiler settings: built once, then its program is run."""

    def __init__(self, describe: Any, case: Case, arrays: Arrays, folder: Path) -> None:
        self.folder = folder / "brian2_cpp"
        b2.set_device("cpp_standalone", build_on_run=False, directory=str(self.folder))
        self.model = _timed_model(describe, case, arrays)
        network = b2.Network(self.model.objects)
        b2.device.insert_code("before_network_run", _BEFORE)
        b2.device.insert_code("after_network_run", _AFTER)
        network.run(case.duration * second)
        b2.device.build(directory=str(self.folder), run=False, with_output=False)

    def start(self) -> None:
        """Do nothing: the program starts again each time."""

    def advance(self) -> None:
        """Run the program."""
        b2.device.run(str(self.folder), with_output=False)

    def timed(self) -> Spent:
        """Run the program; its time is that of its loop over steps."""
        self.advance()
        cpu, wall = map(float, (self.folder / "results" / "spent.txt").read_text().split())
        return Spent(cpu, wall, peak_in((self.folder / "results" / "status.txt").read_text()))

    def results(self) -> Arrays:
        """Return what the program wrote."""
        return self.model.results()


class Runtime(Program):
    """Brian2 at run time with Cython; its machine code is cached in the user's folder."""

    def __init__(self, describe: Any, case: Case, arrays: Arrays, folder: Path) -> None:
        b2.prefs.codegen.target = "cython"
        self.model = _timed_model(describe, case, arrays)
        self.duration = case.duration * second
        self.network = b2.Network(self.model.objects)
        self.network.store()
        self.network.run(self.model.dt)

    def start(self) -> None:
        """Restore the initial state."""
        self.network.restore()

    def advance(self) -> None:
        """Run, including the preparations that Brian2 makes at every run."""
        self.network.run(self.duration)

    def results(self) -> Arrays:
        """Return spikes and states."""
        return self.model.results()


class Loop(Program):
    """Networks that are described and run one after the other at run time with Cython, as in a script's loop."""

    def __init__(self, describe: Any, case: Case, arrays: Arrays, folder: Path) -> None:
        b2.prefs.codegen.target = "cython"
        self.models: list[Callable[[], Brian2Model]] = describe(case, arrays)
        self.duration = case.duration * second
        self.run(self.models[0], case.duration / 1000 * second)

    def start(self) -> None:
        """Do nothing: every run begins with its description."""

    def run(self, describe: Callable[[], Brian2Model], duration: Any) -> Arrays:
        """Return the number of spikes and the mean of each state after a run."""
        model = describe()
        b2.Network(model.objects).run(duration)
        found = model.results()
        means = {name: found[name].mean() for name in model.states or {}}
        return {"counts": np.array(found["steps"].size), **{n: np.array(mean) for n, mean in means.items()}}

    def advance(self) -> None:
        """Run every network from its description on."""
        self.found = [self.run(describe, self.duration) for describe in self.models]

    def results(self) -> Arrays:
        """Return the number of spikes and the mean of each state of each run."""
        return {name: np.array([run[name] for run in self.found]) for name in self.found[0]}


def _timed_model(describe: Any, case: Case, arrays: Arrays) -> Brian2Model:
    model: Brian2Model = describe(case, arrays)
    b2.defaultclock.dt = model.dt
    return model
