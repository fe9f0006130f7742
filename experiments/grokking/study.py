"""Grokking as the transition from lazy to rich learning: training error falls first, test error long after."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import optax

from neurosim.analysis.learning import alignment, target_alignment
from neurosim.experiment import Data, Experiment, RunContext, Stage
from neurosim.experiments.grokking.claims import claims
from neurosim.experiments.grokking.config import PRESETS, Config
from neurosim.experiments.grokking.figure import figure
from neurosim.experiments.grokking.measures import closed_form, draw, kernel, network
from neurosim.learning.bptt import Objective, mean_square, network_model
from neurosim.learning.protocol import Descend, Evaluation, Learner, Logarithmic, Phase, Shuffled
from neurosim.rng import generator

CITATION = (
    "Kumar, Bordelon, Gershman, Pehlevan 2024, Grokking as the transition from lazy to rich training dynamics, ICLR, "
    "arXiv 2310.06110"
)
WHOLE = 100_000  # samples by which the closed form of the test error is checked
PIECES = 20  # of a training, between which it may be continued


def batch(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Return inputs and targets as the network takes them."""
    return {"inputs": {"x": x}, "target": y[:, None, None]}


class Study:
    """The trainings of one run: all arms of a draw at once, from the same weights on the same data."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run
        self.alpha, self.epsilon = np.array(config.arms).T
        self.square = mean_square("y.output")
        model = network_model(network(config.dimensions, config.hidden), ("in.w",), steps=1)
        nothing = batch(np.zeros((config.samples, config.dimensions)), np.zeros(config.samples))
        # Loss mean((f - y)**2)/alpha**2 and rate N/2.
        self.learner = Learner(
            model,
            Descend(Objective({"square": self.square}), optax.sgd(config.hidden / 2)),
            batches=Shuffled(nothing, config.samples),
            every=config.steps,
        )

    def descend(self, number: int, stage: Stage) -> dict[str, Data]:
        """Train all arms on one draw; continues from the last checkpoint."""
        config, seed = self.config, 1000 * self.run.seed + number
        d, n, arms = config.dimensions, config.hidden, len(self.alpha)
        beta = generator(seed, "target").normal(size=d)
        train, test = (
            draw(d, size, seed, what, beta)
            for what, size in (("training", config.samples), ("test", config.tests))
        )
        w = generator(seed, "weights").normal(size=(d, n))
        start = {
            "in.w": np.tile(w.reshape(-1), (arms, 1)),
            "out.w": np.tile(self.alpha[:, None] / n, (1, n)),
            "h.epsilon": self.epsilon,
        }
        sets = {"train": train, "test": test}
        evaluations = {
            name: Evaluation(
                Shuffled(batch(*of), len(of[1])), {"error": self.square}, Logarithmic(config.per_decade, 10)
            )
            for name, of in sets.items()
        }
        phase = Phase(
            batches=Shuffled(batch(*train), config.samples), losses={"loss": {"square": self.alpha**-2.0}}
        )
        seeds = [seed * 100 + arm for arm in range(arms)]
        kept = stage.restored()
        training = self.learner.restored(kept) if kept else None
        for piece in range(1, PIECES + 1):
            until = config.steps * piece // PIECES
            if training is not None and until <= training.step:
                continue
            training = self.learner.train(
                until,
                seeds,
                vary=None if training else start,
                after=training,
                phase=phase,
                evaluations=evaluations,
            )
            stage(until, config.steps, "steps")
            stage.checkpoint(training.arrays())
        assert training is not None
        return self._measured(training, w, beta, sets, seed)

    def _measured(
        self, training: Any, w: np.ndarray, beta: np.ndarray, sets: dict[str, Any], seed: int
    ) -> dict[str, Data]:
        """Return errors over steps, times, alignments, and the closed form beside a large sample."""
        d, n = w.shape
        x, y = sets["test"]
        found = {name: training.measures(name) for name in sets}
        last = training.last["in.w"].reshape(-1, d, n).astype(float)
        kernels = [
            [kernel(x, weights, a, e) for weights in (w, one)]
            for one, a, e in zip(last, self.alpha, self.epsilon, strict=True)
        ]
        whole = Evaluation(
            Shuffled(batch(*draw(d, WHOLE, seed, "whole", beta)), WHOLE), {"error": self.square}
        )
        dims = ("arm",)
        return {
            "error": Data(
                np.array([m.values["error"] for m in found.values()]), ("set", "arm", "step"), "", "mean square error"
            ),
            "set": Data(np.array(list(sets)), ("set",), "", "which samples"),
            "step": Data(found["train"].steps, ("step",), "", "steps of gradient descent"),
            "variance": Data(np.array([of[1].var() for of in sets.values()]), ("set",), "", "variance of the target"),
            "alpha": Data(self.alpha, dims, "", "scale of the output"),
            "epsilon": Data(self.epsilon, dims, "", "curvature of hidden units"),
            "target_alignment": Data(
                np.array([[target_alignment(k, y) for k in pair] for pair in kernels]),
                ("arm", "moment"), "", "alignment of the tangent kernel with the target, start and end",
            ),
            "kernel_alignment": Data(
                np.array([alignment(first, last, centred=True) for first, last in kernels]),
                dims, "", "of the first and last kernel",
            ),
            "sampled": Data(
                self.learner.evaluate(training, whole)["error"], dims, "", f"test error of {WHOLE} samples"
            ),
            "closed_form": Data(
                np.array([closed_form(w, beta, a, e) for w, a, e in zip(last, self.alpha, self.epsilon, strict=True)]),
                dims, "", "test error over all inputs",
            ),
        }  # fmt: skip


def run(config: Config, run: RunContext) -> None:
    """Train on each draw."""
    run.cite(CITATION)
    study = Study(config, run)
    for number in range(config.seeds):
        run.stage(f"draw_{number}", partial(study.descend, number))


experiment = Experiment(
    name="grokking",
    title="Grokking as the transition from lazy to rich learning",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
