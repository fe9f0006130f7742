"""Regrowth: sparse networks by pruning and growing in training, and how well a network makes a cut good."""

from __future__ import annotations

from functools import partial

from neurosim.experiment import Experiment, RunContext
from neurosim.experiments.regrowth.claims import claims
from neurosim.experiments.regrowth.config import PRESETS, Config
from neurosim.experiments.regrowth.figure import figure
from neurosim.experiments.regrowth.training import SOURCES, Arms


def run(config: Config, run: RunContext) -> None:
    """Compare methods at each sparsity, then cut branches."""
    run.cite(*SOURCES)
    arms = Arms(config, run)
    for number in range(len(config.sparsities)):
        run.stage(f"sparsity_{number}", partial(arms.compared, number))
    run.stage("plasticity", arms.plasticity)


experiment = Experiment(
    name="regrowth",
    title="Sparse training by pruning and regrowth",
    citation=SOURCES[0],
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
