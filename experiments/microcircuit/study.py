"""The cortical microcircuit: its rates and the irregularity of its spikes, at a tenth of its size or at full size."""

from __future__ import annotations

from functools import partial

import numpy as np
from brian2 import second

from neurosim.analysis.spike_trains import interval_variation
from neurosim.circuits.cortical_microcircuit import POPULATIONS, CorticalMicrocircuit
from neurosim.engines import get_engine
from neurosim.experiment import Data, Experiment, RunContext, Spikes, Stage
from neurosim.experiments.microcircuit.claims import claims
from neurosim.experiments.microcircuit.config import PRESETS, Config
from neurosim.experiments.microcircuit.figure import figure
from neurosim.rng import generator

CITATION = (
    "Potjans, Diesmann 2014, The cell-type specific cortical microcircuit: relating structure and activity in a "
    "full-scale spiking network model, Cereb. Cortex 24:785, doi:10.1093/cercor/bhs358"
)


def circuit(config: Config, run: RunContext, number: int, stage: Stage) -> dict[str, Data | Spikes]:
    """Build one circuit, run it, and measure each population; of the first one keep spikes."""
    described = CorticalMicrocircuit(config.scale)
    seed = int(generator(run.seed, f"circuit {number}").integers(2**31))
    simulation = get_engine(run.engine).compile(described.network(), seed)
    begin, end = config.settling, config.settling + config.duration
    simulation.run(end * second, progress=stage)
    recordings, found = simulation.recordings(), dict[str, Data | Spikes]()
    windows = np.arange(begin, end - 0.999 * min(config.window, config.duration), config.window)
    rates, variations = np.zeros(8), np.full((8, windows.size), np.nan)
    for place, (name, size) in enumerate(described.sizes.items()):
        spikes = recordings.spikes(name)
        times = np.asarray(spikes.times) * 1e-3
        rates[place] = np.count_nonzero(times >= begin) / size / config.duration
        for at, start in enumerate(windows):
            own = (times >= start) & (times < start + config.window)
            each = interval_variation(times[own], spikes.ids[own])[0]
            variations[place, at] = each.mean() if each.size else np.nan
        if number == 0:
            late = times >= end - config.shown
            found[name] = Spikes(np.asarray(spikes.times)[late], spikes.ids[late], "ms")
    return {
        "population": Data(np.array(POPULATIONS), ("population",), "", "population"),
        "size": Data(np.array(list(described.sizes.values())), ("population",), "", "neurons"),
        "rate": Data(rates, ("population",), "Hz", "mean rate"),
        "variation": Data(
            variations,
            ("population", "window"),
            "",
            "variation of interspike intervals, mean over neurons",
        ),
        **found,
    }


def run(config: Config, run: RunContext) -> None:
    """Run the circuits one after the other: one of full size fills the memory of a laptop."""
    run.cite(CITATION)
    for number in range(config.seeds):
        run.stage(f"circuit_{number}", partial(circuit, config, run, number))


experiment = Experiment(
    name="microcircuit",
    title="The cortical microcircuit: rates and irregularity of four layers at natural density",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
