"""Priors of muscle control: an arm that has learned several tasks learns others faster."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from neurosim.experiment import Data, Experiment, RunContext
from neurosim.experiments.muscle_priors.claims import claims
from neurosim.experiments.muscle_priors.config import PRESETS, Config
from neurosim.experiments.muscle_priors.figure import figure
from neurosim.experiments.muscle_priors.measures import stage_name
from neurosim.experiments.muscle_priors.tasks import NEW, PRIORS
from neurosim.experiments.muscle_priors.training import Arms

CITATION = (
    "Caggiano, Dasari, Kumar 2023, MyoDex: A Generalizable Prior for Dexterous Manipulation, ICML, arXiv 2309.03130 "
    "(the idea; arm, tasks and learning are of this project)"
)


def run(config: Config, run: RunContext) -> None:
    """Train the priors, then every new task from each of them."""
    run.cite(CITATION)
    arms = Arms(config, run)
    weights: dict[str, Mapping[str, Data]] = {
        name: run.stage(f"prior_{name}", partial(arms.prior, name)) if tasks else {} for name, tasks in PRIORS.items()
    }  # fmt: skip
    for task in NEW:
        for name, prior in weights.items():
            run.stage(stage_name(name, task), partial(arms.transfer, task, prior))


experiment = Experiment(
    name="muscle_priors",
    title="Muscle control learned in several tasks makes new tasks faster to learn",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
