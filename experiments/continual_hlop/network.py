"""A network of rate or spiking neurons with lateral neurons beside each layer, which learn what its input spans."""

from __future__ import annotations

import numpy as np

from neurosim.experiments.continual_hlop.config import Config
from neurosim.experiments.continual_hlop.spiking import spiking
from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import ms
from neurosim.model.values import Uniform
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded

SOURCES = ("x", "h1", "h2")
FEED = ("w1", "w2", "w3")


def continual_network(config: Config, lateral: bool = True, trainer: str = "rates") -> Network:
    """Return the network of three layers, without biases: y = w3 f(w2 f(w1 x)).

    f rectifies, or stands for spiking neurons; then y is their weighted mean over steps, and since a spike reaches the
    next layer a step later, a trial takes two steps more than neurons run.

    Beside what each layer receives stand lateral neurons: 'fresh1' to 'fresh3' learn the subspace of the current task,
    'kept1' to 'kept3' hold those of earlier ones. There is room for all of them from the start; those that are not in
    use have weights of 0.

    Arguments: config; lateral, whether there are lateral neurons; trainer, 'rates', or the way in which spiking
    neurons are trained, 'bptt', 'ottt' or 'dsr'.
    """
    kind = None if trainer == "rates" else spiking(trainer, config)
    hidden = GradedUnit(transfer="relu") if kind is None else kind.neuron()
    told = GradedUnit(transfer="identity") if kind is None else kind.readout()
    targets = ("h1", "h2", "y")
    network = Network("continual", 1 * ms).add(
        Population("x", config.sizes[0], Signal()),
        Population("h1", config.hidden, hidden),
        Population("h2", config.hidden, hidden),
        Population("y", 10, told),
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
    if kind is None:
        return network.add(*(Recorder(name, "output") for name in ("h1", "h2", "y")))
    network.add(
        *(Recorder(name, variable, after=True) for name in ("h1", "h2") for variable in kind.recorded)
    )
    return network.add(Recorder("y", "output", after=True))
