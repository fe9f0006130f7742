"""Whitening that adapts: interneurons with fast gains, frames, changing contexts, and slow synapses beside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from neurosim.experiment import Data, Experiment, RunContext, Stage
from neurosim.experiments.adaptive_whitening.claims import claims
from neurosim.experiments.adaptive_whitening.config import PRESETS, Config
from neurosim.experiments.adaptive_whitening.figure import figure
from neurosim.experiments.adaptive_whitening.gains import GainStages
from neurosim.experiments.adaptive_whitening.patches import PatchStages
from neurosim.experiments.adaptive_whitening.slow import learn_contexts
from neurosim.rules import GainWhitening, WhiteningBackward, WhiteningForward

CITATION = (
    "Duong, Lipshutz, Heeger, Chklovskii, Simoncelli 2023, Adaptive whitening in neural populations with "
    "gain-modulating interneurons, ICML, arXiv 2301.11955; Duong, Simoncelli, Chklovskii, Lipshutz 2023, Adaptive "
    "whitening with fast gain modulation and slow synaptic plasticity, NeurIPS, arXiv 2308.13633"
)


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    gains, patches = GainStages(config, run), PatchStages(config, run)
    run.cite(CITATION, *(rule.citation() for rule in (GainWhitening, WhiteningForward, WhiteningBackward)))
    work: dict[str, Callable[[Stage], dict[str, Data]]] = {
        "online": gains.online,
        **{f"frames_{size}": partial(gains.frames, size) for size in config.frame_sizes},
        "switches": gains.switches,
        "ill_conditioned": gains.ill_conditioned,
        "subspace": gains.subspace,
        "patches": patches.whitened,
        "contexts": partial(
            learn_contexts, config, run, config.slow_eta, config.slow_samples, config.seeds, "contexts"
        ),
        # The same circuits, contexts and samples with synapses that stay as they are.
        "contexts_fixed": partial(
            learn_contexts, config, run, 0.0, config.slow_samples, config.seeds, "contexts"
        ),
        "repeated": partial(
            learn_contexts,
            config,
            run,
            config.repeated_eta,
            config.repeated_samples,
            config.repeats,
            "repeated",
        ),
        "fields": patches.learned,
    }
    for name, function in work.items():
        run.stage(name, function)


experiment = Experiment(
    name="adaptive_whitening",
    title="Adaptive whitening by interneurons with fast gains and slow synapses",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
