"""The recurrent network, its initial weights, and the linear network of the theory."""

from __future__ import annotations

import numpy as np

from neurosim import (
    AllToAll,
    Dale,
    Network,
    NeuronModel,
    Normal,
    Population,
    Projection,
    Recorder,
    TruncatedSVD,
    Uniform,
)
from neurosim.experiments.rich_lazy.config import Config
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded


class RectifiedMap(NeuronModel):
    """Rate in discrete time, one step as long as the time constant. r' = max(I, 0).

    r rate (1), I summed input (1).
    Source: Liu, Baratin, Cornford, Mihalas, Shea-Brown, Lajoie 2024, ICLR, arXiv 2310.08513.
    """

    equations = """
    r' = clip(I, 0, inf) : 1 (map)
    I : 1 (input)
    """
    output = "r"


def recurrent(channels: int, neurons: int) -> Network:
    """Return h <- max(W_in x + W h, 0), three outputs W_out h, one step later."""
    n, m = neurons, channels
    return Network("rich_lazy").add(
        Population("x", m, Signal()),
        Population("h", n, RectifiedMap()),
        Population("y", 3, GradedUnit(transfer="identity")),
        Projection("in", "x", "h", Graded(), AllToAll(), Uniform(-(m**-0.5), m**-0.5)),
        # The study gives initial weights of its own.
        Projection("rec", "h", "h", Graded(), AllToAll(), Normal(0, n**-0.5)),
        Projection("out", "h", "y", Graded(), AllToAll(), Uniform(-(n**-0.5), n**-0.5)),
        Recorder("y", "output", after=True),
        Recorder("h", "r", after=True),
    )


def initial(config: Config, arm: str, seed: int) -> np.ndarray:
    """Return the recurrent weights (targets, sources) of an arm; all ranks are of one draw, at one norm."""
    n, gain = config.neurons, config.gain
    if arm == "Dale":
        return Dale(gain, config.excitatory).matrix(generator(seed, "Dale"), n, n)
    rank = n if arm == "full" else int(arm.removeprefix("rank "))
    return TruncatedSVD(gain, rank).matrix(generator(seed, "recurrent"), n, n)


def linear(dimensions: int) -> Network:
    """Return f(x) = w_2 W_1 x, whose read-out w_2 is 0 at the start."""
    d = dimensions
    return Network("linear").add(
        Population("x", d, Signal()),
        Population("h", d, GradedUnit(transfer="identity")),
        Population("y", 1, GradedUnit(transfer="identity")),
        Projection("w1", "x", "h", Graded(), AllToAll(), np.zeros((d, d))),
        Projection("w2", "h", "y", Graded(), AllToAll(), np.zeros((1, d))),
        Recorder("y", "output"),
    )
