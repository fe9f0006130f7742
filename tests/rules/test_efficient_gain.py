"""Efficient-coding gains: learning in a circuit reaches the closed form."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import simulate
from neurosim.analysis.gains import patterns_of_moment
from neurosim.circuits.orientation_ring import OrientationRing


@pytest.mark.parametrize("excitation", [0.823, 0.0])
def test_full_batch_learning_reaches_the_closed_form(excitation):
    ring = OrientationRing(neurons=12, stimuli=20, excitation=excitation)
    # Each stimulus as often as it comes in 32: once, and at the adapter 13 times.
    shown = np.concatenate([np.arange(20), np.full(12, 10)])
    probability = np.bincount(shown) / shown.size
    simulation = simulate(ring.network(0.45 if excitation else 0.9))
    for _ in range(90):
        simulation.present({"drive": ring.inputs[:, shown].T}, 450 * ms)
    best = ring.optimal_gains(probability)
    assert np.ptp(best) > 0.02
    np.testing.assert_allclose(simulation.get("input.efficient_gain_g"), best, atol=1e-6)
    np.testing.assert_allclose(simulation.get("ring.r"), ring.curves(best)[:, shown[-1]], atol=1e-5)


def test_a_few_patterns_of_the_same_moment_change_gains_as_all_stimuli_do():
    ring = OrientationRing(neurons=12, stimuli=40)
    few = patterns_of_moment((ring.inputs * ring.uniform) @ ring.inputs.T)
    found = []
    assert len(few) <= 12
    for batch in (ring.inputs.T, few):
        simulation = simulate(ring.network(0.3))
        simulation.present({"drive": batch}, 600 * ms)
        found.append(np.array(simulation.get("input.efficient_gain_g")))
    assert np.abs(found[0] - 1).max() > 0.01
    np.testing.assert_allclose(*found, rtol=1e-9)


def test_one_presentation_changes_gains_by_the_gradient_of_its_stimulus():
    ring = OrientationRing(neurons=12, stimuli=20)
    simulation = simulate(ring.network(0.05), "brian2")
    g = np.ones(12)
    for stimulus in (3, 10, 17):
        simulation.present({"drive": ring.inputs[:, stimulus]}, 900 * ms)
        f = ring.inputs[:, stimulus]
        r = ring.response @ (g * f)
        d = ring.response.T @ (ring.read_out.T @ (f - ring.read_out @ r) - ring.activity_cost * r)
        g = g + 2 * 0.05 * (f * d - ring.homeostatic_cost * (g - 1))
    np.testing.assert_allclose(simulation.get("input.efficient_gain_g"), g, rtol=1e-7)
