"""W1, W2, W6 and W7: a balanced network of integrate-and-fire neurons with exponential synaptic currents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import brian2 as b2
import numpy as np
from brian2 import ms, mV, volt

from neurosim import Network, Population, Probability, Projection, Recorder, Uniform
from neurosim.bench.peers.brian2 import Brian2Model, connected, joined
from neurosim.bench.program import Arrays
from neurosim.bench.workload import Case, Facts, Target, Traffic, Workload, delivery_traffic, neuron_traffic
from neurosim.model.connectivity import Connectivity, InDegree
from neurosim.neurons import LIF
from neurosim.synapses import Pulse

WEIGHTS = {"E": 1.62 * mV, "I": -9 * mV}
PORTS = {"E": "g_e", "I": "g_i"}
# A projection is named by its ends: 'ei' goes from E to I.
PAIRS = ("ee", "ei", "ie", "ii")
MODEL = """
dv/dt = (g_e + g_i - (v - E_L))/tau_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : volt
dg_i/dt = -g_i/tau_i : volt
"""
CONSTANTS = {"tau_m": 20 * ms, "tau_e": 5 * ms, "tau_i": 10 * ms, "E_L": -49 * mV}


def populations(n: int) -> tuple[Population, Population]:
    """Return four fifths excitatory and one fifth inhibitory neurons, v(0) uniform on [-60, -50] mV."""
    initial = {"v": Uniform(-60 * mV, -50 * mV)}
    excitatory = 4 * n // 5
    return Population("E", excitatory, LIF(), initial), Population("I", n - excitatory, LIF(), initial)


def brian2_cells(case: Case, arrays: Arrays) -> tuple[Any, int]:
    """Return (neuron group of all cells, number of excitatory ones)."""
    cells = b2.NeuronGroup(
        case.n,
        MODEL,
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * ms,
        method="exact",
        namespace=CONSTANTS,
    )
    cells.v = np.concatenate([arrays["E_v"], arrays["I_v"]]) * volt
    return cells, arrays["E_v"].size


def in_brian2(case: Case, arrays: Arrays) -> Brian2Model:
    """Return the network as a user of Brian2 writes it: one group, synapses from its two parts."""
    cells, n_e = brian2_cells(case, arrays)
    excite = connected(
        b2.Synapses(cells[:n_e], cells, on_pre="g_e_post += 1.62*mV"),
        joined(arrays, ("ee", 0, 0), ("ei", 0, n_e)),
    )
    inhibit = connected(
        b2.Synapses(cells[n_e:], cells, on_pre="g_i_post -= 9*mV"),
        joined(arrays, ("ie", 0, 0), ("ii", 0, n_e)),
    )
    spikes = b2.SpikeMonitor(cells)
    return Brian2Model([cells, excite, inhibit, spikes], 0.1 * ms, spikes)


def in_nest(case: Case, arrays: Arrays) -> Any:
    """Return a function that builds the network in NEST, whose shortest delay is a step, so only similar."""
    from neurosim.bench.peers.nest import Synapses, cells

    def build() -> Any:
        n_e = arrays["E_v"].size
        group = cells(np.concatenate([arrays["E_v"], arrays["I_v"]]))
        for pair in PAIRS:
            weight = WEIGHTS[pair[0].upper()] / mV
            Synapses(group, arrays, pair, n_e).connect(weight, delay=0.1)
        return group

    return build


class Cuba(Workload):
    """W1: 4,000 neurons, connection probability 0.02, no delay.

    Source: Vogels & Abbott 2005, J. Neurosci. 25:10786, doi:10.1523/JNEUROSCI.3508-05.2005; in the form of
    Brette et al. 2007, J. Comput. Neurosci. 23:349, doi:10.1007/s10827-007-0038-6.
    """

    name = "w1"
    title = "CUBA, 4,000 neurons, 2 % connectivity"
    cases: ClassVar[tuple[Case, ...]] = (
        Case("4,000 neurons", 4000, 10.0),
        Case("4,000 neurons, float32", 4000, 10.0, "float32"),
    )
    peers = {"brian2_cpp": in_brian2, "brian2_cython": in_brian2, "nest": in_nest}
    targets: ClassVar[tuple[Target, ...]] = (
        Target("4,000 neurons", "ratio to brian2_cpp", low=2.6, aim=4),
        Target("4,000 neurons, float32", "ratio to brian2_cpp", low=2.6, aim=7),
        Target("4,000 neurons", "ratio to nest", low=20),
    )
    delay: ClassVar[Any] = 0 * ms

    def connect(self, source: str) -> Connectivity:
        """Return how a neuron of the source population is connected to any other."""
        return Probability(0.02)

    def network(self, case: Case) -> Network:
        """Return the network: spikes of E add 1.62 mV to g_e, those of I take 9 mV from g_i."""
        network = Network("cuba", dt=0.1 * ms).add(*populations(case.n))
        for pair in PAIRS:
            source, target = pair[0].upper(), pair[1].upper()
            network.add(
                Projection(
                    pair,
                    source,
                    target,
                    Pulse(port=PORTS[source]),
                    self.connect(source),
                    WEIGHTS[source],
                    delay=self.delay,
                )
            )
        return network.add(Recorder("E"), Recorder("I"))

    def traffic(self, case: Case, facts: Facts) -> Sequence[Traffic]:
        """Return what integration and deliveries move (a target's index read, its current read and written)."""
        edges = sum(facts.edges.values())
        events = sum(facts.spikes.values()) * edges / facts.neurons
        return neuron_traffic(case, facts.steps, 3), delivery_traffic(case, events, edges, 4 + 2 * case.item)


class LargeCuba(Cuba):
    """W2: 40,000 neurons, each with 64 excitatory and 16 inhibitory inputs."""

    name = "w2"
    title = "CUBA, 40,000 neurons, in-degree 80"
    cases: ClassVar[tuple[Case, ...]] = (Case("40,000 neurons", 40_000, 5.0),)
    targets: ClassVar[tuple[Target, ...]] = (Target("40,000 neurons", "ratio to brian2_cpp", low=2.1, aim=3),)

    def connect(self, source: str) -> Connectivity:
        """Return fixed in-degrees, the same at any size."""
        return InDegree(64 if source == "E" else 16)


class GrowingCuba(LargeCuba):
    """W7: the same at 10, 20, 40 and 80 thousand neurons."""

    name = "w7"
    title = "growth: CUBA at in-degree 80"
    peers = {"brian2_cpp": in_brian2}
    cases = tuple(Case(f"{n:,} neurons", n, 5.0) for n in (10_000, 20_000, 40_000, 80_000))
    targets = tuple(
        Target(case.label, f"{what} per doubling", high=high, aim=2.0)
        for case in cases[1:]
        for what, high in (("time", 2.1), ("memory", 2.05))
    )


def delayed_in_brian2(case: Case, arrays: Arrays) -> Brian2Model:
    """Return the network of `in_brian2` with a delay of its own for every synapse."""
    model = in_brian2(case, arrays)
    for synapses, pairs in zip(model.objects[1:3], (("ee", "ei"), ("ie", "ii")), strict=True):
        synapses.delay = np.concatenate([arrays[f"{pair}_delay"] for pair in pairs]) * 0.1 * ms
    return model


class DelayedCuba(Cuba):
    """W6: W1 with a delay of its own for every synapse, 0.1 to 5 ms."""

    name = "w6"
    title = "CUBA, 4,000 neurons, a delay per synapse"
    cases = (Case("4,000 neurons", 4000, 10.0),)
    peers = {"brian2_cpp": delayed_in_brian2, "brian2_cython": delayed_in_brian2}
    targets = (Target("4,000 neurons", "ratio to brian2_cpp", low=3.5, aim=4.5),)
    delay = Uniform(0.1 * ms, 5 * ms)
