"""Critical periods: a deficit early in learning lasts, a late one does not, even in deep linear networks."""

from __future__ import annotations

from functools import partial

from neurosim.experiment import Experiment, RunContext
from neurosim.experiments.critical_periods.claims import claims
from neurosim.experiments.critical_periods.completion import complete
from neurosim.experiments.critical_periods.config import PRESETS, Config
from neurosim.experiments.critical_periods.figure import figure
from neurosim.experiments.critical_periods.modes import conserved, portraits, small
from neurosim.experiments.critical_periods.networks import SOURCE
from neurosim.experiments.critical_periods.paths import competition, deficits

SWEPT = 2
"""Factors with which further ranks and numbers of entries are tried."""


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    run.cite(SOURCE)
    for name, stage in (("portraits", portraits), ("small", small), ("conserved", conserved)):
        run.stage(name, partial(stage, config, run))
    for depth in config.depths:
        run.stage(f"paths_{depth}", partial(deficits, config, run, depth))
    run.stage("competition", partial(competition, config, run))
    rank, seen = config.first_rank, config.seen
    arms = {f"completion_{depth}": (depth, rank, seen) for depth in config.completed}
    arms |= {f"rank_{other}": (SWEPT, other, seen) for other in config.ranks}
    arms |= {f"seen_{other}": (SWEPT, rank, other) for other in config.entries}
    for name, arm in arms.items():
        run.stage(name, partial(complete, config, run, *arm))


experiment = Experiment(
    name="critical_periods",
    title="Critical periods of learning in deep linear networks",
    citation=SOURCE,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
