"""W8: many populations and projections of a few kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from brian2 import Hz, ms, mV

from neurosim import Network, Population, Probability, Projection, Recorder, Uniform
from neurosim.bench.workload import Case, Facts, Traffic, Workload, delivery_traffic, neuron_traffic
from neurosim.neurons import LIF, Poisson
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse

SHARES = {"e": 25, "i": 12, "s": 13}
"""Numbers of populations: excitatory, inhibitory, and sources of spikes."""
KINDS = {"ee": ("e", "e"), "ei": ("e", "i"), "ie": ("i", "e"), "se": ("s", "e"), "plastic": ("e", "e")}
"""Kinds of projections, and from and to which populations they lead; the last kind learns."""


class ManyParts(Workload):
    """W8: 50 populations and 200 projections of 5 kinds, with a delay of its own for every synapse.

    It is there for its start: how long it takes until the first step, with an empty cache and with a filled one.
    """

    name = "w8"
    title = "50 populations, 200 projections of 5 kinds, delays per synapse"
    cases: ClassVar[tuple[Case, ...]] = (Case("50 populations", 3450, 0.5),)
    same: ClassVar[tuple[str, ...]] = ()

    def network(self, case: Case) -> Network:
        """Return the network: each kind of projection leads from and to other populations in turn."""
        size = case.n // sum(SHARES.values())
        start, delay = {"v": Uniform(-60 * mV, -50 * mV)}, Uniform(0.5 * ms, 3 * ms)
        network = Network("parts", dt=0.1 * ms)
        for kind, number in SHARES.items():
            model = Poisson(rate=20 * Hz) if kind == "s" else LIF()
            for i in range(number):
                network.add(Population(f"{kind}{i}", size, model, {} if kind == "s" else start))
        for at in range(200):
            kind, turn = list(KINDS)[at % len(KINDS)], at // len(KINDS)
            source, target = KINDS[kind]
            network.add(
                Projection(
                    f"{kind}{turn}",
                    f"{source}{turn % SHARES[source]}",
                    f"{target}{(7 * turn + 3) % SHARES[target]}",
                    Pulse(port="g_i" if source == "i" else "g_e"),
                    Probability(0.1),
                    -9 * mV if source == "i" else Uniform(0 * mV, 3 * mV),
                    delay=delay,
                    rules=(PairSTDP(w_max=3 * mV),) if kind == "plastic" else (),
                )
            )
        return network.add(*(Recorder(f"e{i}") for i in range(SHARES["e"])))

    def traffic(self, case: Case, facts: Facts) -> Sequence[Traffic]:
        """Return what integration and deliveries move (a target's index read, its current read and written)."""
        edges = sum(facts.edges.values())
        events = sum(facts.spikes.values()) * edges / facts.neurons
        return neuron_traffic(case, facts.steps, 3), delivery_traffic(case, events, edges, 4 + 2 * case.item)
