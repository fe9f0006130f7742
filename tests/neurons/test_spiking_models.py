"""Spiking models but the LIF: the same spikes and potentials as Brian2, and closed forms of a single neuron."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, pA, second

from neurosim import AllToAll, Network, Population, Projection, Recorder, simulate
from neurosim.neurons import AdaptiveLIF, AdEx, ConductanceLIF, DepolarisingAdEx, Poisson, Signal, SpikeTrain
from neurosim.synapses import Graded, Pulse

MODELS = ("lif", "adex", "depolarising", "adaptive")


def driven():
    """Return three units of each model, driven by Poisson spikes."""
    drive = [
        Projection(f"{kind}_to_{name}", kind, name, Pulse(port=port), AllToAll(), weight)
        for name, kind, port, weight in (
            ("lif", "excitation", "g_e", 0.1),
            ("lif", "inhibition", "g_i", 0.1),
            ("adex", "excitation", "I_e", 400 * pA),
            ("adex", "inhibition", "I_i", -200 * pA),
            ("depolarising", "excitation", "I_e", 1500 * pA),
            ("depolarising", "inhibition", "I_i", -200 * pA),
            ("adaptive", "excitation", "v", 0.1),
            ("adaptive", "inhibition", "v", -0.1),
        )
    ]
    return Network("driven", 0.1 * ms).add(
        Population("excitation", 20, Poisson(rate=100 * Hz)),
        Population("inhibition", 10, Poisson(rate=50 * Hz)),
        Population("lif", 3, ConductanceLIF(), {"v": [-60, -57, -54] * mV}),
        Population("adex", 3, AdEx(), {"v": [-70, -65, -60] * mV}),
        Population("depolarising", 3, DepolarisingAdEx(), {"v": [-70, -65, -60] * mV}),
        Population("adaptive", 3, AdaptiveLIF(beta=0.2), {"v": np.array([0.0, 0.3, 0.6])}),
        *drive,
        *(Recorder(name) for name in MODELS),
    )


@pytest.mark.slow
def test_both_engines_give_the_same_spikes_and_states():
    ours, brian = (simulate(driven(), engine, seed=3) for engine in ("fused", "brian2"))
    for simulation in (ours, brian):
        simulation.run(0.5 * second)
    for name in MODELS:
        seen, known = (s.recordings()[f"{name}.spikes"] for s in (ours, brian))
        assert seen.steps.size > 10
        np.testing.assert_array_equal(seen.steps, known.steps)
        np.testing.assert_array_equal(seen.ids, known.ids)
    states = ("lif.v", "lif.g_e", "lif.g_i", "adex.v", "adex.w_ad", "adex.I_e", "adaptive.v", "adaptive.a")
    for state in (*states, *(f"depolarising.{name}" for name in ("v", "w_ad", "z", "V_T"))):
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


def test_a_depolarising_adex_gets_its_afterpotential_and_threshold_at_a_spike():
    network = Network("one", 0.1 * ms).add(
        Population("b", 1, DepolarisingAdEx(), {"v": -40 * mV}), Recorder("b"), Recorder("b", "v")
    )
    simulation = simulate(network)
    simulation.run(60 * ms)
    recorded = simulation.recordings()
    (step,) = recorded["b.spikes"].steps
    passed = 599 - step
    # Steps of Euler's method from the spike on.
    assert simulation.get("b.z")[0] / pA == pytest.approx(400 * (1 - 0.1 / 40) ** passed, rel=1e-9)
    threshold = -50.4 + 80.8 * (1 - 0.1 / 50) ** passed
    assert simulation.get("b.V_T")[0] / mV == pytest.approx(threshold, rel=1e-9)
    assert np.max(recorded["b.v"].values[step + 100 :]) > -65e-3  # depolarised after the spike


@pytest.mark.parametrize("engine", ["fused", "brian2"])
def test_an_adaptive_lif_follows_its_recursion_in_discrete_time(engine):
    steps, beta = 400, 0.3
    rng = np.random.default_rng(0)
    arrivals, drive = rng.random(steps) < 0.2, rng.normal(0.5, 0.5, steps)
    network = Network("recursion", 1 * ms).add(
        Population("in", 1, SpikeTrain(times=np.flatnonzero(arrivals) * ms, ids=np.zeros(arrivals.sum()))),
        Population("current", 1, Signal()),
        Population("b", 1, AdaptiveLIF(beta=beta, tau_a=100 * ms)),
        Projection("pulses", "in", "b", Pulse(port="v"), AllToAll(), 0.4),
        Projection("flow", "current", "b", Graded(), AllToAll(), 1.0),
        *(Recorder("b", name) for name in ("spikes", "v", "a", "psi")),
    )
    simulation = simulate(network, engine)
    simulation.run(steps * ms, {"current": drive[:, None]})
    recorded = simulation.recordings()
    alpha, rho = np.exp(-1 / 20), np.exp(-1 / 100)
    v = a = 0.0
    spikes = []
    for t in range(steps):
        apart = v + (1 / alpha - 1) * drive[t] - (1 + beta * a)
        known = v, a, 0.3 * max(0, 1 - abs(apart))
        np.testing.assert_allclose(
            [recorded[f"b.{name}"].values[t, 0] for name in ("v", "a", "psi")], known, rtol=1e-9, atol=1e-12
        )
        z = float(apart > 0)
        spikes += [t] * int(z)
        v, a = alpha * v + (1 - alpha) * drive[t] + 0.4 * arrivals[t] - z, rho * a + z
    np.testing.assert_array_equal(recorded["b.spikes"].steps, spikes)
    assert len(spikes) > 10
