"""Voltage-based STDP: clamped potentials in closed form, the frequency protocol, and what the potential does to it."""

import numpy as np
import pytest
from brian2 import ms, mV, nA, pA, second

from neurosim import AllToAll, Clamp, Network, OneToOne, Population, Projection, Recorder, simulate
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.neurons import DepolarisingAdEx, Signal, SpikeTrain
from neurosim.rules import ClopathSTDP, HomeostaticClopathSTDP
from neurosim.synapses import Graded, Pulse, ScaledPulse
from neurosim.testing import Imposed, imposed_population
from tests.references import BOTH

SILENT = ScaledPulse(port="I_e", quantum=0 * pA)


def trains(times):
    """Return a source that spikes at the times (s) of each unit."""
    return SpikeTrain(
        times=np.concatenate(times) * second, ids=np.repeat(np.arange(len(times)), [len(t) for t in times])
    )


# Clamped potentials ------------------------------------------------------------------------------------------------

POTENTIALS = np.array([-80.0, -70.6, -60.0, -46.0, -40.0, -30.0])  # mV
TIMES, END = np.array([0.2, 0.25, 0.3, 0.42]), 0.6  # s


def clamped(rules, engine="fused", dt=0.1):
    """Return the change of a weight, by rule, whose neuron is held at each potential and does not spike."""
    n = POTENTIALS.size
    network = Network("clamped", dt * ms).add(
        Population("a", n, trains([TIMES] * n)),
        Population("b", n, DepolarisingAdEx()),
        *(Projection(name, "a", "b", SILENT, OneToOne(), 1.0, rules=rule) for name, rule in rules.items()),
    )
    for i, potential in enumerate(POTENTIALS):
        network.add(Clamp("b", "v", potential * mV, indices=(i,)))
    simulation = simulate(network, engine)
    simulation.run(END * second)
    return {name: np.array(simulation.get(f"{name}.w")) - 1 for name in rules}


def by_hand(mean=0.0):
    """Return (depression, potentiation) at each potential; mean, the time constant of the homeostasis (s) or 0."""

    def above(threshold, filtered=0.0):
        # A potential that starts at -70.6 mV and has followed for a time.
        return np.maximum(POTENTIALS - (POTENTIALS + 70.6) * filtered - threshold, 0)

    depression, potentiation = np.zeros(POTENTIALS.size), np.zeros(POTENTIALS.size)
    for time in TIMES:
        factor = ((POTENTIALS + 70.6) * (1 - np.exp(-time / mean)) / 8) ** 2 if mean else 1
        depression += 14e-5 * factor * above(-70.6, np.exp(-time / 0.010))
        # The integral of x, which is 1/tau_x at the spike.
        potentiation += 8e-5 * above(-45.3) * above(-70.6) * (1 - np.exp(-(END - time) / 0.015))
    return depression, potentiation


@pytest.mark.parametrize("engine", BOTH)
def test_clamped_potentials_in_closed_form(engine):
    # Derived from the published equation. The steps of Euler's method are 0.1 ms of 15 ms long.
    rules = {"plain": ClopathSTDP(), "homeostatic": HomeostaticClopathSTDP(u_ref=8 * mV)}
    found = clamped(rules, engine, dt=0.02 if engine == "fused" else 0.1)
    tolerance = 1e-3 if engine == "fused" else 5e-3
    for name, mean in (("plain", 0.0), ("homeostatic", 1.0)):
        down, up = by_hand(mean)
        np.testing.assert_allclose(found[name], up - down, rtol=tolerance, atol=1e-12)
    # Below theta_minus nothing, up to theta_plus depression, above it potentiation.
    assert np.all(found["plain"][:2] == 0)
    assert np.all(found["plain"][2:4] < 0)
    assert np.all(found["plain"][4:] > 0)


# Action potentials -------------------------------------------------------------------------------------------------

PRE, POST = np.array([20, 41, 60, 90]), np.array([32, 45, 52, 80])  # ms


