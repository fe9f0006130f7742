"""W4: one neuron whose 1,000 Poisson inputs compete by spike timing."""

from __future__ import annotations

from collections.abc import Sequence

import brian2 as b2
from brian2 import Hz, ms, mV

from neurosim import AllToAll, Network, NeuronModel, Population, Projection, Recorder, Uniform, parameter
from neurosim.bench.peers.brian2 import Brian2Model
from neurosim.bench.program import Arrays
from neurosim.bench.workload import Case, Facts, Target, Traffic, Workload
from neurosim.neurons import Poisson
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse

RATE = 15 * Hz
W_MAX = 0.01


class SongAbbottNeuron(NeuronModel):
    """Leaky integrate-and-fire neuron with one exponential excitatory conductance.

    dv/dt = (g_e (E_e - v) + E_L - v)/tau_m;  dg_e/dt = -g_e/tau_e;  a spike when v > v_threshold, then v = v_reset.
    v membrane potential (V), g_e conductance over that of the leak (1).
    Source: Song, Miller, Abbott 2000, Nat. Neurosci. 3:919, doi:10.1038/78829.
    """

    tau_m = parameter(10 * ms, "membrane time constant", low=0 * ms)
    tau_e = parameter(5 * ms, "time constant of excitation", low=0 * ms)
    E_e = parameter(0 * mV, "reversal potential of excitation")
    E_L = parameter(-74 * mV, "resting potential")
    v_threshold = parameter(-54 * mV, "threshold")
    v_reset = parameter(-60 * mV, "potential after a spike")
    equations = """
    dv/dt = (g_e*(E_e - v) + E_L - v)/tau_m : volt
    dg_e/dt = -g_e/tau_e : 1
    """
    threshold = "v > v_threshold"
    reset = "v = v_reset"
    method = "euler"
    initial = {"v": "v_reset"}


def in_brian2(case: Case, arrays: Arrays) -> Brian2Model:
    """Return the network as a user of Brian2 writes it."""
    values = {"tau": 20 * ms, "a_plus": 0.01 * W_MAX, "a_minus": 0.0105 * W_MAX, "w_max": W_MAX}
    inputs = b2.PoissonGroup(case.n, rates=RATE)
    cell = b2.NeuronGroup(
        1,
        """dv/dt = (g_e*(0*mV - v) - 74*mV - v)/(10*ms) : volt
        dg_e/dt = -g_e/(5*ms) : 1""",
        threshold="v > -54*mV",
        reset="v = -60*mV",
        method="euler",
    )
    cell.v = -60 * mV
    learn = b2.Synapses(
        inputs,
        cell,
        """w : 1
        dx/dt = -x/tau : 1 (event-driven)
        dy/dt = -y/tau : 1 (event-driven)""",
        on_pre="g_e_post += w; x += a_plus; w = clip(w - y, 0, w_max)",
        on_post="y += a_minus; w = clip(w + x, 0, w_max)",
        namespace=values,
    )
    learn.connect()
    learn.w = arrays["synapses_w"]
    spikes = b2.SpikeMonitor(cell)
    return Brian2Model([inputs, cell, learn, spikes], 0.1 * ms, spikes, {"synapses_w": (learn, "w")})


class SongAbbott(Workload):
    """W4: 1,000 Poisson inputs at 15 Hz with additive pair STDP onto one neuron; peers draw their own spikes."""

    name = "w4"
    title = "Song-Abbott: one neuron, 1,000 plastic Poisson inputs"
    cases = (Case("1,000 inputs", 1000, 100.0),)
    learned = "synapses"
    same = ()
    peers = {"brian2_cpp": in_brian2, "brian2_cython": in_brian2}
    targets = (Target("1,000 inputs", "ratio to brian2_cpp", low=60, aim=100),)

    def network(self, case: Case) -> Network:
        """Return the network; weights start uniform on [0, w_max)."""
        return Network("song_abbott", dt=0.1 * ms).add(
            Population("inputs", case.n, Poisson(rate=RATE)),
            Population("cell", 1, SongAbbottNeuron()),
            Projection(
                "synapses",
                "inputs",
                "cell",
                Pulse(),
                AllToAll(),
                Uniform(0.0, W_MAX),
                rules=(PairSTDP(w_max=W_MAX),),
            ),
            Recorder("cell"),
        )

    def traffic(self, case: Case, facts: Facts) -> Sequence[Traffic]:
        """Return what the cell, its inputs and their learning move: a weight and the traces of both sides."""
        inputs = case.n * float(RATE) * case.duration
        pairs = facts.spikes["cell"] * case.n
        size = 2 * case.n * case.item
        return (
            Traffic("cell", facts.steps * 4 * case.item, 2 * case.item),
            Traffic("presynaptic spikes", inputs * 5 * case.item, size),
            Traffic("postsynaptic spikes", pairs * 3 * case.item, size),
        )
