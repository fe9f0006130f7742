"""Equilibrium propagation: credit from a nudge of a network that settles, with weights that are not symmetric."""

from __future__ import annotations

from functools import partial

from neurosim.experiment import Experiment, RunContext
from neurosim.experiments.equilibrium_propagation.claims import claims
from neurosim.experiments.equilibrium_propagation.comparing import Comparing
from neurosim.experiments.equilibrium_propagation.config import PRESETS, Config
from neurosim.experiments.equilibrium_propagation.figure import figure
from neurosim.experiments.equilibrium_propagation.training import GROUPS, Training

CITATION = (
    "after Laborieux, Zenke 2024, Improving equilibrium propagation without weight symmetry through Jacobian "
    "homeostasis, ICLR, arXiv 2309.02214"
)


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    comparing, training = Comparing(config, run), Training(config, run)
    run.stage("angles", comparing.angles)
    run.stage("responses", comparing.responses)
    run.stage("nudges", comparing.nudges)
    run.stage("asymmetry", comparing.asymmetry)
    for name in GROUPS:
        run.stage(name, partial(training.learned, name))


experiment = Experiment(
    name="equilibrium_propagation",
    title="Equilibrium propagation without symmetric weights, and homeostasis of the Jacobian",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
