"""Synaptic scaling: one factor for all synapses of a neuron, and an activity that reaches its target."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import AllToAll, Network, Population, Projection, Recorder, SynapticRule, parameter, simulate
from neurosim.neurons import LIF, LeakyRate, Poisson, Signal
from neurosim.rng import generator
from neurosim.rules import SynapticScaling
from neurosim.synapses import Graded, ScaledPulse
from tests.references import BOTH

TARGETS = 20


class WeightDrift(SynapticRule):
    """dw/dt = -drift * w;  drift relative loss of weight (1/s).

    Source: none, a disturbance for tests.
    """

    drift = parameter(0.1 / second, "relative loss of weight")
    dw = "-drift * w"


def rate_network(seed: int, *rules: SynapticRule) -> Network:
    """Return six constant inputs onto linear rate units."""
    weight = generator(seed, "weight").uniform(0.1, 0.6, (TARGETS, 6))
    return Network("scaled_rates", 1 * ms).add(
        Population("x", 6, Signal(), {"value": generator(seed, "x").uniform(0.2, 1.0, 6)}),
        Population("y", TARGETS, LeakyRate(transfer="identity")),
        Projection("p", "x", "y", Graded(), AllToAll(), weight, rules=rules),
    )


def spiking_network(seed: int, *rules: SynapticRule) -> Network:
    """Return Poisson inputs onto integrate-and-fire neurons that are silent without them."""
    weight = generator(seed, "weight").uniform(0.5, 1.5, (TARGETS, 60))
    return Network("scaled_spikes", 0.5 * ms).add(
        Population("x", 60, Poisson(rate=20 * Hz)),
        Population("y", TARGETS, LIF(E_L=-60 * mV), {"v": -60 * mV}, activity_window=500 * ms),
        Projection("p", "x", "y", ScaledPulse(quantum=2 * mV), AllToAll(), weight, rules=rules),
        Recorder("y"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("build", [rate_network, spiking_network])
@pytest.mark.parametrize("engine", BOTH)
def test_ratios_of_weights_are_conserved(build, engine):
    simulation = simulate(build(0, SynapticScaling(beta=3 / second)), engine)
    before = simulation.matrix("p").copy()
    simulation.run(0.5 * second)
    factor = simulation.matrix("p") / before
    assert np.abs(factor - 1).max() > 0.1
    # To the machine's precision: 1000 steps, each rounded to 2e-16.
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1], factor.shape), rtol=1e-13)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("target", [0.5, 2.0])
def test_rate_units_reach_the_target(seed, target):
    simulation = simulate(rate_network(seed, SynapticScaling(beta=1 / second, target=target)))
    simulation.run(60 * second)
    np.testing.assert_allclose(simulation.get("y.r"), target, rtol=0.02)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("target", [0.5, 1.5])
def test_spiking_neurons_reach_the_target(seed, target):
    # Activity 1 is the reference rate, 10 Hz.
    simulation = simulate(spiking_network(seed, SynapticScaling(beta=0.2 / second, target=target)), seed=seed)
    simulation.run(60 * second)
    steps = simulation.recordings()["y.spikes"].steps
    rate = np.sum(steps * 0.5e-3 >= 20) / TARGETS / 40
    assert rate == pytest.approx(10 * target, rel=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_a_constant_drift_leaves_the_offset_drift_over_beta(seed):
    # 0 = beta (target - y) - drift, so y = target - drift/beta.
    rules = SynapticScaling(beta=1 / second, target=1.0), WeightDrift(drift=0.3 / second)
    simulation = simulate(rate_network(seed, *rules))
    simulation.run(60 * second)
    np.testing.assert_allclose(simulation.get("y.r"), 0.7, rtol=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_the_sum_of_errors_takes_away_the_offset_of_a_constant_drift(seed):
    # Derived: e is at rest only at the target, and there beta e = drift.
    rules = SynapticScaling(beta=1 / second, target=1.0, gamma=0.2 / second), WeightDrift(drift=0.3 / second)
    simulation = simulate(rate_network(seed, *rules))
    simulation.run(60 * second)
    np.testing.assert_allclose(simulation.get("y.r"), 1.0, rtol=0.02)
    np.testing.assert_allclose(simulation.get("p.synaptic_scaling_e"), 0.3, rtol=0.02)
