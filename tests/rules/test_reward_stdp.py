"""Dopamine-modulated STDP: one pair and one reward in closed form, and the sign of the reward's delay."""

import numpy as np
import pytest
from brian2 import ms, second

from neurosim import AllToAll, Network, OneToOne, Population, Projection, simulate
from neurosim.neurons import LeakyRate, SpikeTrain
from neurosim.rules import RewardSTDP
from neurosim.synapses import Pulse
from neurosim.testing import imposed_population
from tests.rules.spike_pairs import PULSE

DOPAMINE, TAU_D = 0.5, 0.2  # 1, s
PAIR = 0.1  # s, the spike that completes every pair


def rewarded(delay, dt, apart, seconds, engine="fused"):
    """Return the change of a weight per pair: the postsynaptic spike comes `apart` s after the presynaptic one."""
    earlier = PAIR - np.abs(apart)
    times = [np.where(apart > 0, earlier, PAIR), np.where(apart > 0, PAIR, earlier)]
    n, ids = len(apart), np.arange(len(apart))
    network = Network("rewarded", dt).add(
        *(
            p
            for name, at in zip("ab", times, strict=True)
            for p in imposed_population(name, n, at * second, ids, dt)
        ),
        # Arrives at the end of its step, as the spikes of pairs do.
        Population("reward", 1, SpikeTrain(times=[PAIR + delay] * second, ids=[0])),
        Population("dopamine", 1, LeakyRate(tau=TAU_D * second, transfer="identity")),
        Projection("pulse", "reward", "dopamine", Pulse(port="r"), AllToAll(), DOPAMINE),
        Projection("p", "a", "b", PULSE, OneToOne(), 2.0, rules=RewardSTDP(w_max=4.0)),
    )
    simulation = simulate(network, engine)
    simulation.run(seconds * second)
    return np.array(simulation.get("p.w")) - 2


def closed_form(delay, apart, until):
    """Return c_0 d_0 e^(-delay/tau_c)/(1/tau_c + 1/tau_d), over the time from the reward until the end of the run."""
    c = np.where(apart > 0, 0.025, -0.0375) * np.exp(-np.abs(apart) / 0.020)
    rate = 1 / 1.0 + 1 / TAU_D
    return 4.0 * c * DOPAMINE * np.exp(-delay / 1.0) / rate * (1 - np.exp(-rate * until))


@pytest.mark.parametrize("delay", [0.0, 0.3, 1.0])
def test_one_pair_and_one_reward_change_the_weight_as_in_closed_form(delay):
    # 1e-4 is the project's acceptance value; Euler steps of the eligibility are 4e-5 off at this dt.
    apart = np.array([0.002, 0.010, -0.002, -0.015])
    after = rewarded(delay, 0.01 * ms, apart, PAIR + delay + 1.0)
    np.testing.assert_allclose(after, closed_form(delay, apart, 1.0), rtol=1e-4)


def test_brian2_agrees():
    apart = np.array([0.002, -0.015])
    after = rewarded(0.1, 0.1 * ms, apart, 0.4, "brian2")
    np.testing.assert_allclose(after, closed_form(0.1, apart, 0.2), rtol=1e-3)
