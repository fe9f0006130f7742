"""Reinforcement learning of the swimmer: the circuit and multilayer perceptrons by one clipped policy gradient."""

from __future__ import annotations

from functools import partial

from neurosim.experiment import Experiment, RunContext
from neurosim.experiments.swimmer_reinforcement.claims import CITATION, claims, names
from neurosim.experiments.swimmer_reinforcement.config import PRESETS, Config
from neurosim.experiments.swimmer_reinforcement.figure import figure
from neurosim.experiments.swimmer_reinforcement.training import Trained, circuit_kind, mlp_kind

METHOD = "Schulman et al. 2017, Proximal policy optimization algorithms, arXiv 1707.06347"


def run(config: Config, run: RunContext) -> None:
    """Train every controller from every seed."""
    config.require_sense()
    run.cite(CITATION, METHOD)
    kinds = {
        "circuit": circuit_kind(config.n_links, config.circuit_rate),
        "drawn": circuit_kind(config.n_links, config.circuit_rate, constant=False),
        **{f"mlp{width}": mlp_kind(config.n_links, width, config.mlp_rate) for width in config.widths},
    }
    for name in names(config):
        arm = Trained(kinds[name], config, run.engine)
        for seed in range(config.seeds):
            run.stage(f"{name}_{seed}", partial(arm.results, 1000 * run.seed + seed, run.seed))


experiment = Experiment(
    name="swimmer_reinforcement",
    title="Circuit and perceptrons of a swimmer, trained by reinforcement",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
