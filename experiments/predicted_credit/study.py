"""Predicted credit: a module that bridges cut gradients, and its neuromodulator form by local rules."""

from __future__ import annotations

from functools import partial

from neurosim.experiment import Experiment, RunContext
from neurosim.experiments.predicted_credit.claims import CITATION, claims
from neurosim.experiments.predicted_credit.config import PRESETS, Config
from neurosim.experiments.predicted_credit.figure import figure
from neurosim.experiments.predicted_credit.modulated import modulated
from neurosim.experiments.predicted_credit.recall import recalled

METHOD = "Jaderberg et al. 2016, arXiv 1608.05343 (synthetic gradients)"


def run(config: Config, run: RunContext) -> None:
    """Recall with each length of segments, then local rules."""
    config.require_sense()
    run.cite(CITATION, METHOD)
    for segment in config.segments:
        run.stage(f"segment_{segment}", partial(recalled, config, segment, run.seed))
    run.stage("modulated", partial(modulated, config, run.seed))


experiment = Experiment(
    name="predicted_credit",
    title="Credit that a module predicts where gradients are cut or late",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