def by_events(v=-60.0, area=200.0, mean=1000.0):
    """Return the change of a weight without and with homeostasis; v stays between its thresholds but for the spikes."""
    change, x, low = np.zeros(2), 0.0, {10.0: 0.0, 7.0: 0.0, mean: 0.0}
    rest, last = v + 70.6, -1  # the decay of step 0 comes before its spikes
    for time, late in sorted([(t, False) for t in PRE] + [(t, True) for t in POST]):
        # All potentials above the rest, where they start.
        low = {tau: rest + (u - rest) * np.exp(-(time - last) / tau) for tau, u in low.items()}
        x, last = x * np.exp(-(time - last) / 15), time
        if late:
            change += 8e-5 * area * x * low[7.0]
            low = {tau: u + area / tau for tau, u in low.items()}
        else:
            change -= 14e-5 * low[10.0] * np.array([1.0, (low[mean] / 8) ** 2])
            x += 1 / 15
    return change


@pytest.mark.parametrize("engine", BOTH)
def test_action_potentials_act_as_pulses_of_their_area(engine):
    # Derived: the potential is that of rest, -60 mV, and the pulses; exact between events.
    network = Network("pulses", 1 * ms).add(
        Population("a", 1, trains([PRE / 1e3])),
        *imposed_population("b", 1, POST * ms, np.zeros(POST.size), 1 * ms, model=Imposed(E_L=-60 * mV)),
        *(
            Projection(name, "a", "b", ScaledPulse(quantum=0 * mV), OneToOne(), 1.0, rules=rule)
            for name, rule in (
                ("plain", ClopathSTDP()),
                ("homeostatic", HomeostaticClopathSTDP(u_ref=8 * mV)),
            )
        ),
    )
    simulation = simulate(network, engine)
    simulation.run(100 * ms)
    found = [simulation.get(f"{name}.w")[0] - 1 for name in ("plain", "homeostatic")]
    np.testing.assert_allclose(found, by_events(), rtol=1e-9)


# Spikes ------------------------------------------------------------------------------------------------------------

RATES, PAIRINGS = (0.1, 10, 20, 40, 50), 60  # Hz


class Stimulated(DepolarisingAdEx):
    """DepolarisingAdEx with a stimulus that flows from a pulse on until the neuron spikes.

    As DepolarisingAdEx, with I_e kept but for the spike, at which I_e = 0.
    Source: none.
    """

    reset = f"{DepolarisingAdEx.reset}; I_e = 0*I_sp"


