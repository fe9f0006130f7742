"""Known networks: rates, irregularity and rhythms in the published ranges, or in those that were measured here."""

import numpy as np
import pytest
from brian2 import second

from neurosim import simulate
from neurosim.circuits.known import brunel, coba, cobahh, cuba, decision, inhibitory_plasticity, izhikevich
from neurosim.circuits.known.brunel import REGIMES
from neurosim.datasets import digits
from neurosim.errors import DescriptionError
from tests.circuits.known_activity import activity, brunel_theory, choices
from tests.circuits.known_digits import accuracy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "duration", "rate", "variation"),
    [
        # No published numbers: ranges around the means of five seeds.
        pytest.param(cuba, 1.2, (5.0, 6.3), (0.5, 0.75), id="cuba"),
        pytest.param(coba, 1.2, (16, 24), (1.3, 2.0), id="coba"),
        pytest.param(cobahh, 1.2, (28, 45), (1.7, 2.3), id="cobahh"),
        pytest.param(izhikevich, 2.2, (7.2, 8.4), (0.4, 0.52), id="izhikevich"),
    ],
)
def test_activity_is_sustained_and_irregular(build, duration, rate, variation):
    found = activity(build(), duration, 0.2)
    assert rate[0] < found[0] < rate[1]
    assert variation[0] < found[1] < variation[1]


# Rates and frequencies of the simulations of Brunel 2000, figure 8; 10 % of a rate, 15 % of a frequency.
PUBLISHED = {
    "fast oscillation": (60.7, 180, 0.6, 0.1),
    "asynchronous irregular": (37.7, None, 0.6, 0.1),
    "slow oscillation": (5.5, 22, 2.4, 0.4),
}


@pytest.mark.slow
@pytest.mark.parametrize("regime", PUBLISHED)
def test_brunel_has_the_published_rates_and_frequencies(regime):
    rate, frequency, duration, skip = PUBLISHED[regime]
    seen, variation, rhythm = activity(brunel(regime), duration, skip)
    assert seen == pytest.approx(rate, rel=0.1)
    if frequency:
        assert rhythm == pytest.approx(frequency, rel=0.15)
    assert variation > 0.3


@pytest.mark.slow
def test_brunel_is_regular_where_excitation_dominates():
    rate, variation, _ = activity(brunel("synchronous regular"), 0.3, 0.1)
    assert rate > 200 and variation < 0.05


def test_mean_field_theory_predicts_the_published_rates():
    # Synchrony, which the theory leaves out, raises the first rate and lowers the last.
    for regime, tolerance in (
        ("fast oscillation", 0.1),
        ("asynchronous irregular", 0.02),
        ("slow oscillation", 0.2),
    ):
        assert brunel_theory(*REGIMES[regime]) == pytest.approx(PUBLISHED[regime][0], rel=tolerance)


def test_a_regime_that_is_not_known_is_rejected():
    with pytest.raises(DescriptionError, match="'asynchronous regular' is not known: take one of"):
        brunel("asynchronous regular")


@pytest.mark.slow
def test_inhibition_learns_to_keep_the_target_rate():
    rate, variation, _ = activity(inhibitory_plasticity(2000, eta=0.03), 30.0, 20.0)
    assert rate == pytest.approx(3, rel=0.15)
    assert variation > 0.6


def test_pools_decide_by_coherence():
    shares = []
    for coherence in (0.0, 0.512):
        simulation = simulate(decision(300), seed=1)
        simulation.run(0.5 * second)
        assert np.mean(simulation.recordings()["left.r"].values[-1]) < 5
        left, rate = choices(simulation, coherence, 1.5)
        shares.append(left.mean())
        assert rate.mean() > 15
    # The standard error of 300 fair choices is 3 %.
    assert abs(shares[0] - 0.5) < 0.12
    assert shares[1] > 0.99


@pytest.mark.slow
def test_cells_learn_digits_without_labels():
    train, test = digits().split(1397, 1)
    assert accuracy(train, test, 1) > 0.7
