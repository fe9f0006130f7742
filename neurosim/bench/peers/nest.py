"""NEST: neurons with exponential currents, one thread."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurosim.bench.program import Arrays, Program
from neurosim.bench.workload import Case

os.environ.setdefault("PYNEST_QUIET", "1")
nest: Any = importlib.import_module("nest")

MEMBRANE = {
    "E_L": -49.0,
    "V_th": -50.0,
    "V_reset": -60.0,
    "t_ref": 5.0,
    "tau_m": 20.0,
    "tau_syn_ex": 5.0,
    "tau_syn_in": 10.0,
    "C_m": 20.0,  # with tau_m = 20 ms a current of 1 pA is a drive of 1 mV
}


def cells(v: np.ndarray, **parameters: float) -> Any:
    """Return neurons with the given membrane potentials (V)."""
    group = nest.Create("iaf_psc_exp", v.size, params={**MEMBRANE, **parameters})
    group.V_m = (v * 1e3).tolist()
    return group


@dataclass
class Synapses:
    """The connections of a projection named by its ends, such as 'ei'; n_e neurons come before the inhibitory ones."""

    group: Any
    arrays: Arrays
    pair: str
    n_e: int

    def connect(self, weight: float | np.ndarray, delay: float, **rule: Any) -> None:
        """Connect: weight (mV), delay (ms), and the model and parameters of a plastic synapse."""
        first = {"e": 1, "i": 1 + self.n_e}
        pre = self.arrays[f"{self.pair}_pre"].astype(np.int64) + first[self.pair[0]]
        post = self.arrays[f"{self.pair}_post"].astype(np.int64) + first[self.pair[1]]
        each = {"weight": np.broadcast_to(weight, pre.shape).copy(), "delay": np.full(pre.size, delay)}
        nest.Connect(pre, post, "one_to_one", {"synapse_model": "static_synapse", **rule, **each})


class Nest(Program):
    """A network in NEST; it is built again for each run, which is not timed."""

    def __init__(
        self, describe: Callable[[Case, Arrays], Callable[[], Any]], case: Case, arrays: Arrays, folder: Path
    ) -> None:
        self.describe, self.duration = describe(case, arrays), case.duration * 1e3
        nest.set_verbosity("M_ERROR")
        self.start()
        nest.Run(0.1)

    def start(self) -> None:
        """Build the network."""
        nest.ResetKernel()
        nest.set(resolution=0.1, local_num_threads=1)
        group = self.describe()
        self.recorder = nest.Create("spike_recorder")
        nest.Connect(group, self.recorder)
        nest.Prepare()

    def advance(self) -> None:
        """Run."""
        nest.Run(self.duration)

    def results(self) -> Arrays:
        """Return the spikes."""
        events = self.recorder.events
        steps = np.rint(events["times"] / 0.1).astype(np.int64) - 1
        return {"steps": steps, "ids": events["senders"].astype(np.int64) - 1}
