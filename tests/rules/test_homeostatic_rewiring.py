"""Homeostatic rewiring of a spiking network: calcium comes to its set-point, and back to it after a loss of input."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import Network, OneToOne, Population, Probability, Projection, Uniform, simulate
from neurosim.neurons import LIF, Poisson
from neurosim.rules import HomeostaticRewiring, SynapticElements
from neurosim.synapses import Pulse

CELLS, INHIBITORY = 50, 12
LESIONED = slice(0, 15)


def elements(epsilon, excitatory):
    """Return elements whose calcium is 0.05 at 5 Hz, with rates of growth three times those of NEST's example."""
    return SynapticElements(
        tau_Ca=2 * second, beta_Ca=0.005, epsilon=epsilon,
        nu_axonal=0.3 * Hz, nu_excitatory=0.3 * excitatory * Hz, nu_inhibitory=0.3 * Hz,
    )  # fmt: skip


def network():
    """Return E and I cells, unconnected at first, with the set-points of that example: 0.05 (5 Hz) and 0.2 (20 Hz)."""
    neuron, start = LIF(E_L=-60 * mV), {"v": Uniform(-60 * mV, -50 * mV)}
    every = Probability(1.0, autapses=False)
    excite, inhibit = HomeostaticRewiring(), HomeostaticRewiring(kind="inhibitory")
    return Network("homeostasis").add(
        Population("drive_E", CELLS, Poisson(rate=1700 * Hz)),
        Population("drive_I", INHIBITORY, Poisson(rate=2100 * Hz)),
        Population("E", CELLS, neuron, start, elements(0.05, 1)),
        Population("I", INHIBITORY, neuron, start, elements(0.2, 4)),
        Projection("input_E", "drive_E", "E", Pulse(), OneToOne(), np.full(CELLS, 1.0) * mV),
        Projection("input_I", "drive_I", "I", Pulse(), OneToOne(), 1 * mV),
        Projection("EE", "E", "E", Pulse(), every, 3 * mV, 1 * ms, rules=excite),
        Projection("EI", "E", "I", Pulse(), every, 3 * mV, 1 * ms, rules=excite),
        Projection("IE", "I", "E", Pulse(port="g_i"), every, -0.75 * mV, 1 * ms, rules=inhibit),
        Projection("II", "I", "I", Pulse(port="g_i"), every, -0.75 * mV, 1 * ms, rules=inhibit),
    )


def calcium(simulation, seconds):
    """Return the calcium of each E and each I cell, the mean of values taken every second."""
    seen = []
    for _ in range(seconds):
        simulation.run(1 * second)
        seen.append([np.array(simulation.get(f"{name}.synaptic_elements_C")) for name in "EI"])
    return tuple(np.mean([values[i] for values in seen], axis=0) for i in (0, 1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_calcium_comes_to_its_set_point_and_back_after_a_loss_of_input(seed):
    simulation = simulate(network(), seed=seed)
    first = calcium(simulation, 2)[0].mean()
    simulation.run(108 * second)
    before = calcium(simulation, 30)
    assert first < 0.03
    for mean, epsilon in zip(map(np.mean, before), (0.05, 0.2), strict=True):
        assert abs(mean / epsilon - 1) < 0.1

    # Some E cells lose a tenth of their input, which nearly silences them: with new synapses they come back, past the
    # set-point at times; without, they do not.
    weights = np.array(simulation.get("input_E.w"))
    weights[LESIONED] *= 0.9
    simulation.set("input_E.w", weights * 1e3 * mV)
    control = simulate(network(), seed=seed)
    control.restore(simulation.state())
    for name in ("EE", "EI", "IE", "II"):
        control.set(f"{name}.homeostatic_rewiring_interval", 1e5 * second)
    control.run(30 * second)
    assert calcium(control, 20)[0][LESIONED].mean() < 0.2 * 0.05
    synapses = simulation.get("EE.mask").sum()
    simulation.run(20 * second)
    assert calcium(simulation, 10)[0][LESIONED].mean() < 0.5 * 0.05
    simulation.run(50 * second)
    assert calcium(simulation, 40)[0][LESIONED].mean() > 0.7 * 0.05
    assert simulation.get("EE.mask").sum() > 1.2 * synapses
