"""Pair STDP on a neuron with a thousand inputs: weights part into two groups, and the output rate hardly follows."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import AllToAll, Network, Population, Projection, Recorder, Uniform, simulate
from neurosim.neurons import ConductanceLIF, Poisson
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse

W_MAX, SECONDS, SETTLED = 0.015, 2000, 1600  # 1, s, s
RULE = PairSTDP(a_plus=0.005, a_minus=1.05 * 0.005, tau_pre=20 * ms, tau_post=20 * ms, w_max=W_MAX)
NEURON = ConductanceLIF(
    **{"tau_m": 20 * ms, "tau_e": 5 * ms, "tau_i": 5 * ms, "tau_ref": 0 * ms, "E_L": -70 * mV, "E_e": 0 * mV},
    **{"E_i": -70 * mV, "v_threshold": -54 * mV, "v_reset": -60 * mV},
)


def settled(rate, seed):
    """Return (weights over the largest, output rate in Hz) of a neuron with 1000 plastic inputs of a rate (Hz)."""
    network = Network("song_abbott", 0.1 * ms).add(
        Population("excitation", 1000, Poisson(rate=rate * Hz)),
        Population("inhibition", 200, Poisson(rate=10 * Hz)),
        Population("neuron", 1, NEURON),
        Projection("plastic", "excitation", "neuron", Pulse(), AllToAll(), Uniform(0, W_MAX), rules=RULE),
        Projection("fixed", "inhibition", "neuron", Pulse(port="g_i"), AllToAll(), 0.05),
        Recorder("neuron"),
    )
    simulation = simulate(network, seed=seed)
    simulation.run(SECONDS * second)
    steps = simulation.recordings()["neuron.spikes"].steps
    output = np.sum(steps >= SETTLED * 10_000) / (SECONDS - SETTLED)
    return np.array(simulation.get("plastic.w")) / W_MAX, output


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_weights_part_and_the_output_rate_is_compressed(seed):
    # Song, Miller, Abbott 2000, Nat. Neurosci. 3:919, in quality; the numbers are the project's acceptance values.
    outputs = []
    for rate in (10, 20, 40):
        weights, output = settled(rate, seed)
        assert np.mean(weights < 0.1) + np.mean(weights > 0.9) >= 0.7
        assert np.mean((weights > 0.3) & (weights < 0.7)) <= 0.1
        assert np.mean(weights > 0.9) > 0.03 and np.mean(weights < 0.1) > 0.2
        outputs.append(output)
    assert 1 < outputs[1] / outputs[0] < outputs[2] / outputs[0] < 2
