"""Timescales of activity: the networks of a task listen to long sequences of bits."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from neurosim.analysis.timescales import autocorrelation, intrinsic_timescale
from neurosim.experiment import Data, RunContext, Stage, parallel_map
from neurosim.experiments.timescales.config import Config
from neurosim.experiments.timescales.network import RECURRENT, listening_model
from neurosim.learning.bptt import Model
from neurosim.rng import generator

LAGS = 30
BURNT = 500


class Listening:
    """The timescale of the activity of each neuron, while bits are 1 with a probability uniform for each trial."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    @cached_property
    def model(self) -> Model:
        """The network without a read-out."""
        return listening_model(self.config.neurons)

    def task(self, trained: dict[str, Data], stage: Stage) -> dict[str, Data]:
        """Return timescales (curriculum, seed, neuron) of the last networks of a task."""
        curricula, seeds, _ = trained["h_tau"].array.shape
        jobs = [(c, s) for c in range(curricula) for s in range(seeds)]

        def one(job: tuple[int, int]) -> np.ndarray:
            parameters = {name: trained[name.replace(".", "_")].array[job] for name in (*RECURRENT, "h.tau")}
            return self.timescales(parameters, job[1])

        found = parallel_map(one, jobs, self.run.workers, lambda done, total: stage(done, total, "networks"))
        table = np.array(found).reshape(curricula, seeds, self.config.neurons, 4)
        dims = ("curriculum", "seed", "neuron")
        texts = {
            "tau_net": ("step", "timescale of activity, that of its slowest component"),
            "components": ("", "exponential components of the autocorrelation, 0 where none can be fitted"),
            "fast": ("step", "timescale of the faster component"),
            "slow_share": ("", "share of the slower component"),
        }
        return {
            name: Data(table[..., place], dims, unit, text)
            for place, (name, (unit, text)) in enumerate(texts.items())
        }

    def timescales(self, parameters: dict[str, np.ndarray], number: int) -> np.ndarray:
        """Return (timescale, components, faster timescale, share of the slower) of each neuron (neurons, 4)."""
        config, draw = self.config, generator(1000 * self.run.seed + number, "bits to listen to")
        shape = (config.listened_trials, BURNT + config.listened, 1)
        bits = draw.random(shape) < draw.random((shape[0], 1, 1))
        batch = {"inputs": {"x": bits.astype(np.float32)}}
        activity = np.asarray(self.model.run(parameters, batch)["h.h"])[:, BURNT:]
        rows = []
        for neuron in range(config.neurons):
            found = intrinsic_timescale(autocorrelation(activity[..., neuron], LAGS))
            fast, share = (found.taus[0], found.weights[-1]) if found.taus else (np.nan, np.nan)
            rows.append((found.tau, len(found.taus), fast, share))
        return np.array(rows)
