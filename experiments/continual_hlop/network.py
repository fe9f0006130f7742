"""A network of rate neurons with lateral neurons beside each layer, which learn what its input spans."""

from __future__ import annotations

import numpy as np

from neurosim.experiments.continual_hlop.config import Config
from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection, Recorder
from neurosim.model.units import ms
from neurosim.model.values import Uniform
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded

SOURCES = ("x", "h1", "h2")
FEED = ("w1", "w2", "w3")


def continual_network(config: Config, lateral: bool = True) -> Network:
    """Return the network of three layers, without biases: y = w3 relu(w2 relu(w1 x)).

    Beside what each layer receives stand lateral neurons: 'fresh1' to 'fresh3' learn the subspace of the current task,
    'kept1' to 'kept3' hold those of earlier ones. There is room for all of them from the start; those that are not in
    use have weights of 0.

    Arguments: config; lateral, whether there are lateral neurons.
    """
    targets = ("h1", "h2", "y")
    network = Network("continual", 1 * ms).add(
        Population("x", config.sizes[0], Signal()),
        Population("h1", config.hidden, GradedUnit(transfer="relu")),
        Population("h2", config.hidden, GradedUnit(transfer="relu")),
        Population("y", 10, GradedUnit(transfer="identity")),
    )
    for name, source, target, size in zip(FEED, SOURCES, targets, config.sizes, strict=True):
        start = Uniform(-(size**-0.5), size**-0.5)
        network.add(Projection(name, source, target, Graded(), AllToAll(), start))
    counts = [config.added(task) for task in range(config.tasks)]
    for layer, (source, size) in enumerate(zip(SOURCES, config.sizes, strict=True) if lateral else ()):
        each = [count[layer] for count in counts]
        for name, room in ((f"fresh{layer + 1}", max(each)), (f"kept{layer + 1}", sum(each))):
            network.add(
                Population(name, room, GradedUnit(transfer="identity")),
                Projection(f"{name}_w", source, name, Graded(), AllToAll(), np.zeros((room, size))),
            )
    return network.add(*(Recorder(name, "output") for name in ("h1", "h2", "y")))
