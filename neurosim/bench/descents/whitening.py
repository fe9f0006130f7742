"""A sample of circuits that whiten, side by side: by a presentation, and by products of matrices in numpy."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from brian2 import ms

from neurosim.bench.descents.programs import NumpySteps, Presented
from neurosim.model.connectivity import Edges, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rng import generator
from neurosim.rules import GainWhitening, WhiteningBackward, WhiteningForward
from neurosim.synapses import Graded

CIRCUITS, UNITS, STEPS = 64, 2, 50
DT, TAU = 0.2 * ms, 1 * ms
FAST, SLOW = 2e-3, 1e-5


def frames() -> np.ndarray:
    """Return weights at the start (circuits, primary neurons, interneurons)."""
    drawn = generator(0, "frames").normal(size=(CIRCUITS, UNITS, UNITS))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def samples() -> np.ndarray:
    """Return samples (1000, circuits, primary neurons)."""
    return generator(0, "samples").normal(size=(1000, CIRCUITS, UNITS))


class _Ours(Presented):
    projection: ClassVar[str] = "ahead"  # type: ignore[misc]

    def prepare(self) -> None:
        """Make the network and its samples."""
        self.samples = samples().reshape(1000, 1, -1)
        circuit, neuron, inter = np.meshgrid(*map(np.arange, (CIRCUITS, UNITS, UNITS)), indexing="ij")
        y, z, w = (circuit * UNITS + neuron).ravel(), (circuit * UNITS + inter).ravel(), frames().ravel()
        n, slow = CIRCUITS * UNITS, (WhiteningForward(eta=SLOW),)
        self.network = Network("whitening", DT).add(
            Population("x", n, Signal()),
            Population("y", n, LeakyRate(tau=TAU, transfer="identity")),
            Population("z", n, GradedUnit(transfer="identity"), rules=(GainWhitening(eta=FAST),)),
            Projection("drive", "x", "y", Graded(), OneToOne(), 1.0),
            Projection("ahead", "y", "z", Graded(), Edges(y, z), w, rules=slow),
            Projection("back", "z", "y", Graded(), Edges(z, y), -w, rules=(WhiteningBackward(eta=SLOW),)),
        )

    def present(self, number: int) -> None:
        """Present a sample to all circuits."""
        self.simulation.present({"x": self.samples[number % 1000]}, STEPS * DT)


class OnFused(_Ours):
    """On the engine fused."""

    engine: ClassVar[str] = "fused"  # type: ignore[misc]


class OnJax(_Ours):
    """On the engine jax."""

    engine: ClassVar[str] = "jax"  # type: ignore[misc]


class Peer(NumpySteps):
    """r <- r + (1 - exp(-dt/tau)) (x - W (g z) - r), z = W.T r; then W and g by their rules."""

    def prepare(self) -> None:
        """Make weights, gains and samples."""
        self.samples, self.w, self.gains = samples(), frames(), np.ones((CIRCUITS, UNITS))
        self.share = 1 - np.exp(-float(DT / TAU))

    def step(self, number: int) -> None:
        """Learn from a sample."""
        x, w, gains = self.samples[number % 1000][:, :, None], self.w, self.gains[:, :, None]
        back = w.transpose(0, 2, 1)
        r = np.zeros((CIRCUITS, UNITS, 1))
        for _ in range(STEPS):
            z = back @ r
            r = r + self.share * (x - w @ (gains * z) - r)
        # Graded signals are those at the start of the last step.
        self.w = w + SLOW * (r @ (gains * z).transpose(0, 2, 1) - w * gains.transpose(0, 2, 1))
        self.gains = (gains + FAST * (z**2 - 1))[:, :, 0]
