"""Networks of the study: two linear paths that add up, the dynamics of one mode of them, and a chain of matrices."""

from __future__ import annotations

import numpy as np
from brian2 import second

from neurosim import AllToAll, Network, NeuronModel, Normal, Population, Projection, Recorder, parameter
from neurosim.model.connectivity import OneToOne
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded

SOURCE = (
    "Kleinman, Achille, Soatto 2024, Critical learning periods emerge even in deep linear networks, ICLR, arXiv "
    "2308.12221"
)
PATHS = ("a", "b")


class ModePair(NeuronModel):
    """One mode of two linear paths that learn the same target: neurons are starts, time is that of gradient descent.

    dp_a/dt = (p_a**2 + c)**((D-1)/2) (s - K_a - K_b)/unit, the same for b times `open`;  K = p (p**2 + c)**((D-1)/2).
    p weight of the first layer along the mode (1), K strength of the mode in a path (1), s that of the target (1), D
    depth (1), c conserved difference of squared weights, 0 if all layers are alike, 1 for a large start (1), open 0
    while path b is held (1), unit the unit of time (s).
    Source: Kleinman, Achille, Soatto 2024, ICLR, arXiv 2308.12221.
    """

    depth = parameter(2.0, "layers of a path, D", low=1.0)
    s = parameter(10.0, "strength of the mode in the target")
    c = parameter(0.0, "difference of squared weights", low=0.0)
    open = parameter(1.0, "1, or 0 while path b is held", low=0.0, high=1.0)
    unit = parameter(1 * second, "unit of the model's time", low=0 * second)
    equations = """
    dp_a/dt = slope_a*(s - K_a - K_b)/unit : 1
    dp_b/dt = open*slope_b*(s - K_a - K_b)/unit : 1
    K_a = p_a*slope_a : 1
    K_b = p_b*slope_b : 1
    slope_a = (p_a**2 + c)**((depth - 1)/2) : 1
    slope_b = (p_b**2 + c)**((depth - 1)/2) : 1
    """
    method = "euler"
    output = "K_b"


class ExactModePair(ModePair):
    """`ModePair` by the method of Runge and Kutta of fourth order.

    dp/dt as of `ModePair`.
    Source: Kleinman, Achille, Soatto 2024, ICLR, arXiv 2308.12221.
    """

    method = "rk4"


def hierarchy() -> np.ndarray:
    """Return the target (15, 8) of 8 items: rows for all, two halves, four quarters and each item."""
    return np.vstack([np.kron(np.eye(8 // n), np.ones((1, n))) for n in (8, 4, 2, 1)])


def two_paths(depth: int, width: int, shape: tuple[int, int]) -> Network:
    """Return y = (W_D^a ... W_1^a + W_D^b ... W_1^b) x: 'x', layers 'a1', ..., outputs 'a' and 'b', their sum 'y'.

    Arguments: depth, D; width, of hidden layers; shape, (outputs, inputs).
    """
    outputs, inputs = shape
    network = Network("two_paths").add(
        Population("x", inputs, Signal()), Population("y", outputs, GradedUnit(transfer="identity"))
    )
    for path in PATHS:
        names = ["x", *(f"{path}{k}" for k in range(1, depth)), path]
        sizes = [inputs, *[width] * (depth - 1), outputs]
        for k in range(1, depth + 1):
            network.add(
                Population(names[k], sizes[k], GradedUnit(transfer="identity")),
                Projection(
                    f"{path}_w{k}",
                    names[k - 1],
                    names[k],
                    Graded(),
                    AllToAll(),
                    np.zeros((sizes[k], sizes[k - 1])),
                ),
            )
        network.add(
            Projection(f"{path}_sum", path, "y", Graded(), OneToOne(), np.ones(outputs)),
            Recorder(path, "output"),
        )
    return network.add(Recorder("y", "output"))


def layers(depth: int) -> tuple[str, ...]:
    """Return the names of the weights of both paths, from the input."""
    return tuple(f"{path}_w{k}.w" for path in PATHS for k in range(1, depth + 1))


def balanced(
    depth: int, width: int, target: np.ndarray, seed: int, scale: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return (weights by name, k of the modes): both paths begin alike, with K = k in every mode.

    W_1 = R Delta V^T, W_mid = R Delta R^T, W_D = U Delta R^T, Delta = diag(k**(1/D)), k = scale (1 + 0.1 xi) sorted
    descending over the width; modes have the largest.
    """
    rng = generator(seed, "start")
    k = np.sort(scale * (1 + 0.1 * rng.normal(size=width)))[::-1]
    r = np.linalg.qr(rng.normal(size=(width, width)))[0]
    u, s, vt = np.linalg.svd(target, full_matrices=False)
    delta = k ** (1 / depth)
    first = r[:, : len(s)] * delta[: len(s)] @ vt
    last = u * delta[: len(s)] @ r[:, : len(s)].T
    each = [first, *[r * delta @ r.T] * (depth - 2), last]
    # Weights between all pairs are sources first when flat.
    found = {f"{path}_w{n}.w": w.T.reshape(-1) for path in PATHS for n, w in enumerate(each, 1)}
    return found, k[: len(s)]


def chain(depth: int, size: int, scale: float) -> Network:
    """Return the product of `depth` square matrices: rows of it are what one-hot inputs give.

    Arguments: size; scale, of the product: entries have the standard deviation scale**(1/D)/sqrt(size).
    """
    network = Network("chain").add(Population("x", size, Signal()))
    names = ["x", *(f"h{k}" for k in range(1, depth)), "y"]
    for k in range(1, depth + 1):
        network.add(
            Population(names[k], size, GradedUnit(transfer="identity")),
            Projection(
                f"w{k}",
                names[k - 1],
                names[k],
                Graded(),
                AllToAll(),
                Normal(0, scale ** (1 / depth) / size**0.5),
            ),
        )
    return network.add(Recorder("y", "output"))
