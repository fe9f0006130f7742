"""Stages with patches of random fields: a local frame, and synapses that learn the basis which fields nearly share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.circuits.whitening import WhiteningCircuit, random_frames
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.adaptive_whitening.config import Config
from neurosim.experiments.adaptive_whitening.fields import (
    cosine_basis,
    field_covariance,
    field_covariances,
    load_covariances,
    local_frame,
)
from neurosim.experiments.adaptive_whitening.measures import alignment, eigenvalues
from neurosim.experiments.adaptive_whitening.presenting import Copies
from neurosim.experiments.adaptive_whitening.slow import slow_rules
from neurosim.rng import generator
from neurosim.rules import GainWhitening

Array = NDArray[np.float64]
ARMS = ("random", "learned", "cosine")
EVERY = 100  # updates between errors that are kept


class PatchStages:
    """The stages with patches of one run.

    Arguments: config; run, with its seed and engine.
    """

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    def whitened(self, stage: Stage) -> dict[str, Data]:
        """Whiten one field by interneurons that each see one pixel or two near ones (figure 6 of paper I)."""
        config = self.config
        frame = local_frame(config.patch)
        covariance = field_covariance(config.patch, 2.0, 1.0)
        # Gains of 1 at first make the feedback as strong as the frame's greatest singular value squared.
        dt = 1 / float(np.linalg.norm(frame, 2) ** 2 + 1)
        rule = GainWhitening(eta=config.patch_eta)
        circuit = WhiteningCircuit(frame[None], np.ones(frame.shape[1]), rule, dt=dt)
        copies, values = Copies(circuit, self.run.engine, self.run.seed, 60), []
        for done in range(0, config.patch_updates, EVERY):
            values.append(eigenvalues(frame, copies.gains[0], covariance))
            copies.repeated(
                covariance[None], min(EVERY, config.patch_updates - done), lambda copies: copies.gains[:, 0]
            )
            stage(done + EVERY, config.patch_updates)
        values.append(eigenvalues(frame, copies.gains[0], covariance))
        updates = np.append(np.arange(0, config.patch_updates, EVERY), config.patch_updates)
        return {
            "update": Data(updates, ("update",), "", "updates of the gains"),
            "eigenvalue": Data(
                np.array(values), ("update", "component"), "", "eigenvalues of the output's covariance"
            ),
            "input": Data(
                np.linalg.eigvalsh(covariance), ("component",), "", "eigenvalues of the input's covariance"
            ),
            "gain": Data(copies.gains[0], ("interneuron",), "", "gains at the end"),
        }

    def covariances(self) -> Array:
        """Return the covariances of the contexts, (contexts, N, N): those of a file, or of random fields."""
        config = self.config
        if config.covariances:
            return load_covariances(config.covariances)
        return field_covariances(generator(self.run.seed, "fields"), config.field_contexts, config.field)

    def learned(self, stage: Stage) -> dict[str, Data]:
        """Learn the weights over contexts, then whiten contexts not seen before with these weights and others."""
        config, every = self.config, self.covariances()
        train, test = np.split(every, [len(every) - max(len(every) // 5, 1)])
        n, seeds = every.shape[1], config.seeds
        start = np.array(
            [random_frames(generator(self.run.seed, f"weights {k}"), 1, n, n)[0] for k in range(seeds)]
        )
        forward, backward = slow_rules(config.field_eta)
        rule = GainWhitening(eta=config.field_gain_eta)
        circuit = WhiteningCircuit(start, np.zeros(n), rule, forward, backward, dt=0.05)
        copies = Copies(circuit, self.run.engine, self.run.seed, 10)
        rngs = [generator(self.run.seed, f"contexts of fields {k}") for k in range(seeds)]
        order = np.array([rng.integers(0, len(train), config.field_shown) for rng in rngs])
        # The basis which all contexts come nearest to sharing is that of their mean.
        basis = np.linalg.eigh(every.mean(axis=0))[1]
        course = [self.alignments(copies.frames, basis)]
        for place in range(config.field_shown):
            copies.repeated(train[order[:, place]], config.field_updates, lambda copies: copies.gains[:, 0])
            course.append(self.alignments(copies.frames, basis))
            stage(place + 1, config.field_shown)
        learned = copies.frames
        cosine = basis if self.config.covariances else cosine_basis(config.field)
        arms = dict(zip(ARMS, (start, learned, np.tile(cosine, (seeds, 1, 1))), strict=True))
        errors = np.array([self.tested(frames, test) for frames in arms.values()])
        return {
            "arm": Data(np.array(ARMS), ("arm",), "", "weights: at random, learned, cosine basis"),
            "alignment": Data(
                np.array(course),
                ("shown", "seed"),
                "",
                "mean |cos| of weights and eigenvectors of the mean covariance",
            ),
            "weights": Data(learned, ("seed", "pixel", "interneuron"), "", "weights learned"),
            "error": Data(
                errors,
                ("arm", "context", "seed"),
                "",
                "mean squared distance of eigenvalues from 1 in contexts not seen, gains adapted",
            ),
            "before": Data(
                np.array([np.mean((np.linalg.eigvalsh(c) - 1) ** 2) for c in test]),
                ("context",),
                "",
                "the same of the input",
            ),
        }

    @staticmethod
    def alignments(frames: Array, basis: Array) -> Array:
        """Return the alignment of each frame (seeds, N, N) with a basis, (seeds,)."""
        return np.array([alignment(frame, basis) for frame in frames])

    def tested(self, frames: Array, contexts: Array) -> Array:
        """Return the spectral error (contexts, seeds) with weights fixed and gains adapted to each context."""
        seeds, n, _ = frames.shape
        circuit = WhiteningCircuit(
            frames, np.zeros(n), GainWhitening(eta=self.config.field_gain_eta), dt=0.05
        )
        copies, found = Copies(circuit, self.run.engine, self.run.seed, 10), []
        for context in contexts:
            copies.simulation.reset()
            copies.repeated(
                np.tile(context, (seeds, 1, 1)),
                2 * self.config.field_updates,
                lambda copies: copies.gains[:, 0],
            )
            found.append(np.mean((eigenvalues(frames, copies.gains, context) - 1) ** 2, axis=-1))
        return np.array(found)
