"""What the tests of whitening rules share: independent copies of a circuit of primary neurons and interneurons."""

from __future__ import annotations

import numpy as np
from brian2 import ms

from neurosim import Edges, Network, OneToOne, Population, Projection, SynapticRule
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rules import GainWhitening
from neurosim.synapses import Graded

TAU, DT, HELD = 1.0 * ms, 0.2 * ms, 10 * ms


def circuit(
    frames: np.ndarray,
    gains: np.ndarray,
    eta: float,
    forward: tuple[SynapticRule, ...] = (),
    backward: tuple[SynapticRule, ...] = (),
) -> Network:
    """Return copies of y = x - W (g z), z = W.T y, each with a frame W of its own.

    Arguments: frames (copies, N, K); gains at the start (K,); eta, learning rate of gains; rules of the synapses.
    """
    copies, n, k = frames.shape
    each, neuron, inter = np.meshgrid(np.arange(copies), np.arange(n), np.arange(k), indexing="ij")
    y, z = (each * n + neuron).ravel(), (each * k + inter).ravel()
    rule = GainWhitening(eta=eta)
    return Network("whitening", DT).add(
        Population("x", copies * n, Signal()),
        Population("y", copies * n, LeakyRate(tau=TAU, transfer="identity")),
        Population(
            "z", copies * k, GradedUnit(transfer="identity"), {"gain_whitening_g": np.tile(gains, copies)}, rule
        ),
        Projection("drive", "x", "y", Graded(), OneToOne(), 1.0),
        Projection("ahead", "y", "z", Graded(), Edges(y, z), frames.ravel(), rules=forward),
        Projection("back", "z", "y", Graded(), Edges(z, y), -frames.ravel(), rules=backward),
    )  # fmt: skip


def settled(frame: np.ndarray, gains: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (y, z) at the fixed point for an input."""
    y = np.linalg.solve(np.eye(len(frame)) + (frame * gains) @ frame.T, x)
    return y, frame.T @ y
