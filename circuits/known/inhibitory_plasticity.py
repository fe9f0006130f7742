"""A recurrent network whose inhibitory synapses learn to balance excitation."""

from __future__ import annotations

from typing import Any

from neurosim.model.connectivity import Probability
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import Hz, ms, mV
from neurosim.model.values import Uniform
from neurosim.neurons import ConductanceLIF
from neurosim.rules import VogelsInhibitory
from neurosim.synapses import Pulse


def inhibitory_plasticity(neurons: int = 10_000, target: Any = 3 * Hz, eta: float = 0.001) -> Network:
    """Return a balanced network in which inhibition of excitatory neurons starts at 0 and learns.

    Arguments:
        neurons: number of neurons, of which four in five are excitatory.
        target (Hz): rate that the rule aims at.
        eta: learning rate, as a conductance over that of the leak.

    Every neuron has 200 inputs on average and a constant drive of 20 mV, which alone makes it fire. Weights are 0.03
    of excitation and 0.3 of inhibition onto inhibitory neurons, over the conductance of the leak.
    The network has the population 'cells', the excitatory neurons first, the plastic projection 'learned', and records
    the spikes of the excitatory neurons.
    Source: Vogels, Sprekeler, Zenke, Clopath, Gerstner 2011, Science 334:1569, doi:10.1126/science.1211095; parameters
    after Brian2's example of it.
    """
    first = neurons * 4 // 5
    # The drive moves the resting potential: E_L + 200 pA/10 nS.
    cells = Population("cells", neurons, ConductanceLIF(E_L=-40 * mV), {"v": Uniform(-60 * mV, -50 * mV)})
    sparse, rule = Probability(200 / neurons), (VogelsInhibitory(eta=eta, rho_0=target),)
    inhibits = Pulse(port="g_i")
    return Network("inhibitory_plasticity", dt=0.1 * ms).add(
        cells,
        Projection("excitation", cells[:first], "cells", Pulse(), sparse, 0.03),
        Projection("inhibition", cells[first:], cells[first:], inhibits, sparse, 0.3),
        Projection("learned", cells[first:], cells[:first], inhibits, sparse, 0.0, rules=rule),
        Recorder(cells[:first]),
    )
