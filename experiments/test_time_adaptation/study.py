"""Adaptation at test time: a Hebbian first layer and its modulation, beside entropy and statistics of the batch."""

from __future__ import annotations

from neurosim.experiment import Experiment, RunContext
from neurosim.experiments.test_time_adaptation.adapting import Adapting
from neurosim.experiments.test_time_adaptation.claims import claims
from neurosim.experiments.test_time_adaptation.config import PRESETS, Config
from neurosim.experiments.test_time_adaptation.figure import figure
from neurosim.experiments.test_time_adaptation.source import Source

CITATION = (
    "after Tang, Zhang, Xu, Chen, Cheng, Leng, Guo, He 2023, Neuro-modulated Hebbian learning for fully test-time "
    "adaptation, CVPR, arXiv 2303.00914"
)


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    source = Source(config, run)
    parameters = {name: data.array for name, data in run.stage("source", source.trained).items()}
    adapting = Adapting(source, parameters)
    run.stage("adaptation", adapting.adapted)
    run.stage("severities", adapting.severities)


experiment = Experiment(
    name="test_time_adaptation",
    title="Adaptation at test time by a neuro-modulated Hebbian layer",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
