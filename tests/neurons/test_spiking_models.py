"""Conductance LIF and AdEx: the same spikes and potentials as Brian2, and closed forms of a single neuron."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, pA, second

from neurosim import AllToAll, Network, Population, Projection, Recorder, simulate
from neurosim.neurons import AdEx, ConductanceLIF, Poisson
from neurosim.synapses import Pulse


def driven():
    """Return a conductance LIF and an AdEx, three units each, driven by Poisson spikes."""
    drive = [
        Projection(f"{name}_{port}", kind, name, Pulse(port=port), AllToAll(), weight)
        for name, kind, port, weight in (
            ("lif", "excitation", "g_e", 0.1),
            ("lif", "inhibition", "g_i", 0.1),
            ("adex", "excitation", "I_e", 400 * pA),
            ("adex", "inhibition", "I_i", -200 * pA),
        )
    ]
    return Network("driven", 0.1 * ms).add(
        Population("excitation", 20, Poisson(rate=100 * Hz)),
        Population("inhibition", 10, Poisson(rate=50 * Hz)),
        Population("lif", 3, ConductanceLIF(), {"v": [-60, -57, -54] * mV}),
        Population("adex", 3, AdEx(), {"v": [-70, -65, -60] * mV}),
        *drive,
        *(Recorder(name) for name in ("lif", "adex")),
    )


def test_both_engines_give_the_same_spikes_and_states():
    ours, brian = (simulate(driven(), engine, seed=3) for engine in ("fused", "brian2"))
    for simulation in (ours, brian):
        simulation.run(0.5 * second)
    for name in ("lif", "adex"):
        seen, known = (s.recordings()[f"{name}.spikes"] for s in (ours, brian))
        assert seen.steps.size > 10
        np.testing.assert_array_equal(seen.steps, known.steps)
        np.testing.assert_array_equal(seen.ids, known.ids)
    for state in ("lif.v", "lif.g_e", "lif.g_i", "adex.v", "adex.w_ad", "adex.I_e"):
        np.testing.assert_allclose(np.array(ours.get(state)), np.array(brian.get(state)), rtol=1e-9)


def test_conductances_move_the_potential_to_their_weighted_mean():
    # Conductances that hardly decay: v -> (E_L + g_e E_e + g_i E_i)/(1 + g_e + g_i), tau_m divided by the same sum.
    slow = ConductanceLIF(tau_e=1e6 * second, tau_i=1e6 * second)
    network = Network("held", 0.1 * ms).add(
        Population("lif", 1, slow, {"v": -60 * mV, "g_e": 0.2, "g_i": 0.8})
    )
    simulation = simulate(network)
    simulation.run(10 * ms)
    end = (-60 + 0.2 * 0 + 0.8 * -80) / 2
    expected = end + (-60 - end) * np.exp(-10 / (20 / 2))
    assert simulation.get("lif.v")[0] / mV == pytest.approx(expected, rel=1e-6)


def test_adex_spikes_add_to_the_adaptation_and_reset_the_potential():
    network = Network("one", 0.1 * ms).add(Population("adex", 1, AdEx(), {"v": -40 * mV}), Recorder("adex"))
    simulation = simulate(network)
    simulation.run(2 * ms)
    assert simulation.recordings()["adex.spikes"].ids.size == 1
    after = float(simulation.get("adex.w_ad")[0] / pA)
    assert after == pytest.approx(80.5, rel=0.05)
    assert simulation.get("adex.v")[0] / mV == pytest.approx(-71, abs=1)
