"""W10: many short runs of a small plastic network whose parameters and seeds differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import brian2 as b2
import numpy as np
from brian2 import Hz, ms, mV, second

from neurosim import Network, Population, Probability, Projection, Recorder, Uniform
from neurosim.bench.ours import Fused, engine_of
from neurosim.bench.peers.brian2 import Brian2Model
from neurosim.bench.program import Arrays
from neurosim.bench.workload import Case, Facts, Target, Traffic, Workload, delivery_traffic, neuron_traffic
from neurosim.engines.recordings import Spikes
from neurosim.neurons import LIF, Poisson
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse

RUNS = 40
"""How many runs a round has; the time of a loop is proportional to it."""
W_MAX = 3 * mV


def tau_m(run: int) -> Any:
    """Return the membrane time constant of a run: no two have the same."""
    return (15 + 10 * run / RUNS) * ms


class Loop(Fused):
    """A network on the fused engine that is described, compiled and run again and again."""

    def advance(self) -> None:
        """Run every network from its description on."""
        self.counts, self.weights = [], []
        for run in range(RUNS):
            simulation = engine_of(self.case).compile(described(self.case.n, run), seed=run)
            simulation.run(self.duration * second)
            spikes = simulation.recordings()["E.spikes"]
            assert isinstance(spikes, Spikes)
            self.counts.append(spikes.steps.size)
            self.weights.append(simulation.read("ee", "w").mean())
            self.simulation = simulation

    def results(self) -> Arrays:
        """Return the number of spikes and the mean weight of each run."""
        return {"counts": np.array(self.counts), "ee_w": np.array(self.weights)}


def described(n: int, run: int) -> Network:
    """Return the network of a run: 4/5 excitatory and 1/5 inhibitory neurons, and a Poisson input for each fifth."""
    start, excitatory = {"v": Uniform(-60 * mV, -50 * mV)}, 4 * n // 5
    return Network("small", dt=0.1 * ms).add(
        Population("s", n // 5, Poisson(rate=20 * Hz)),
        Population("E", excitatory, LIF(tau_m=tau_m(run)), start),
        Population("I", n - excitatory, LIF(tau_m=tau_m(run)), start),
        Projection("se", "s", "E", Pulse(), Probability(0.2), 4 * mV),
        Projection(
            "ee", "E", "E", Pulse(), Probability(0.1), Uniform(0 * mV, W_MAX), rules=(PairSTDP(w_max=W_MAX),)
        ),
        Projection("ei", "E", "I", Pulse(), Probability(0.1), 1.5 * mV),
        Projection("ie", "I", "E", Pulse(port="g_i"), Probability(0.1), -9 * mV),
        Recorder("E"),
    )


def in_brian2(case: Case, arrays: Arrays) -> list[Callable[[], Brian2Model]]:
    """Return what describes the network of each run; connections and weights are drawn by the peer."""
    return [partial(described_in_brian2, case, run) for run in range(RUNS)]


def described_in_brian2(case: Case, run: int) -> Brian2Model:
    """Return the network of a run as a user of Brian2 writes it."""
    n, n_e = case.n, 4 * case.n // 5
    b2.seed(run)
    values = {"tau": 20 * ms, "a_plus": 0.01 * W_MAX, "a_minus": 0.0105 * W_MAX, "w_max": W_MAX}
    cells = b2.NeuronGroup(
        n,
        """dv/dt = (g_e + g_i - (v - E_L))/tau_m : volt (unless refractory)
        dg_e/dt = -g_e/(5*ms) : volt
        dg_i/dt = -g_i/(10*ms) : volt""",
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * ms,
        method="exact",
        namespace={"tau_m": tau_m(run), "E_L": -49 * mV},
    )
    cells.v = "-60*mV + 10*mV*rand()"
    inputs = b2.PoissonGroup(n // 5, 20 * Hz)
    feed = b2.Synapses(inputs, cells[:n_e], on_pre="g_e_post += 4*mV")
    feed.connect(p=0.2)
    learn = b2.Synapses(
        cells[:n_e],
        cells[:n_e],
        """w : volt
        dx/dt = -x/tau : volt (event-driven)
        dy/dt = -y/tau : volt (event-driven)""",
        on_pre="g_e_post += w; x += a_plus; w = clip(w - y, 0*volt, w_max)",
        on_post="y += a_minus; w = clip(w + x, 0*volt, w_max)",
        namespace=values,
    )
    learn.connect(p=0.1)
    learn.w = "w_max*rand()"
    excite = b2.Synapses(cells[:n_e], cells[n_e:], on_pre="g_e_post += 1.5*mV")
    excite.connect(p=0.1)
    inhibit = b2.Synapses(cells[n_e:], cells[:n_e], on_pre="g_i_post -= 9*mV")
    inhibit.connect(p=0.1)
    spikes = b2.SpikeMonitor(cells[:n_e])
    objects = [cells, inputs, feed, learn, excite, inhibit, spikes]
    return Brian2Model(objects, 0.1 * ms, spikes, {"ee_w": (learn, "w")})


class ManyRuns(Workload):
    """W10: runs of 100 neurons for a second each, from description to recordings; peers draw all of their own."""

    name = "w10"
    title = f"{RUNS} runs of a plastic network of 100 neurons whose parameters and seeds differ"
    cases: ClassVar[tuple[Case, ...]] = (Case("100 neurons", 100, 1.0),)
    same = ()
    ours = Loop
    peers: ClassVar[Mapping[str, Callable[[Case, Arrays], Any]]] = {"brian2_loop": in_brian2}
    targets: ClassVar[tuple[Target, ...]] = (Target("100 neurons", "ratio to brian2_loop", low=50, aim=200),)

    def network(self, case: Case) -> Network:
        """Return the network of the first run."""
        return described(case.n, 0)

    def traffic(self, case: Case, facts: Facts) -> Sequence[Traffic]:
        """Return what integration and deliveries of all runs move."""
        edges = sum(facts.edges.values())
        events = sum(facts.spikes.values()) * edges / facts.neurons
        return (
            neuron_traffic(case, RUNS * facts.steps, 3),
            delivery_traffic(case, RUNS * events, edges, 4 + 2 * case.item),
        )
