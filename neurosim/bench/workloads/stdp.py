"""W3: a balanced network whose excitatory synapses onto excitatory neurons learn by spike timing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import brian2 as b2
import numpy as np
from brian2 import ms, mV, volt

from neurosim import InDegree, Network, Projection, Recorder
from neurosim.bench.peers.brian2 import Brian2Model, connected, joined
from neurosim.bench.program import Arrays
from neurosim.bench.workload import Case, Facts, Target, Traffic, Workload, delivery_traffic, neuron_traffic
from neurosim.bench.workloads.cuba import PAIRS, PORTS, brian2_cells, populations
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse

WEIGHTS = {"E": 0.83 * mV, "I": -4.65 * mV}
W_MAX = 1.66 * mV
DELAY = 1.5 * ms
LEARNING = {"tau": 20 * ms, "a_plus": 0.01 * W_MAX, "a_minus": 0.0105 * W_MAX, "w_max": W_MAX}


def in_brian2(case: Case, arrays: Arrays) -> Brian2Model:
    """Return the network as a user of Brian2 writes it: traces per synapse, driven by events."""
    cells, n_e = brian2_cells(case, arrays)
    learn = b2.Synapses(
        cells[:n_e],
        cells[:n_e],
        """w : volt
        dx/dt = -x/tau : volt (event-driven)
        dy/dt = -y/tau : volt (event-driven)""",
        on_pre="g_e_post += w; x += a_plus; w = clip(w - y, 0*volt, w_max)",
        on_post="y += a_minus; w = clip(w + x, 0*volt, w_max)",
        delay=DELAY,
        namespace=LEARNING,
    )
    connected(learn, joined(arrays, ("ee", 0, 0))).w = arrays["ee_w"] * volt
    fixed = [
        connected(b2.Synapses(cells[first], cells, on_pre=text, delay=DELAY), joined(arrays, *pairs))
        for first, text, pairs in (
            (slice(None, n_e), "g_e_post += 0.83*mV", [("ei", 0, n_e)]),
            (slice(n_e, None), "g_i_post -= 4.65*mV", [("ie", 0, 0), ("ii", 0, n_e)]),
        )
    ]
    spikes = b2.SpikeMonitor(cells)
    return Brian2Model([cells, learn, *fixed, spikes], 0.1 * ms, spikes, {"ee_w": (learn, "w")})


def in_nest(case: Case, arrays: Arrays) -> Any:
    """Return a function that builds a network of the same size in NEST, whose delay is dendritic: not the same rule."""
    from neurosim.bench.peers.nest import Synapses, cells

    def build() -> Any:
        n_e, w_max = arrays["E_v"].size, W_MAX / mV
        group = cells(np.concatenate([arrays["E_v"], arrays["I_v"]]), tau_minus=20.0)
        rule = {
            "tau_plus": 20.0,
            "lambda": 0.01,
            "alpha": 1.05,
            "mu_plus": 0.0,
            "mu_minus": 0.0,
            "Wmax": w_max,
        }
        for pair in PAIRS:
            plastic = {"synapse_model": "stdp_synapse", **rule} if pair == "ee" else {}
            Synapses(group, arrays, pair, n_e).connect(WEIGHTS[pair[0].upper()] / mV, DELAY / ms, **plastic)
        return group

    return build


class PlasticCuba(Workload):
    """W3: 10,000 neurons (8,000 E), in-degree 125 E and 31 I, delay 1.5 ms, additive pair STDP from E to E.

    Source: rule as in Song, Miller, Abbott 2000, Nat. Neurosci. 3:919, doi:10.1038/78829.
    """

    name = "w3"
    title = "pair STDP on 1 M synapses, 10,000 neurons"
    cases = (Case("10,000 neurons", 10_000, 5.0),)
    learned = "ee"
    peers = {"brian2_cpp": in_brian2, "brian2_cython": in_brian2, "nest": in_nest}
    targets = (
        Target("10,000 neurons", "ratio to brian2_cpp", low=3.7, aim=5),
        Target("10,000 neurons", "bytes per plastic synapse", high=21),
    )

    def network(self, case: Case) -> Network:
        """Return the network; in-degrees are reduced in a network that is too small for them."""
        network = Network("plastic", dt=0.1 * ms).add(*populations(case.n))
        for pair in PAIRS:
            source, target = pair[0].upper(), pair[1].upper()
            k = min({"E": 125, "I": 31}[source], network.populations[source].size // 4)
            network.add(
                Projection(
                    pair,
                    source,
                    target,
                    Pulse(port=PORTS[source]),
                    InDegree(k),
                    WEIGHTS[source],
                    delay=DELAY,
                    rules=(PairSTDP(w_max=W_MAX),) if pair == self.learned else (),
                )
            )
        return network.add(Recorder("E"), Recorder("I"))

    def traffic(self, case: Case, facts: Facts) -> Sequence[Traffic]:
        """Return what integration, deliveries and learning move.

        A learning synapse moves at a presynaptic spike its target's index, current (read, written) and trace, and its
        weight (read, written); at a postsynaptic one two indices, the presynaptic trace and the weight.
        """
        learning = facts.edges["ee"]
        fixed = sum(facts.edges.values()) - learning
        spikes = sum(facts.spikes.values())
        events = facts.spikes["E"] * learning / (facts.neurons * 4 / 5)
        return (
            neuron_traffic(case, facts.steps, 3),
            delivery_traffic(case, spikes * fixed / facts.neurons, fixed, 4 + 2 * case.item),
            delivery_traffic(case, events, learning, (4 + 5 * case.item) + (8 + 3 * case.item)),
        )
