"""Timescales that emerge when networks learn to remember, by curricula of one head, of many, and of a sliding few."""

from __future__ import annotations

from functools import partial

from neurosim.experiment import Experiment, RunContext
from neurosim.experiments.timescales.claims import claims
from neurosim.experiments.timescales.config import PRESETS, Config
from neurosim.experiments.timescales.figure import figure
from neurosim.experiments.timescales.listening import Listening
from neurosim.experiments.timescales.robustness import Robustness
from neurosim.experiments.timescales.training import Trainings

CITATION = (
    "Khajehabdollahi, Zeraati, Giannakakis, Schäfer, Martius, Levina 2024, Emergent mechanisms for long timescales "
    "depend on training curriculum and affect performance in memory tasks, ICLR, arXiv 2309.12927"
)


def run(config: Config, run: RunContext) -> None:
    """Train on each task, then measure the last networks."""
    config.require_sense()
    run.cite(CITATION)
    trainings, listening = Trainings(config, run), Listening(config, run)
    robustness = Robustness(config, run, trainings)
    for task in config.tasks:
        trained = run.stage(task, partial(trainings.task, task))
        if config.listened:
            run.stage(f"{task}_activity", partial(listening.task, trained))
        if config.ablated or config.perturbations:
            run.stage(f"{task}_robustness", partial(robustness.task, task, trained))


experiment = Experiment(
    name="timescales",
    title="Timescales that emerge under training curricula",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
