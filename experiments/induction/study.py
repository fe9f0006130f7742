"""Induction circuits: how long attention takes to learn to look up a label, with parts of the circuit clamped."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from neurosim import Clamp, Column
from neurosim.experiment import Data, Experiment, RunContext, Stage
from neurosim.experiments.induction import toy
from neurosim.experiments.induction.claims import claims
from neurosim.experiments.induction.config import CLAMPS, PRESETS, WINDOW, Config
from neurosim.experiments.induction.figure import figure
from neurosim.experiments.induction.network import NAMED, READING, TOKENS, TRAINED, circuit
from neurosim.experiments.induction.sequences import measured_sets, sequences
from neurosim.learning.bptt import accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase

CITATION = (
    "Singh, Moskovitz, Hill, Chan, Saxe 2024, What needs to go right for an induction head? A mechanistic study of "
    "in-context learning circuits and their formation, ICML, arXiv 2404.07129"
)
HEAD = 2  # of the first layer, whose pattern the clamp 'previous' holds
PIECES = 10  # of a training, between which it may be continued


def looked_back(outcome: Any, batch: Any) -> Any:
    """Return the share of the pattern of labels that lies on the token before, in the head in which it is largest."""
    pattern = outcome["share1.output"][:, 0]
    pattern = pattern.reshape(len(pattern), -1, TOKENS, TOKENS)
    return jnp.stack([pattern[:, :, t, t - 1] for t in NAMED], -1).mean((0, 2)).max()


def matched(outcome: Any, batch: Any) -> Any:
    """Return the share of the pattern of the second layer that lies on the label that is asked for."""
    return (outcome["share2.output"] * batch["match"]).sum((1, 2)).mean()


class Study:
    """The trainings of one run: all draws at once, from the same weights with every clamp."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config = config
        self.stream = sequences(config, run.seed)
        self.seeds = [1000 * run.seed + draw for draw in range(config.seeds)]

    def _learner(self, copying: bool) -> Learner:
        model = network_model(
            circuit(self.config, copying),
            TRAINED if copying else TRAINED + READING,
            steps=1,
            clampable=("share1.output", "share2.output"),
        )
        descend = Descend(softmax_cross_entropy("y.output"), optax.adam(self.config.rate))
        every = -(-self.config.iterations // PIECES)
        return Learner(model, descend, batches=self.stream, every=every)

    @cached_property
    def whole(self) -> Learner:
        """The circuit that learns to read its second layer out."""
        return self._learner(copying=False)

    @cached_property
    def copying(self) -> Learner:
        """The circuit whose second layer is copied."""
        return self._learner(copying=True)

    def phase(self, clamp: str) -> Phase:
        """Return what is held: always a match in the sequences that say so, so that all clamps share one program."""
        held = [Clamp("share2", "output", Column("match"), when=Column("matching"))]
        if clamp == "previous":
            pattern = np.eye(TOKENS, k=-1)
            pattern[0, 0] = 1
            first = HEAD * TOKENS**2
            held += [
                Clamp("share1", "output", float(on), indices=tuple(first + np.flatnonzero(pattern.ravel() == on)))
                for on in (0, 1)
            ]  # fmt: skip
        return Phase(batches=replace(self.stream, matching=float(clamp == "match")), clamps=tuple(held))

    def learned(self, clamp: str, stage: Stage) -> dict[str, Data]:
        """Train with a clamp, continuing from the last checkpoint, and measure with it."""
        config, phase = self.config, self.phase(clamp)
        learner = self.copying if clamp == "copy" else self.whole
        kept = stage.restored()
        training = learner.restored(kept) if kept else learner.train(0, self.seeds, phase=phase)
        while training.step < config.iterations:
            until = min(training.step + learner.every, config.iterations)
            training = learner.train(until, after=training, phase=phase)
            stage(until, config.iterations, "updates")
            stage.checkpoint(training.arrays())
        measures = {"accuracy": accuracy("y.output"), "previous": looked_back, "matched": matched}
        matching = float(clamp == "match")
        found = [
            learner.evaluate(training, Evaluation(replace(one, matching=matching), measures), phase)
            for one in measured_sets(config, self.stream).values()
        ]
        windows = config.iterations // WINDOW
        loss = training.losses["loss"][:, : windows * WINDOW].reshape(config.seeds, windows, WINDOW).mean(2)
        return {
            "loss": Data(loss, ("draw", "window"), "", f"mean loss of {WINDOW} updates"),
            "update": Data(WINDOW * np.arange(1, windows + 1), ("window",), "", "updates at the end of the window"),
            "accuracy": Data(
                np.array([one["accuracy"] for one in found]), ("set", "draw"), "", "share of right answers"
            ),
            "previous": Data(found[0]["previous"], ("draw",), "", "pattern of labels on the token before, best head"),
            "matched": Data(found[0]["matched"], ("draw",), "", "pattern of the second layer on the right label"),
        }  # fmt: skip


def run(config: Config, run: RunContext) -> None:
    """Run the toy, then the circuit with each clamp."""
    config.require_sense()
    run.cite(CITATION)
    run.stage("toy", partial(toy.learned, config, run))
    study = Study(config, run)
    for clamp in CLAMPS:
        run.stage(clamp, partial(study.learned, clamp))


experiment = Experiment(
    name="induction",
    title="What an induction circuit waits for",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
