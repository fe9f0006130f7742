"""A thousand simple neurons with random connections, which show rhythms of their own."""

from __future__ import annotations

import numpy as np

from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import ms, mV
from neurosim.model.values import Uniform
from neurosim.neurons import Izhikevich
from neurosim.rng import generator
from neurosim.synapses import Graded, Pulse


class ThalamicNoise(NeuronModel):
    """Gaussian input, drawn anew in every step.

    x = deviation*z; x output (1), z standard normal.
    Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, doi:10.1109/TNN.2003.820440.
    """

    deviation = parameter(5.0, "standard deviation", low=0.0)
    equations = "x = deviation*randn() : 1"
    output = "x"


def izhikevich(excitatory: int = 800, inhibitory: int = 200, seed: int = 0) -> Network:
    """Return the network of figure 3 of Izhikevich 2003, with a time step of 1 ms of two halves.

    Arguments:
        excitatory, inhibitory: numbers of neurons of each kind.
        seed: of the parameters that differ between neurons.

    All neurons are connected with each other, with weights that are uniform from 0 to 0.5 mV of excitatory and from -1
    to 0 mV of inhibitory neurons. Excitatory neurons lie between regular spiking and chattering, inhibitory ones
    between fast spiking and low-threshold spiking. The input has deviations of 5 and 2 mV/ms.
    The network has the population 'cells', the excitatory neurons first, and records its spikes.
    Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, doi:10.1109/TNN.2003.820440.
    """
    size = excitatory + inhibitory
    r = generator(seed, "izhikevich parameters").random(size)
    excites = np.arange(size) < excitatory
    a, b = np.where(excites, 0.02, 0.02 + 0.08 * r), np.where(excites, 0.2, 0.25 - 0.05 * r)
    c, d = np.where(excites, -65 + 15 * r**2, -65), np.where(excites, 8 - 6 * r**2, 2)
    model = Izhikevich(a=a / ms, b=b / ms, c=c * mV, d=d * mV / ms)
    start = {"v": -65 * mV, "u": -65 * b * mV / ms}
    cells = Population("cells", size, model, start, substeps=2)
    return Network("izhikevich", dt=1 * ms).add(
        Population("thalamus", size, ThalamicNoise(deviation=np.where(excites, 5.0, 2.0))),
        cells,
        Projection("input", "thalamus", "cells", Graded(), OneToOne(), 1 * mV / ms),
        *(
            Projection(name, source, "cells", Pulse(port="v"), AllToAll(), weight)
            for name, source, weight in (
                ("excitation", cells[:excitatory], Uniform(0 * mV, 0.5 * mV)),
                ("inhibition", cells[excitatory:], Uniform(-1 * mV, 0 * mV)),
            )
        ),
        Recorder("cells"),
    )
