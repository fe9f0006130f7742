"""One network with every synapse that has equations, in projections named as their classes."""

from __future__ import annotations

import numpy as np
from brian2 import ms, mV

from neurosim import AllToAll, Network, NeuronModel, Population, Projection, Recorder, parameter
from neurosim.neurons import Signal, SpikeTrain
from neurosim.synapses import (
    GABAB,
    NMDA,
    AlphaConductance,
    AlphaCurrent,
    DoubleExponentialConductance,
    DoubleExponentialCurrent,
    FilteredGraded,
    GradedGate,
)

DT = 0.1 * ms
SPIKES = [(1.0, 0), (3.0, 1), (4.0, 0)]
"""Time (ms) and source of each spike."""
DELAY = 1 * ms
WEIGHTS = np.array([2.0, 3.0])


class Membrane(NeuronModel):
    """Passive membrane: dv/dt = (E_L - v + I)/tau_m."""

    tau_m = parameter(20 * ms, "membrane time constant")
    E_L = parameter(-60 * mV, "resting potential")
    equations = """
    dv/dt = (E_L - v + I)/tau_m : volt
    I : volt (input)
    """
    method = "exponential_euler"
    output = "v"
    initial = {"v": "E_L"}


class Exact(Membrane):
    """Passive membrane with the exact step, which takes currents as held."""

    method = "exact"


STATES = {
    AlphaCurrent: ("x", "current"),
    AlphaConductance: ("g", "current"),
    DoubleExponentialCurrent: ("current",),
    DoubleExponentialConductance: ("g", "current"),
    NMDA: ("s", "x"),
    GABAB: ("s", "r"),
    GradedGate: ("s",),
    FilteredGraded: ("x",),
}
"""What is recorded of each."""
CURRENTS = (AlphaCurrent, DoubleExponentialCurrent, FilteredGraded)
TARGETS = {**dict.fromkeys(CURRENTS, "currents"), NMDA: "nmda", GABAB: "gaba"}


def spiking() -> Network:
    """Return the network: sources of spikes, of a number and of a potential, and membranes that receive them."""
    times, ids = zip(*SPIKES, strict=True)
    network = Network("kept", dt=DT).add(
        Population("source", 2, SpikeTrain(times=times * ms, ids=ids)),
        Population("command", 2, Signal()),
        Population("graded", 2, Membrane(), initial={"v": np.array([-50.0, -30.0]) * mV}),
        Population("currents", 2, Exact()),
        *(Population(name, 2, Membrane()) for name in ("conductances", "nmda", "gaba")),
    )
    for synapse, variables in STATES.items():
        source = {GradedGate: "graded", FilteredGraded: "command"}.get(synapse, "source")
        network.add(
            Projection(
                synapse.__name__,
                source,
                TARGETS.get(synapse, "conductances"),
                synapse(),
                AllToAll(),
                np.tile(WEIGHTS, (2, 1)) * (mV if synapse in CURRENTS else 1),
                delay=DELAY if synapse.current is not None else 0 * ms,
            ),
            *(Recorder(synapse.__name__, variable) for variable in variables),
        )
    for target in ("currents", "conductances", "nmda", "gaba"):
        network.add(Recorder(target, "v"), Recorder(target, "I"))
    return network.add(Recorder("graded", "v"))
