"""Gain adaptation in a scalar whitening loop: the variance reaches its target at the gain that theory gives."""

import numpy as np
import pytest
from brian2 import ms, second
from scipy.optimize import brentq

from neurosim import Network, OneToOne, Population, Projection, Recorder, simulate
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rng import generator
from neurosim.rules import GainAdaptation
from neurosim.synapses import Graded

DT, TAU = 0.1, 1.0  # ms
HOLD = 100  # steps for which an input is held
UNITS, SAMPLES = 16, 6000


def loop(target: float) -> Network:
    """Return units with input x, each inhibited by an interneuron of its own: tau dr/dt = -r + x - g r."""
    return Network("loop", DT * ms).add(
        Population("x", UNITS, Signal()),
        Population("r", UNITS, LeakyRate(tau=TAU * ms, transfer="identity")),
        Population(
            "z", UNITS, GradedUnit(transfer="identity"), rules=GainAdaptation(eta=0.3 / second, target=target)
        ),
        Projection("drive", "x", "r", Graded(), OneToOne(), 1.0),
        Projection("ahead", "r", "z", Graded(), OneToOne(), 1.0),
        Projection("back", "z", "r", Graded(), OneToOne(), -1.0),
        # Sampled where a new input begins, so that what is seen is the end of the hold before.
        Recorder("z", "gain_adaptation_g", every=HOLD),
        Recorder("z", "y", every=HOLD),
    )


def variance(g: float, sigma: float) -> float:
    """Return <z^2> at a gain g for inputs drawn anew every HOLD steps with standard deviation sigma.

    Within a hold r goes from r_old to x/(1 + g) by a factor q = 1 - (1 - e^(-dt/tau)) (1 + g) per step; r_old is the
    value that the hold before has reached. So <z^2> = (sigma/(1 + g))^2 (1 - 2 <q^k> + 2 <q^2k>), k = 0..HOLD-1.
    """
    powers = (1 - (1 - np.exp(-DT / TAU)) * (1 + g)) ** np.arange(HOLD)
    return (sigma / (1 + g)) ** 2 * (1 - 2 * powers.mean() + 2 * (powers**2).mean())


@pytest.mark.parametrize(("seed", "sigma", "target"), [(0, 3.0, 1.0), (1, 3.0, 1.0), (2, 2.0, 0.5)])
def test_scalar_loop_reaches_the_target_variance_at_the_gain_of_the_fixed_point(seed, sigma, target):
    inputs = generator(seed, "x").normal(size=(SAMPLES, UNITS))
    inputs *= sigma / np.sqrt((inputs[SAMPLES // 2 :] ** 2).mean(axis=0))
    simulation = simulate(loop(target))
    simulation.run(SAMPLES * HOLD * DT * ms, {"x": np.repeat(inputs, HOLD, axis=0)})
    seen = simulation.recordings()
    gains, ends = (seen[f"z.{name}"].values[SAMPLES // 2 :] for name in ("gain_adaptation_g", "y"))
    expected = brentq(lambda g: variance(g, sigma) - target, -0.5, 10)
    # Without the transients after each new input it would be sigma/sqrt(target) - 1.
    assert expected == pytest.approx(sigma / np.sqrt(target) - 1, rel=0.05)
    assert np.mean(gains) == pytest.approx(expected, rel=0.02)
    # At the end of a hold the transient is gone.
    assert np.mean(ends**2) == pytest.approx((sigma / (1 + expected)) ** 2, rel=0.02)


def test_gain_follows_its_equation_for_a_held_input():
    # Without the loop z = x is given, so g = 1 + eta (x^2 - target) t, whatever g multiplies.
    network = Network("open", 1 * ms).add(
        Population(
            "x", 3, Signal(), {"value": np.array([0.0, 1.0, 2.0])}, rules=GainAdaptation(eta=0.5 / second)
        )
    )
    for engine in ("fused", "brian2"):
        simulation = simulate(network, engine)
        simulation.run(0.4 * second)
        np.testing.assert_allclose(
            simulation.get("x.gain_adaptation_g"), 1 + 0.5 * np.array([-1, 0, 3]) * 0.4
        )
        np.testing.assert_allclose(simulation.get("x.output"), [0.0, 1.0, 2 * 1.6])
        # The activity is what the gain has not touched.
        np.testing.assert_allclose(simulation.get("x.activity"), [0.0, 1.0, 2.0])
