"""Two pools of neurons that compete for a decision, reduced to two variables."""

from __future__ import annotations

from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import Hz, ms, nA, second
from neurosim.neurons import Signal
from neurosim.synapses import Graded


class DecisionPool(NeuronModel):
    """Pool of excitatory neurons, described by the fraction of its open NMDA channels.

    dS/dt = -S/tau_S + gamma*(1 - S)*r, r = y/(1 - exp(-d*y)), y = a*(I + I_0 + n) - b;
    dn/dt = -n/tau_n + sigma*sqrt(2/tau_n)*xi.
    S open fraction (1), r rate (Hz), I summed input (A), n noise (A), xi white noise.
    Source: Wong & Wang 2006, J. Neurosci. 26:1314, doi:10.1523/JNEUROSCI.3733-05.2006, which reduces the network of
    Wang 2002, Neuron 36:955. Time constant and size of the noise are choices.
    """

    tau_S = parameter(100 * ms, "time constant of NMDA", low=0 * ms)
    gamma = parameter(0.641, "opening per spike", low=0.0)
    a = parameter(270 * Hz / nA, "gain")
    b = parameter(108 * Hz, "threshold")
    d = parameter(0.154 * second, "curvature", low=0 * second)
    I_0 = parameter(0.3255 * nA, "background input")
    tau_n = parameter(2 * ms, "time constant of the noise", low=0 * ms)
    sigma = parameter(0.014 * nA, "deviation of the noise", low=0 * nA)
    equations = """
    dS/dt = -S/tau_S + gamma*(1 - S)*r : 1
    dn/dt = -n/tau_n + sigma*sqrt(2/tau_n)*xi : amp
    y = a*(I + I_0 + n) - b : Hz
    r = 1/(d*exprel(-d*y)) : Hz
    I : amp (input)
    """
    method = "euler"
    output = "S"
    initial = {"S": 0.1}


def decision(trials: int = 1) -> Network:
    """Return the reduced decision network, for several trials at once.

    Arguments:
        trials: number of pairs of pools that run side by side.

    The network has the populations 'left' and 'right', one neuron per trial, the `Signal` populations 'for_left' and
    'for_right', whose input is the stimulus (0 to 1, 0.0104 nA each at 1), and records the rate r of both pools.
    Source: as of `DecisionPool`.
    """
    network = Network("decision", dt=0.5 * ms)
    sides = ("left", "right")
    for name in sides:
        network.add(Population(name, trials, DecisionPool()), Population(f"for_{name}", 1, Signal()))
    for name, other in (sides, sides[::-1]):
        network.add(
            Projection(f"stimulus_{name}", f"for_{name}", name, Graded(), AllToAll(), 0.0104 * nA),
            Projection(f"own_{name}", name, name, Graded(), OneToOne(), 0.2609 * nA),
            Projection(f"cross_{name}", name, other, Graded(), OneToOne(), -0.0497 * nA),
            Recorder(name, "r", every=20),
        )
    return network
