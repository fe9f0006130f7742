"""Tasks one after another without forgetting: lateral neurons learn what to protect, and gradients keep off it."""

from __future__ import annotations

from functools import partial

from neurosim.experiment import Experiment, RunContext
from neurosim.experiments.continual_hlop.claims import claims
from neurosim.experiments.continual_hlop.config import PRESETS, Config
from neurosim.experiments.continual_hlop.figure import figure
from neurosim.experiments.continual_hlop.training import Arms

CITATION = (
    "after Xiao, Meng, Zhang, He, Lin 2024, Hebbian learning based orthogonal projection for continual learning of "
    "spiking neural networks, ICLR, arXiv 2402.11984"
)


def run(config: Config, run: RunContext) -> None:
    """Run all arms."""
    arms = Arms(config, run)
    for name in config.arms:
        run.stage(name, partial(arms.learned, name))


experiment = Experiment(
    name="continual_hlop",
    title="Continual learning by Hebbian orthogonal projection",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
