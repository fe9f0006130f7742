"""Models and rules against values that NEST gave for the same protocols (`reference.py`, `reference.json`)."""

import json
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms, mV, pA, pF

from neurosim import AllToAll, Edges, Network, Population, Projection, Recorder, simulate
from neurosim.neurons import LIF, Izhikevich, Signal, SpikeTrain
from neurosim.rules import (
    CoincidentSTDP,
    NearestSTDP,
    PowerLawSTDP,
    TripletSTDP,
    TsodyksMarkram,
    VogelsInhibitory,
)
from neurosim.synapses import Graded, Pulse
from tests.nest.reference import AT, DELAYS, INPUT, NEURONS, PRE, SIZES, SYNAPSES

REFERENCE = json.loads(Path(__file__).with_name("reference.json").read_text())
RESISTANCE = 10 * ms / (250 * pF)


def lif(tau_ref):
    """Return the model with the defaults of NEST's and its constant current."""
    values = {
        "v_threshold": -55 * mV,
        "v_reset": -70 * mV,
        "tau_ref": tau_ref,
        "tau_e": 2 * ms,
        "tau_i": 2 * ms,
    }
    return LIF(tau_m=10 * ms, E_L=-70 * mV + 300 * pA * RESISTANCE, **values)


# An input of a delay of 1 ms acts at the end of a step in NEST, at the start of the next here: 0.9 ms.
CELLS = {
    # NEST rests for t_ref after the step of the spike, as Brian2 does from its start on: tau_ref = t_ref + dt.
    "iaf_psc_exp": (lif(2.1 * ms), "g_e", pA * RESISTANCE, {"v": -70 * mV}, None, 0),
    # What arrives at v meets the threshold in the same step in NEST, in the next here.
    "iaf_psc_delta": (lif(2 * ms), "v", mV, {"v": -70 * mV}, None, 1),
    "izhikevich": (Izhikevich(), "v", mV, {"v": -65 * mV, "u": -13 * mV / ms}, 8 * mV / ms, 0),
}


@pytest.mark.parametrize("name", CELLS)
def test_neurons(name):
    model, port, unit, start, constant, later = CELLS[name]
    weights = NEURONS[name][1] * np.array(SIZES) * unit
    inputs = SpikeTrain(times=np.array(INPUT) * ms, ids=np.arange(len(INPUT)))
    network = Network("nest", dt=0.1 * ms).add(
        Population("inputs", len(INPUT), inputs),
        Population("cell", 1, model, start),
        Projection(
            "p", "inputs", "cell", Pulse(port=port), Edges(np.arange(len(INPUT)), np.zeros(len(INPUT), int)), weights,
            0.9 * ms,
        ),
        Recorder("cell"),
        Recorder("cell", "v"),
    )  # fmt: skip
    if constant is not None:
        network.add(
            Population("constant", 1, Signal()),
            Projection("c", "constant", "cell", Graded(port="I"), AllToAll(), constant),
        )
    simulation = simulate(network)
    simulation.run(200 * ms, {} if constant is None else {"constant": np.array([1.0])})
    found, wanted = simulation.recordings(), REFERENCE["neurons"][name]
    # A spike has the time of the end of its step in NEST.
    assert np.allclose((found["cell.spikes"].steps + 1 - later) * 0.1, wanted["spikes"])
    v = np.asarray(found["cell.v"].values)[[10 * t for t in AT], 0] / 1e-3
    assert np.allclose(v, wanted["v"], rtol=0, atol=1e-9)


PAIR = {"tau_pre": 15 * ms, "tau_post": 20 * ms, "w_max": 100.0}
RULES = {
    "additive": CoincidentSTDP(a_plus=0.05, a_minus=0.055, **PAIR),
    "power": PowerLawSTDP(eta=0.05, alpha=1.1, mu=0.4, **PAIR),
    "nearest": NearestSTDP(a_plus=0.05, a_minus=0.055, **PAIR),
    "triplet": TripletSTDP(
        tau_plus=16.8 * ms, tau_minus=20 * ms, tau_x=101 * ms, tau_y=110 * ms, a2_plus=0.5, a3_plus=0.6, a2_minus=0.7,
        a3_minus=0.3, w_max=100.0,
    ),
    "vogels": VogelsInhibitory(tau=20 * ms, rho_0=0.12 / (40 * ms), eta=0.1),
}  # fmt: skip


def train(times):
    return SpikeTrain(times=np.array(times) * ms, ids=np.zeros(len(times)))


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("name", RULES)
def test_weights_at_spikes(name, delay):
    _, _, weight, post = SYNAPSES[name]
    network = Network("nest", dt=0.1 * ms).add(
        Population("pre", 1, train(PRE)),
        Population("post", 1, train(post)),
        Projection(
            "p", "pre", "post", Pulse(), AllToAll(), weight, dendritic_delay=delay * ms, rules=RULES[name]
        ),
    )
    simulation, found, now = simulate(network), [], 0
    for time in PRE:
        simulation.run((10 * time + 1 - now) * 0.1 * ms)
        found.append(float(simulation.get("p.w")[0]))
        now = 10 * time + 1
    assert np.allclose(found, REFERENCE["synapses"][name][DELAYS.index(delay)], rtol=0, atol=1e-10)


def test_short_term_plasticity():
    rule = TsodyksMarkram(U=0.5, tau_rec=200 * ms, tau_f=150 * ms)
    network = Network("nest", dt=0.1 * ms).add(
        Population("pre", 1, train(PRE)),
        Population("cell", 1, LIF(tau_e=3 * ms, v_threshold=1e6 * mV)),
        Projection("p", "pre", "cell", Pulse(), AllToAll(), 100 * mV, rules=rule),
        Recorder("cell", "g_e"),
    )
    simulation = simulate(network)
    simulation.run(260 * ms)
    g = np.asarray(simulation.recordings()["cell.g_e"].values)[:, 0] / 1e-3
    jumps = g[1:] - g[:-1] * np.exp(-0.1 / 3)
    assert np.allclose(jumps[jumps > 1e-3], REFERENCE["tsodyks2"], rtol=0, atol=1e-10)
