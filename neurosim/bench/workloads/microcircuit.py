"""W9: the cortical microcircuit at a tenth of its size, as it stands and with learning excitatory synapses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import brian2 as b2
import numpy as np
from brian2 import Hz, amp, ms, mV, pA, pF, volt

from neurosim import Network, Population, Projection
from neurosim.bench.peers.brian2 import Brian2Model, connected
from neurosim.bench.program import Arrays
from neurosim.bench.workload import Case, Facts, Target, Traffic, Workload, delivery_traffic, neuron_traffic
from neurosim.model.registries import circuits
from neurosim.rules import PairSTDP

EACH = 8 * Hz
"""The rate of an external input."""
LARGEST = 4
"""The largest weight that learning leaves, over the mean weight of an excitatory synapse."""


def circuit(case: Case) -> Network:
    """Return the circuit of the size of a case; what a peer needs of it stands in its parts."""
    described = circuits.get("cortical_microcircuit")
    network: Network = described(scale=case.n / sum(described(scale=1.0).sizes.values())).network()
    return network


def in_nest(case: Case, arrays: Arrays) -> Any:
    """Return a function that builds the circuit in NEST, with the same synapses and a generator per population."""
    from neurosim.bench.peers.nest import nest

    network = circuit(case)
    firsts = Workload.offsets(network)
    membrane = {
        "E_L": -65.0,
        "V_th": -50.0,
        "V_reset": -65.0,
        "t_ref": 2.0,
        "tau_m": 10.0,
        "tau_syn_ex": 0.5,
        "tau_syn_in": 0.5,
        "C_m": 250.0,
    }

    def build() -> Any:
        group = nest.Create("iaf_psc_exp", _size(network), params=membrane)
        group.V_m = (1e3 * np.concatenate([arrays[f"{name}_v"] for name in network.populations])).tolist()
        for name, population in network.populations.items():
            cells, model = group[firsts[name] : firsts[name] + population.size], _driven(population)
            cells.I_e = float(model.I_e / pA)
            drive = nest.Create("poisson_generator", params={"rate": float(model.rate_ext / Hz)})
            nest.Connect(drive, cells, syn_spec={"weight": float(model.j_ext / pA), "delay": 0.1})
        for name, projection in network.projections.items():
            nest.Connect(
                arrays[f"{name}_pre"].astype(np.int64) + 1 + firsts[projection.source],
                arrays[f"{name}_post"].astype(np.int64) + 1 + firsts[projection.target],
                "one_to_one",
                {
                    "synapse_model": "static_synapse",
                    "weight": 1e12 * arrays[f"{name}_w"],
                    "delay": 0.1 * arrays[f"{name}_delay"],
                },
            )
        return group

    return build


def in_brian2(case: Case, arrays: Arrays) -> Brian2Model:
    """Return the circuit as a user of Brian2 writes it: one group, traces per synapse, driven by events."""
    network = circuit(case)
    firsts = Workload.offsets(network)
    cells = b2.NeuronGroup(
        _size(network),
        """dv/dt = (-65*mV - v)/(10*ms) + (i_syn + I_e)/(250*pF) : volt (unless refractory)
        di_syn/dt = -i_syn/(0.5*ms) : amp
        I_e : amp""",
        threshold="v > -50*mV",
        reset="v = -65*mV",
        refractory=2 * ms,
        method="exact",
        namespace={"mV": mV, "ms": ms, "pF": pF},
    )
    cells.v = np.concatenate([arrays[f"{name}_v"] for name in network.populations]) * volt
    drives = []
    for name, population in network.populations.items():
        part, model = cells[firsts[name] : firsts[name] + population.size], _driven(population)
        part.I_e = model.I_e
        number = round(float(model.rate_ext / EACH))
        drives.append(b2.PoissonInput(part, "i_syn", number, EACH, model.j_ext))

    def joined(learning: bool) -> dict[str, np.ndarray]:
        chosen = [p for p in network.projections.values() if _learns(p) == learning]
        return {
            "pre": np.concatenate([arrays[f"{p.name}_pre"] + firsts[p.source] for p in chosen]),
            "post": np.concatenate([arrays[f"{p.name}_post"] + firsts[p.target] for p in chosen]),
            "w": np.concatenate([arrays[f"{p.name}_w"] for p in chosen]),
            "delay": np.concatenate([arrays[f"{p.name}_delay"] for p in chosen]),
        }

    w_max = _w_max(network)
    learn = b2.Synapses(
        cells,
        cells,
        """w : amp
        dx/dt = -x/tau : amp (event-driven)
        dy/dt = -y/tau : amp (event-driven)""",
        on_pre="i_syn_post += w; x += a_plus; w = clip(w - y, 0*amp, w_max)",
        on_post="y += a_minus; w = clip(w + x, 0*amp, w_max)",
        namespace={
            "tau": 20 * ms,
            "a_plus": 0.01 * w_max,
            "a_minus": 0.0105 * w_max,
            "w_max": w_max,
        },
    )
    fixed = b2.Synapses(cells, cells, "w : amp", on_pre="i_syn_post += w")
    for synapses, parts in ((learn, joined(True)), (fixed, joined(False))):
        connected(synapses, (parts["pre"], parts["post"])).w = parts["w"] * amp
        synapses.pre.delay = parts["delay"] * 0.1 * ms
    spikes = b2.SpikeMonitor(cells)
    return Brian2Model([cells, *drives, learn, fixed, spikes], 0.1 * ms, spikes)


class Microcircuit(Workload):
    """W9: 7,717 neurons and 3 million synapses with weights and delays of their own; peers draw their own spikes.

    Source: Potjans & Diesmann 2014, Cereb. Cortex 24:785, doi:10.1093/cercor/bhs358.
    """

    name = "w9"
    title = "cortical microcircuit at 10 %, 3 M synapses"
    cases: ClassVar[tuple[Case, ...]] = (Case("7,717 neurons", 7717, 1.0),)
    same = ()
    peers: ClassVar[Mapping[str, Callable[[Case, Arrays], Any]]] = {"nest": in_nest}
    targets: ClassVar[tuple[Target, ...]] = (Target("7,717 neurons", "ratio to nest", low=20, aim=50),)

    def network(self, case: Case) -> Network:
        """Return the circuit."""
        return circuit(case)

    def traffic(self, case: Case, facts: Facts) -> Sequence[Traffic]:
        """Return what integration and deliveries move: target, delay and weight read, a current read and written."""
        edges = sum(facts.edges.values())
        events = sum(facts.spikes.values()) * edges / facts.neurons
        return neuron_traffic(case, facts.steps, 2), delivery_traffic(case, events, edges, 8 + 3 * case.item)


class PlasticMicrocircuit(Microcircuit):
    """W9 with additive pair STDP on every synapse from an excitatory to an excitatory neuron.

    Source: Potjans & Diesmann 2014, Cereb. Cortex 24:785, doi:10.1093/cercor/bhs358; rule as in Song, Miller, Abbott
    2000, Nat. Neurosci. 3:919, doi:10.1038/78829.
    """

    name = "w9_stdp"
    title = "cortical microcircuit at 10 % with pair STDP between excitatory neurons"
    peers = {"brian2_cpp": in_brian2}
    targets: ClassVar[tuple[Target, ...]] = (Target("7,717 neurons", "ratio to brian2_cpp", low=3, aim=5),)

    def network(self, case: Case) -> Network:
        """Return the circuit with a rule on its excitatory projections onto excitatory populations."""
        plain = circuit(case)
        rules = (PairSTDP(w_max=_w_max(plain)),)
        return Network(plain.name, plain.dt).add(
            *(
                replace(part, rules=rules) if isinstance(part, Projection) and _learns(part) else part
                for part in plain.parts()
            )
        )


def _size(network: Network) -> int:
    return sum(population.size for population in network.populations.values())


def _driven(population: Population) -> Any:
    """Return the model of a population, a DrivenLIF."""
    return population.model


def _learns(projection: Projection) -> bool:
    return projection.source[-1] == projection.target[-1] == "E"


def _w_max(network: Network) -> Any:
    return LARGEST * _driven(network.populations["L23E"]).j_ext