def paired(apart, rules, current=0.0, engine="fused", dt=0.05):
    """Return the change, by rule, after 60 pairings at each rate, the postsynaptic spike `apart` ms after the other.

    Pairs at 0.1 Hz leave nothing to each other, so six of them, one second apart, stand for sixty. current (nA) flows
    all the time. The stimulus of 20 nA starts the spike, which comes the later the less time the threshold had to fall.
    """
    count = [PAIRINGS if rate > 1 else PAIRINGS // 10 for rate in RATES]
    post = [0.1 + np.arange(n) / max(rate, 1) for n, rate in zip(count, RATES, strict=True)]
    network = Network("paired", dt * ms).add(
        Population("a", len(RATES), trains([times - 1e-3 * apart for times in post])),
        Population("stimulus", len(RATES), trains(post)),
        Population("current", 1, Signal()),
        Population("b", len(RATES), Stimulated(tau_e=1e3 * second)),
        Projection("starts", "stimulus", "b", Pulse(port="I_e"), OneToOne(), 20 * nA),
        Projection("flows", "current", "b", Graded(), AllToAll(), 1 * nA),
        *(Projection(name, "a", "b", SILENT, OneToOne(), 1.0, rules=rule) for name, rule in rules.items()),
        Recorder("b"),
    )
    simulation = simulate(network, engine)
    simulation.run(6.2 * second, {"current": [current]})
    spikes = simulation.recordings()["b.spikes"]
    np.testing.assert_array_equal(np.bincount(spikes.ids), count)
    assert spikes.times.min() < 101 * ms
    many = np.where(np.array(RATES) > 1, 1, 10)
    return {name: many * (np.array(simulation.get(f"{name}.w")) - 1) for name in rules}


@pytest.fixture(scope="module")
def protocol():
    """Return the changes by the time of the postsynaptic spike (ms)."""
    rules = {
        "visual": ClopathSTDP(w_max=10.0),
        "somatosensory": ClopathSTDP.named("somatosensory cortex", w_max=10.0),
    }
    return {apart: paired(apart, rules) for apart in (10, -10)}


def test_the_frequency_protocol(protocol):
    # Sjöström, Turrigiano, Nelson 2001, Neuron 32:1149: what rates do, as the project's rule sheet notes it, not
    # compared with the paper; 0.05 is the error of the measurement at 0.1 Hz noted there.
    later, earlier = protocol[10]["visual"], protocol[-10]["visual"]
    assert abs(later[0]) < 0.05
    assert np.all(np.diff(later) > -0.02) and later[3] > 0.1
    assert np.all(earlier[:3] < -0.05) and np.all(earlier[3:] > 0.05)


def test_potentials_change_weights_at_spikes_of_the_same_times(protocol):
    rules = {"visual": ClopathSTDP(w_max=10.0)}
    lower, higher = paired(10, rules, current=-0.3)["visual"], paired(10, rules, current=0.2)["visual"]
    rest = protocol[10]["visual"]
    assert np.all(lower[:3] < 0.5 * rest[:3]) and np.all(higher[:3] > 1.5 * rest[:3])
    earlier = paired(-10, rules, current=-0.3)["visual"]
    assert np.all(np.abs(earlier[:3]) < 0.7 * np.abs(protocol[-10]["visual"][:3]))


@pytest.mark.parametrize(
    ("name", "noted"),
    [
        ("visual cortex", (-70.6, -45.3, 14e-5, 8e-5, 15, 10, 7)),
        ("somatosensory cortex", (-70.6, -45.3, 21e-5, 30e-5, 30, 6, 5)),
        ("hippocampus", (-41, -38, 38e-5, 2e-5, 16, 10, 7)),
    ],
)
def test_sets_are_those_of_the_rule_sheet(name, noted):
    # theta_minus, theta_plus (mV), A_LTD (1/mV), A_LTP (1/mV^2), tau_x, tau_minus, tau_plus (ms), noted there from
    # memory; that weights end at three times w_0 is a choice made here.
    rule = ClopathSTDP.named(name)
    found = (
        *(rule.theta_minus / mV, rule.theta_plus / mV, rule.A_LTD * mV, rule.A_LTP * mV**2),
        *(rule.tau_x / ms, rule.tau_minus / ms, rule.tau_plus / ms),
    )
    np.testing.assert_allclose(found, noted, rtol=1e-12)
    assert rule.w_max == 3 * rule.w_0


def test_sets_by_name_and_what_is_missing():
    rule = ClopathSTDP.named("hippocampus", tau_x=20 * ms)
    assert (rule.theta_plus, rule.tau_x) == (-38 * mV, 20 * ms)
    assert 21e-5 / mV == HomeostaticClopathSTDP.named("somatosensory cortex", u_ref=8 * mV).A_LTD
    for make, kind, message in (
        (lambda: HomeostaticClopathSTDP(), DescriptionError, r".*\.u_ref \(.*\) has no default: give a value in V"),
        (lambda: HomeostaticClopathSTDP(u_ref=8), DescriptionError, r".*\.u_ref has no unit: give a value in V"),
        (lambda: ClopathSTDP.named("cerebellum"), UnknownNameError, r"ClopathSTDP has no parameter set 'cerebellum'"),
    ):  # fmt: skip
        with pytest.raises(kind, match=f"^{message}") as caught:
            make()
        assert "\n" not in str(caught.value)
