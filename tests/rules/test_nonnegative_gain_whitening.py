"""Gains with a bound: what falls below it stops there, after a batch and after a step, on every engine."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from neurosim import Bounds, Network, NeuronRule, Population, own, parameter, simulate
from neurosim.analysis.gains import whitened_covariance
from neurosim.circuits.whitening import WhiteningCircuit, mercedes_benz
from neurosim.errors import DescriptionError
from neurosim.neurons import LIF, GradedUnit, Signal
from neurosim.rules import NonnegativeGainWhitening
from tests.references import BOTH

FRAME = mercedes_benz()


@pytest.mark.parametrize("engine", BOTH)
def test_a_batch_is_averaged_before_the_bound_acts(engine):
    # One pattern pulls far below 0, the other up: the mean counts.
    rule = NonnegativeGainWhitening(eta=0.5)
    circuit = WhiteningCircuit(np.array([[[1.0, 1.0]]]), np.array([0.3, 0.0]), rule)
    simulation = simulate(circuit.network(), engine)
    for batch, change in (([[0.1], [1.3]], None), ([[0.1], [0.2]], 0.0)):
        before = np.array(simulation.get("z.nonnegative_gain_whitening_g"))
        simulation.present({"s": np.array(batch)}, 20 * ms)
        z = np.array(batch)[:, 0] / (1 + before.sum())
        expected = np.maximum(before + 0.5 * np.mean(z**2 - 1), 0)
        np.testing.assert_allclose(simulation.get("z.nonnegative_gain_whitening_g"), expected, atol=1e-6)
        assert change is None or np.all(expected == change)


def test_a_clamped_gain_leaves_at_most_the_target_variance():
    # Figure 5 of the paper: an ill-conditioned input, whose second direction needs gains below 0.
    turn = np.deg2rad(25)
    v = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    covariance = 2 * v @ np.diag([3, 5e-3]) @ v.T
    values, vectors = np.linalg.eigh(covariance)
    batch = np.sqrt(2 * values)[:, None] * vectors.T
    simulation = simulate(
        WhiteningCircuit(FRAME[None], np.zeros(3), NonnegativeGainWhitening(eta=0.3), dt=0.5).network()
    )
    for _ in range(600):
        simulation.present({"s": batch}, 20 * ms)
    gains = np.array(simulation.get("z.nonnegative_gain_whitening_g"))
    variances = np.diag(FRAME.T @ whitened_covariance(FRAME, gains, covariance) @ FRAME)
    assert np.any(gains == 0) and np.any(gains > 0)
    np.testing.assert_allclose(variances[gains > 0], 1, atol=1e-6)
    assert np.all(variances[gains == 0] <= 1 + 1e-6)


class Sinking(NeuronRule):
    """A gain that sinks to a floor, and that each spike lifts to a ceiling."""

    floor = parameter(0.25, "lowest gain", low=0.0)
    rate = parameter(1 / second, "speed of sinking")
    g = own.gain("g_e")
    dg = "-rate"
    on_spike = "g += 5"
    then = Bounds("floor", 2.0, "g")


@pytest.mark.parametrize("engine", BOTH)
def test_bounds_act_after_every_step_and_spike(engine):
    rule = Sinking()
    network = Network("sinking", 1 * ms).add(Population("n", 2, LIF(E_L=-60 * mV), rules=rule))
    simulation = simulate(network, engine)
    simulation.run(0.5 * second)
    np.testing.assert_allclose(simulation.get("n.sinking_g"), 0.5, atol=1e-9)
    simulation.run(0.5 * second)
    assert np.all(simulation.get("n.sinking_g") == 0.25)
    simulation.set("n.v", simulation.get("n.v_threshold") * np.array([0.5, 1.0]))
    simulation.run(1 * ms)
    np.testing.assert_allclose(simulation.get("n.sinking_g"), [2.0, 0.25], atol=1e-9)


class Nothing(NeuronRule):
    """A rule that bounds what it does not keep."""

    rate = parameter(1 / second, "speed")
    g = own.gain("I")
    dg = "-rate"
    then = Bounds(0, 1, "h")


def test_bounds_that_cannot_be_kept_are_rejected():
    def network(rule, start=None):
        return Network("n", 1 * ms).add(
            Population("x", 1, Signal()), Population("u", 1, GradedUnit(), start or {}, rule)
        )

    with pytest.raises(DescriptionError, match=r"Nothing\.then bounds 'h'"):
        simulate(network(Nothing()))
    rule = NonnegativeGainWhitening()
    with pytest.raises(DescriptionError, match="violate the bounds"):
        simulate(network(rule, {"nonnegative_gain_whitening_g": -1.0}))
