"""The network, its closed forms, and what is measured of a training."""

from __future__ import annotations

import numpy as np

from neurosim import AllToAll, Network, NeuronModel, Population, Projection, Recorder, parameter
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded


class QuadraticUnit(NeuronModel):
    """Stateless neuron with a little curvature.

    y = u + epsilon u**2/2, u = I.
    y output (1), I summed input (1), epsilon (1).
    Source: Kumar, Bordelon, Gershman, Pehlevan 2024, ICLR, arXiv 2310.06110.
    """

    epsilon = parameter(0.25, "curvature")
    equations = """
    y = I + epsilon*I**2/2 : 1
    I : 1 (input)
    """
    output = "y"


def network(dimensions: int, hidden: int) -> Network:
    """Return f(x) = sum over i of out_i phi(w_i x), phi(z) = z + epsilon z**2/2; x = xi/sqrt(D)."""
    return Network("grokking").add(
        Population("x", dimensions, Signal()),
        Population("h", hidden, QuadraticUnit()),
        Population("y", 1, GradedUnit(transfer="identity")),
        Projection("in", "x", "h", Graded(), AllToAll(), np.zeros(dimensions * hidden)),
        Projection("out", "h", "y", Graded(), AllToAll(), np.full(hidden, 1 / hidden)),
        Recorder("y", "output"),
    )


def draw(
    dimensions: int, count: int, seed: int, purpose: str, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs x = xi/sqrt(D), xi standard normal, and targets (beta x)**2."""
    x = generator(seed, purpose).normal(size=(count, dimensions)) / dimensions**0.5
    return x, (x @ beta) ** 2


def kernel(x: np.ndarray, w: np.ndarray, alpha: float, epsilon: float) -> np.ndarray:
    """Return the tangent kernel (alpha/N)**2 x x' sum over i of (1 + epsilon z_i)(1 + epsilon z'_i), z = w x.

    Arguments: x, inputs (samples, D); w, weights (D, N).
    """
    slope = 1 + epsilon * (x @ w)
    return np.asarray((alpha / w.shape[1]) ** 2 * (x @ x.T) * (slope @ slope.T))


def closed_form(w: np.ndarray, beta: np.ndarray, alpha: float, epsilon: float) -> float:
    """Return the test error over all inputs: (2 Tr Q**2 + (Tr Q)**2)/D**2 + |a|**2/D.

    Q = alpha epsilon W W^T/(2 N) - beta beta^T and a = (alpha/N) sum over i of w_i, for Gaussian inputs; w (D, N).
    """
    d, n = w.shape
    q = alpha * epsilon * (w @ w.T) / (2 * n) - np.outer(beta, beta)
    a = alpha / n * w.sum(1)
    return float((2 * np.trace(q @ q) + np.trace(q) ** 2) / d**2 + a @ a / d)


def fallen(steps: np.ndarray, errors: np.ndarray, bound: float) -> np.ndarray:
    """Return the first step at which each error (times, ...) is below a bound for the first time; nan if never."""
    below = errors < bound
    found = np.asarray(steps, float)[below.argmax(0)]
    return np.where(below.any(0), found, np.nan)
