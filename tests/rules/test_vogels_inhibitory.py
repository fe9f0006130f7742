"""Inhibitory STDP: given trains event by event, drift of Poisson trains, a neuron that comes to its target rate."""

import numpy as np
import pytest
from brian2 import Hz, ms, second

from neurosim import AllToAll, Network, Population, Projection, Recorder, simulate
from neurosim.neurons import ConductanceLIF, Poisson
from neurosim.rules import VogelsInhibitory
from neurosim.synapses import Pulse
from tests.references import BOTH
from tests.rules.spike_pairs import after_trains, poisson_pairs, random_trains


def by_events(pre, post, rule, weight):
    """Return the weight by the list of spikes (ms) alone; within one step the presynaptic spike comes first."""
    x = y = last = 0.0
    alpha = 2 * float(rule.rho_0 * rule.tau)
    for time, late in sorted([(s, False) for s in pre] + [(s, True) for s in post]):
        decay = np.exp(-(time - last) / float(rule.tau / ms))
        x, y, last = x * decay, y * decay, time
        weight = max(weight + rule.eta * (x if late else y - alpha), 0.0)
        x, y = (x, y + 1) if late else (x + 1, y)
    return weight


@pytest.mark.parametrize("engine", BOTH)
def test_change_is_that_of_the_events_and_stays_above_zero(engine):
    rules = {"high": VogelsInhibitory(tau=15 * ms), "low": VogelsInhibitory(eta=0.3, rho_0=60 * Hz)}
    pre, post = (random_trains(seed, 20, 300) for seed in (1, 2))
    after = after_trains(pre, post, rules, 1 * ms, 310, 0.4, engine)
    for name, rule in rules.items():
        known = [by_events(x, y, rule, 0.4) for x, y in zip(pre, post, strict=True)]
        np.testing.assert_allclose(after[name], known, rtol=0, atol=1e-12)
    assert np.any(after["low"] == 0)


@pytest.mark.parametrize("seed", range(3))
def test_drift_of_poisson_trains(seed):
    # <dw/dt> = 2 eta tau r_pre (r_post - rho_0), derived; the target rate is where it changes sign.
    n, seconds, x, eta = 40, 50, 20.0, 1e-3
    rates = np.repeat([2.0, 5.0, 10.0, 20.0], n // 4)
    simulation = simulate(
        poisson_pairs(n, x * Hz, rates * Hz, AllToAll(), 100.0, VogelsInhibitory(eta=eta), 0.5 * ms),
        seed=seed,
    )
    simulation.run(seconds * second)
    seen = (np.array(simulation.get("p.w")).reshape(n, n).mean(axis=0) - 100).reshape(4, -1).mean(
        axis=1
    ) / seconds
    known = 2 * eta * 0.020 * x * (np.array([2.0, 5.0, 10.0, 20.0]) - 5)
    np.testing.assert_allclose(seen, known, atol=0.05 * np.abs(known).max())


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
def test_a_neuron_comes_to_fire_at_the_target_rate(seed):
    # 15 % is the project's acceptance value; an independent prototype of the project gave 5.41 to 5.55 Hz for 5 Hz.
    n, start, seconds = 4, 50, 50
    network = Network("balance", 0.1 * ms).add(
        Population("excitation", 8, Poisson(rate=1000 * Hz)),
        Population("inhibition", 200, Poisson(rate=10 * Hz)),
        Population("neuron", n, ConductanceLIF()),
        Projection("drive", "excitation", "neuron", Pulse(), AllToAll(), 0.03),
        Projection(
            "p", "inhibition", "neuron", Pulse(port="g_i"), AllToAll(), 0.0, rules=VogelsInhibitory(eta=2e-3)
        ),
        Recorder("neuron"),
    )
    simulation = simulate(network, seed=seed)
    simulation.run((start + seconds) * second)
    times = np.asarray(simulation.recordings()["neuron.spikes"].times)
    before, after = np.sum(times < 1) / n, np.sum(times >= start) / n / seconds
    assert before > 30
    assert after == pytest.approx(5, rel=0.15)
