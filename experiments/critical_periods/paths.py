"""Stages on two linear paths that are trained: deficits of path b, and a mode that path a does not put out."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from neurosim import Clamp
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.critical_periods.config import SMALL, Config
from neurosim.experiments.critical_periods.modes import course
from neurosim.experiments.critical_periods.networks import (
    PATHS,
    ModePair,
    balanced,
    hierarchy,
    layers,
    two_paths,
)
from neurosim.learning.bptt import Objective, mean_square, network_model
from neurosim.learning.bptt.losses import Term
from neurosim.learning.protocol import Descend, Evaluation, Every, Learner, Phase, Shuffled, Training

Array = NDArray[np.float64]
HELD = Phase(rates={"b*": 0.0})


class TwoPaths:
    """Two paths of one depth on the hierarchy, from the same balanced start, for all draws at once.

    Arguments: config; run, with its seed; depth.
    """

    def __init__(self, config: Config, run: RunContext, depth: int) -> None:
        self.config, self.run, self.depth = config, run, depth
        self.target = hierarchy()
        self.u, self.s, self.vt = np.linalg.svd(self.target, full_matrices=False)
        self.seeds = [1000 * run.seed + n for n in range(config.seeds)]

    @cached_property
    def batch(self) -> Shuffled:
        """All items, one-hot, as one batch."""
        items = self.target.shape[1]
        return Shuffled({"inputs": {"x": np.eye(items)}, "target": self.target.T[:, None]}, items)

    @cached_property
    def learner(self) -> Learner:
        """What learns: gradient descent of half the sum of squares."""
        network = two_paths(self.depth, self.config.width, self.target.shape)
        model = network_model(network, layers(self.depth), steps=1, dtype="float64", clampable=("a.output",))
        half = {"loss": {"square": self.target.size / 2}}
        descend = Descend(Objective({"square": mean_square("y.output")}, half), optax.sgd(self.config.rate))
        return Learner(model, descend, batches=self.batch, every=self.config.epochs)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Strengths of all modes of both paths, diag(U^T Omega V)."""

        def strength(path: str) -> Term:
            def measure(outcome: Any, batch: Any) -> Any:
                return jnp.einsum("om,io,mi->m", self.u, outcome[f"{path}.output"][:, -1], self.vt)

            return measure

        return Evaluation(self.batch, {path: strength(path) for path in PATHS}, Every(self.config.spacing))

    @cached_property
    def start(self) -> Training:
        """The balanced start of all draws."""
        config = self.config
        drawn = [
            balanced(self.depth, config.width, self.target, seed, config.start)[0] for seed in self.seeds
        ]
        return self.learner.train(
            0, self.seeds, vary={n: np.stack([one[n] for one in drawn]) for n in drawn[0]}
        )

    def trained(self, window: tuple[int, int], phase: Phase) -> Array:
        """Return strengths (paths, draws, samples, modes) with a phase in a window of epochs."""
        training, config = self.start, self.config
        ends = (min(window[0], config.epochs), min(window[1], config.epochs), config.epochs)
        for until, used in zip(ends, (Phase(), phase, Phase()), strict=True):
            training = self.learner.train(
                until, after=training, phase=used, evaluations={"modes": self.evaluation}
            )
        found = training.measures("modes").values
        return np.stack([found[path] for path in PATHS])

    def recursion(self, window: tuple[int, int]) -> Array:
        """Return the same as what the modes alone do, each by itself: p <- p + rate |p|**(D-1) (s - K_a - K_b)."""
        config = self.config
        k = np.stack([
            balanced(self.depth, config.width, self.target, seed, config.start)[1] for seed in self.seeds
        ])  # fmt: skip
        model = ModePair(depth=float(self.depth), c=SMALL, s=np.tile(self.s, len(k)))
        starts = np.tile(k.ravel() ** (1 / self.depth), (2, 1))
        window = (min(window[0], config.epochs), min(window[1], config.epochs))
        found = course(model, starts, config.rate, config.epochs, window, config.spacing, self.run)
        paths = np.stack([found[f"K_{path}"].reshape(-1, *k.shape) for path in PATHS])
        return np.swapaxes(paths, 1, 2)


def deficits(config: Config, run: RunContext, depth: int, stage: Stage) -> dict[str, Data]:
    """Train both paths, with path b held from each onset on."""
    paths, found, modes = TwoPaths(config, run, depth), [], []
    for number, onset in enumerate(config.onsets):
        window = (onset, onset + config.deficit)
        found.append(paths.trained(window, HELD))
        modes.append(paths.recursion(window))
        stage(number + 1, len(config.onsets), "onsets")
    trained, alone = np.array(found), np.array(modes)
    # The recursion is sampled after steps, so that it lacks the start.
    difference = np.abs(trained[:, :, :, 1 : alone.shape[3] + 1] - alone).max(axis=(1, 2, 3, 4))
    return {
        "strength": Data(
            trained, ("onset", "path", "seed", "sample", "mode"), "", "strength of modes in a path"
        ),
        "difference": Data(difference, ("onset",), "", "largest difference from modes alone"),
        "epoch": Data(config.spacing * np.arange(trained.shape[3]), ("sample",), "", "epochs done"),
    }


def competition(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Train both paths while one mode is missing from what path a puts out, then with it."""
    paths = TwoPaths(config, run, config.competing)
    clamp = Clamp("a", "output", 0.0, direction=paths.u[:, config.lost])
    found = paths.trained((0, config.until), Phase(clamps=(clamp,)))
    return {
        "strength": Data(found, ("path", "seed", "sample", "mode"), "", "strength of modes in a path"),
        "epoch": Data(config.spacing * np.arange(found.shape[2]), ("sample",), "", "epochs done"),
    }
