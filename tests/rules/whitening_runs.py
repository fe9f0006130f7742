"""What the tests of whitening rules share: independent copies of a circuit of primary neurons and interneurons."""

from __future__ import annotations

import numpy as np
from brian2 import ms

from neurosim import Network, SynapticRule
from neurosim.circuits.whitening import WhiteningCircuit
from neurosim.rules import GainWhitening

HELD = 10 * ms


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
    return WhiteningCircuit(frames, gains, GainWhitening(eta=eta), forward, backward).network()


def settled(frame: np.ndarray, gains: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (y, z) at the fixed point for an input."""
    y = np.linalg.solve(np.eye(len(frame)) + (frame * gains) @ frame.T, x)
    return y, frame.T @ y
