"""Writes `reference.json`, what NEST gives for small protocols: run with a Python that has NEST."""

import json
from pathlib import Path

INPUT = [10, 14, 20, 22, 23, 40, 41, 60, 61, 62, 63, 90, 120, 121, 122, 123, 124]
SIZES = [-0.6 if k % 4 == 0 else 1.0 for k in range(len(INPUT))]
AT = [50, 100, 150, 199]
"""Times (ms) and sizes of the spikes that neurons receive; times at which their potential is noted."""
NEURONS = {
    "iaf_psc_exp": ({"I_e": 300.0}, 800.0),
    "iaf_psc_delta": ({"I_e": 300.0}, 4.0),
    "iaf_psc_alpha": ({"I_e": 300.0}, 400.0),
    "iaf_cond_exp": ({"I_e": 200.0}, 60.0),
    "iaf_cond_alpha": ({"I_e": 200.0}, 30.0),
    "aeif_psc_exp": ({"I_e": 700.0}, 500.0),
    "aeif_cond_exp": ({"I_e": 700.0}, 30.0),
    "aeif_cond_alpha": ({"I_e": 700.0}, 30.0),
    "izhikevich": ({"I_e": 8.0}, 4.0),
    "hh_psc_alpha": ({"I_e": 650.0}, 300.0),
    "hh_cond_exp_traub": ({"I_e": 200.0}, 30.0),
}
"""Parameters that are no default, and the weight of an input of size 1."""
PRE = [20, 40, 60, 80, 95, 110, 150, 200, 240, 241]
POST = [25, 33, 66, 70, 91, 117, 148, 205, 230]
TOGETHER = [25, 33, 66, 70, 90, 117, 149, 205, 230]
"""Spikes on either side of a synapse (ms); of `TOGETHER` one meets a presynaptic spike, at each of the delays."""
_PAIR = {"Wmax": 100.0, "lambda": 0.05, "alpha": 1.1, "tau_plus": 15.0}
_TRIPLET = {"Aplus": 0.5, "Aplus_triplet": 0.6, "Aminus": 0.7, "Aminus_triplet": 0.3}
SYNAPSES = {
    "additive": ("stdp_synapse", {**_PAIR, "mu_plus": 0.0, "mu_minus": 0.0}, 50.0, TOGETHER),
    "power": ("stdp_synapse", {**_PAIR, "mu_plus": 0.4, "mu_minus": 0.4}, 50.0, POST),
    "nearest": ("stdp_nn_symm_synapse", {**_PAIR, "mu_plus": 0.0, "mu_minus": 0.0}, 50.0, POST),
    "triplet": (
        "stdp_triplet_synapse", {**_TRIPLET, "Wmax": 100.0, "tau_plus": 16.8, "tau_plus_triplet": 101.0}, 50.0, POST
    ),
    "vogels": ("vogels_sprekeler_synapse", {"Wmax": 100.0, "eta": 0.1, "alpha": 0.12, "tau": 20.0}, 5.0, POST),
}  # fmt: skip
"""Synapse model, its parameters, the weight at the start, postsynaptic spikes."""
DELAYS = [1, 5]


def neuron(nest, model, params, weight):
    """Return spikes (ms) and potentials (mV) of a neuron."""
    nest.ResetKernel()
    cell = nest.Create(model, params=params)
    times = {"spike_times": [float(t) for t in INPUT], "spike_weights": [weight * s for s in SIZES]}
    nest.Connect(nest.Create("spike_generator", params=times), cell, syn_spec={"delay": 1.0})
    spikes = nest.Create("spike_recorder")
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.1})
    nest.Connect(cell, spikes)
    nest.Connect(meter, cell)
    nest.Simulate(200.0)
    v = dict(zip(meter.events["times"].round(1).tolist(), meter.events["V_m"].tolist(), strict=True))
    return {"spikes": spikes.events["times"].round(1).tolist(), "v": [v[float(t)] for t in AT]}


def synapse(nest, model, params, weight, post, delay):
    """Return the weight with which each presynaptic spike is passed on."""
    nest.ResetKernel()
    ends = []
    for times in (PRE, post):
        source = nest.Create("spike_generator", params={"spike_times": [float(t) for t in times]})
        ends.append(nest.Create("parrot_neuron"))
        nest.Connect(source, ends[-1], syn_spec={"delay": 1.0})
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(model, "recorded", {**params, "weight_recorder": recorder})
    nest.Connect(
        *ends, syn_spec={"synapse_model": "recorded", "weight": weight, "delay": delay, "receptor_type": 1}
    )
    nest.Simulate(300.0)
    return recorder.events["weights"].tolist()


def short_term(nest):
    """Return the current (pA) that each spike adds through `tsodyks2_synapse`."""
    nest.ResetKernel()
    cell = nest.Create("iaf_psc_exp", params={"tau_syn_ex": 3.0, "V_th": 1e9})
    source = nest.Create("spike_generator", params={"spike_times": [float(t) for t in PRE]})
    relay = nest.Create("parrot_neuron")
    nest.Connect(source, relay, syn_spec={"delay": 1.0})
    spec = {
        "synapse_model": "tsodyks2_synapse",
        "U": 0.5,
        "tau_rec": 200.0,
        "tau_fac": 150.0,
        "weight": 100.0,
    }
    nest.Connect(relay, cell, syn_spec={**spec, "delay": 1.0})
    meter = nest.Create("multimeter", params={"record_from": ["I_syn_ex"], "interval": 0.1})
    nest.Connect(meter, cell)
    nest.Simulate(260.0)
    current = meter.events["I_syn_ex"]
    jumps = current[1:] - current[:-1] * 2.718281828459045 ** (-0.1 / 3.0)
    return jumps[jumps > 1e-3].tolist()


def main():
    """Run all protocols and write what they give."""
    import nest

    found = {"version": nest.__version__, "neurons": {}, "synapses": {}}
    for model, chosen in NEURONS.items():
        found["neurons"][model] = neuron(nest, model, *chosen)
    for name, chosen in SYNAPSES.items():
        found["synapses"][name] = [synapse(nest, *chosen, float(delay)) for delay in DELAYS]
    found["tsodyks2"] = short_term(nest)
    Path(__file__).with_name("reference.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
