"""The benchmarks CUBA, COBA and COBAHH: sparse balanced networks that keep their activity."""

from __future__ import annotations

from typing import Any

from neurosim.model.connectivity import Probability
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import ms, mV, nS
from neurosim.model.values import Clipped, Normal, Uniform
from neurosim.neurons import LIF, ConductanceLIF, TraubMiles
from neurosim.synapses import Pulse


def cuba(neurons: int = 4000) -> Network:
    """Return benchmark 2: `LIF` neurons, whose synapses are currents.

    Arguments:
        neurons: number of neurons, of which four in five are excitatory.

    The network has the population 'cells', the excitatory neurons first, connected with a probability of 80/neurons,
    and records its spikes. Potentials start uniformly between reset and threshold.
    Source: Brette et al. 2007, J. Comput. Neurosci. 23:349, doi:10.1007/s10827-007-0038-6, after Vogels & Abbott 2005,
    J. Neurosci. 25:10786, doi:10.1523/JNEUROSCI.3508-05.2005.
    """
    start = {"v": Uniform(-60 * mV, -50 * mV)}
    return _balanced("cuba", neurons, LIF(), start, 1.62 * mV, -9 * mV)


def coba(neurons: int = 4000) -> Network:
    """Return benchmark 1: `ConductanceLIF` neurons, whose synapses are conductances.

    Arguments:
        neurons: as of `cuba`.

    The network is that of `cuba`. Weights are conductances over that of the leak, 6 nS and 67 nS over 10 nS. Activity
    starts by conductances that are drawn (normal, 4 and 20 with deviations of 1.5 and 12), as in Brian2's example of
    the benchmark with Hodgkin-Huxley neurons, and may end by itself in small networks.
    Source: as of `cuba`.
    """
    start = {
        "v": Normal(-65 * mV, 5 * mV),
        "g_e": Clipped(Normal(4.0, 1.5), low=0.0),
        "g_i": Clipped(Normal(20.0, 12.0), low=0.0),
    }
    return _balanced("coba", neurons, ConductanceLIF(), start, 0.6, 6.7)


def cobahh(neurons: int = 4000) -> Network:
    """Return benchmark 3: `TraubMiles` neurons, whose spikes are made by channels.

    Arguments:
        neurons: as of `cuba`.

    The network is that of `coba`, with conductances in siemens.
    Source: as of `cuba`.
    """
    start = {
        "v": Normal(-65 * mV, 5 * mV),
        "g_e": Clipped(Normal(40 * nS, 15 * nS), low=0 * nS),
        "g_i": Clipped(Normal(200 * nS, 120 * nS), low=0 * nS),
    }
    return _balanced("cobahh", neurons, TraubMiles(), start, 6 * nS, 67 * nS)


def _balanced(
    name: str, neurons: int, model: NeuronModel, start: dict[str, Any], excitation: Any, inhibition: Any
) -> Network:
    cells = Population("cells", neurons, model, start)
    first, sparse = neurons * 4 // 5, Probability(80 / neurons)
    return Network(name, dt=0.1 * ms).add(
        cells,
        Projection("excitation", cells[:first], "cells", Pulse(port="g_e"), sparse, excitation),
        Projection("inhibition", cells[first:], "cells", Pulse(port="g_i"), sparse, inhibition),
        Recorder("cells"),
    )
