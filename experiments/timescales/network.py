"""The recurrent network, whose neurons have time constants of their own."""

from __future__ import annotations

import numpy as np

from neurosim import AllToAll, Network, NeuronModel, Population, Projection, Recorder, Uniform, parameter
from neurosim.learning.bptt import Model, network_model
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded

RECURRENT = ("in.w", "rec.w", "h.b", "h.c")
READ = ("out.w", "y.bias")


class LeakyUnit(NeuronModel):
    """Neuron in discrete time whose nonlinearity acts after its leak.

    h(t) = f((1 - 1/tau) h(t-1) + (I + b + c)/tau),  f(u) = max(u, 0) + 0.01 min(u, 0).
    h activity (1), I summed input (1), tau time constant (steps, counts as 1 below 1), b and c biases (1).
    Source: Khajehabdollahi, Zeraati, Giannakakis, Schäfer, Martius, Levina 2024, ICLR, arXiv 2309.12927.
    """

    tau = parameter(1.5, "time constant in steps")
    b = parameter(0.0, "bias of the recurrent input")
    c = parameter(0.0, "bias of the input from outside")
    equations = """
    h' = clip(u, 0, inf) + 0.01*clip(u, -inf, 0) : 1 (map)
    u = h + (I + b + c - h)/clip(tau, 1, inf) : 1
    I : 1 (input)
    """
    output = "h"


def recurrent(neurons: int, tau_high: float = 2.0) -> Network:
    """Return the network without a read-out, all weights and biases uniform within 1/sqrt(fan-in)."""
    weights = Uniform(-(neurons**-0.5), neurons**-0.5)
    return Network("timescales").add(
        Population("x", 1, Signal()),
        Population("h", neurons, LeakyUnit(tau=Uniform(1, tau_high), b=weights, c=Uniform(-1, 1))),
        Projection("in", "x", "h", Graded(), AllToAll(), Uniform(-1, 1)),
        Projection("rec", "h", "h", Graded(), AllToAll(), weights),
    )


def trained_model(neurons: int, heads: int, tau_high: float, train_tau: bool) -> Model:
    """Return the network with heads of two outputs each, as a model to be trained."""
    weights = Uniform(-(neurons**-0.5), neurons**-0.5)
    network = recurrent(neurons, tau_high).add(
        Population("y", 2 * heads, GradedUnit(transfer="identity", bias=weights)),
        Projection("out", "h", "y", Graded(), AllToAll(), weights),
        Recorder("y", "output"),
    )
    names = (*RECURRENT, *READ, *(("h.tau",) if train_tau else ()))
    return network_model(network, names, masks=without_autapses(neurons))


def listening_model(neurons: int) -> Model:
    """Return the network without a read-out as a model whose activity is recorded."""
    network = recurrent(neurons).add(Recorder("h", "h", after=True))
    return network_model(network, (), masks=without_autapses(neurons))


def without_autapses(neurons: int) -> dict[str, np.ndarray]:
    """Return the mask of the recurrent weights: no neuron is connected with itself."""
    return {"rec": 1 - np.eye(neurons)}
