"""A batch of SoftHebb: by presentations, and by products of matrices in numpy."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from brian2 import ms

from neurosim.bench.descents.programs import NumpySteps, Presented
from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.rules import SoftHebb
from neurosim.synapses import Graded

PATTERNS, INPUTS, UNITS = 64, 784, 100
BETA, ETA = 8.0, 0.05


def rows(count: int, purpose: str) -> np.ndarray:
    """Return random rows (count, inputs) of length 1."""
    drawn = generator(0, purpose).random((count, INPUTS))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


class _Ours(Presented):
    projection: ClassVar[str] = "forward"  # type: ignore[misc]

    def prepare(self) -> None:
        """Make the network and its patterns."""
        self.patterns = {"x": rows(PATTERNS, "patterns")}
        self.network = Network("soft_hebb", 1 * ms).add(
            Population("x", INPUTS, Signal()),
            Population("y", UNITS, GradedUnit(transfer="identity")),
            Projection(
                "forward",
                "x",
                "y",
                Graded(),
                AllToAll(),
                rows(UNITS, "weights"),
                rules=(SoftHebb(eta=ETA, beta=BETA),),
            ),
        )

    def present(self, number: int) -> None:
        """Present the batch."""
        self.simulation.present(self.patterns, 1 * ms)


class OnFused(_Ours):
    """On the engine fused."""

    engine: ClassVar[str] = "fused"  # type: ignore[misc]


class OnJax(_Ours):
    """On the engine jax."""

    engine: ClassVar[str] = "jax"  # type: ignore[misc]


class Peer(NumpySteps):
    """W <- W + eta (Y.T X - (Y*U summed over the batch) W)/batch."""

    def prepare(self) -> None:
        """Make weights and patterns."""
        self.x, self.w = rows(PATTERNS, "patterns"), rows(UNITS, "weights")

    def step(self, number: int) -> None:
        """Learn from the batch."""
        u = self.x @ self.w.T
        share = np.exp(BETA * (u - u.max(axis=1, keepdims=True)))
        y = share / share.sum(axis=1, keepdims=True)
        self.w = self.w + ETA / PATTERNS * (y.T @ self.x - (y * u).sum(axis=0)[:, None] * self.w)
