"""Quadratic neurons as parts of a network."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from neurosim import AllToAll, Network, NeuronModel, Normal, Population, Projection, Recorder, SynapseModel
from neurosim.model.parameters import option, parameter
from neurosim.neurons import GradedUnit, Signal
from neurosim.neurons.transfer import TRANSFERS
from neurosim.synapses import Graded

SOURCE = "Fan, Li, Wang, Lai, Wang 2023, IEEE TNNLS, arXiv 2110.06081"


class QuadraticNeuron(NeuronModel):
    """Stateless neuron that multiplies two sums of its inputs and adds one of their squares.

    y = f(u), u = (r + b_r)(g + b_g) + q + c.
    y output (1); r, g, q summed inputs of three ports (1), q of squares; b_r, b_g, c biases (1). With g = q = c = 0 and
    b_g = 1 it is a conventional neuron.
    Source: Fan, Li, Wang, Lai, Wang 2023, IEEE TNNLS, arXiv 2110.06081.
    """

    b_r = parameter(0.0, "bias of the first factor")
    b_g = parameter(1.0, "bias of the second factor")
    c = parameter(0.0, "bias of the sum")
    transfer = option("relu", "transfer function", tuple(TRANSFERS))
    texts = {"transfer": TRANSFERS}
    equations = """
    y = {transfer} : 1
    u = (r + b_r)*(g + b_g) + q + c : 1
    r : 1 (input)
    g : 1 (input)
    q : 1 (input)
    """
    output = "y"


class Squared(SynapseModel):
    """Adds weight times the square of the source's output to an input of the target.

    port = sum over sources of w * output**2.
    """

    port = option("q", "input of the target")
    graded = "w * output_pre**2"


def quadratic(
    sizes: tuple[int, ...], transfer: str = "relu", spread: float = 0.0, linear: bool = True
) -> Network:
    """Return layers of quadratic neurons, x, h1, h2, ..., the last one 'y'.

    Arguments: sizes, from the input to the output; transfer, of hidden layers; spread, standard deviation of the
    initial quadratic weights in units of that of the others, sqrt(2/fan in), 0 for the start at conventional neurons;
    linear, whether the output is a conventional layer, otherwise it is a quadratic one.
    """
    network = Network("quadratic").add(Population("x", sizes[0], Signal()))
    names = ["x", *(f"h{k}" for k in range(1, len(sizes) - 1)), "y"]
    for k, ((source, name), (n, m)) in enumerate(zip(pairwise(names), pairwise(sizes), strict=True), 1):
        last, scale = name == "y", (2 / n) ** 0.5
        if last and linear:
            network.add(
                Population(name, m, GradedUnit(transfer="identity", bias=np.zeros(m))),
                Projection(f"r{k}", source, name, Graded(), AllToAll(), Normal(0, scale)),
            )
            continue
        biases = {"b_r": np.zeros(m), "b_g": np.ones(m), "c": np.zeros(m)}
        neuron = QuadraticNeuron(transfer="identity" if last else transfer, **biases)
        # An array, since one number would be one parameter for all connections.
        start = Normal(0, spread * scale) if spread else np.zeros(n * m)
        network.add(
            Population(name, m, neuron),
            Projection(f"r{k}", source, name, Graded(port="r"), AllToAll(), Normal(0, scale)),
            Projection(f"g{k}", source, name, Graded(port="g"), AllToAll(), start),
            Projection(f"q{k}", source, name, Squared(), AllToAll(), start),
        )
    return network.add(Recorder("y", "output"))


def conventional(sizes: tuple[int, ...], transfer: str = "relu") -> Network:
    """Return the same layers of conventional neurons, y = f(r + bias)."""
    network = Network("conventional").add(Population("x", sizes[0], Signal()))
    names = ["x", *(f"h{k}" for k in range(1, len(sizes) - 1)), "y"]
    for k, ((source, name), (n, m)) in enumerate(zip(pairwise(names), pairwise(sizes), strict=True), 1):
        neuron = GradedUnit(transfer="identity" if name == "y" else transfer, bias=np.zeros(m))
        network.add(
            Population(name, m, neuron),
            Projection(f"r{k}", source, name, Graded(), AllToAll(), Normal(0, (2 / n) ** 0.5)),
        )
    return network.add(Recorder("y", "output"))


def trainable(network: Network) -> tuple[str, ...]:
    """Return the names of all weights and biases."""
    names = [f"{name}.w" for name in network.projections]
    for name, population in network.populations.items():
        if isinstance(population.model, QuadraticNeuron):
            names += [f"{name}.{bias}" for bias in ("b_r", "b_g", "c")]
        elif isinstance(population.model, GradedUnit):
            names.append(f"{name}.bias")
    return tuple(names)
