"""Triplet STDP: given trains event by event, the frequency protocol of visual cortex, the drift of Poisson trains."""

import numpy as np
import pytest
from brian2 import Hz, ms, second

from neurosim import AllToAll, simulate
from neurosim.errors import UnknownNameError
from neurosim.rules import NearestTripletSTDP, TripletSTDP
from tests.references import BOTH
from tests.rules.spike_pairs import after_trains, poisson_pairs, random_trains


def by_events(pre, post, rule, nearest, weight=1.5):
    """Return the weight by the list of spikes (ms) alone; within one step the presynaptic spike comes first."""
    tau = np.array([float(t / ms) for t in (rule.tau_plus, rule.tau_x, rule.tau_minus, rule.tau_y)])
    traces, last = np.zeros(4), 0
    for time, kind in sorted(
        [(s, "pre") for s in pre] + [(s, "post") for s in post], key=lambda e: (e[0], e[1] == "post")
    ):
        traces, last = traces * np.exp(-(time - last) / tau), time
        r1, r2, o1, o2 = traces
        if kind == "pre":
            weight -= o1 * (rule.a2_minus + rule.a3_minus * r2)
            traces[:2] = 1 if nearest else traces[:2] + 1
        else:
            weight += r1 * (rule.a2_plus + rule.a3_plus * o2)
            traces[2:] = 1 if nearest else traces[2:] + 1
        weight = min(max(weight, 0), rule.w_max)
    return weight


@pytest.mark.parametrize("engine", BOTH)
def test_change_is_that_of_the_events_within_the_bounds(engine):
    small = {"a2_plus": 0.011, "a3_plus": 0.013, "a2_minus": 0.017, "a3_minus": 0.019}
    pre, post = (random_trains(seed, 20, 300) for seed in (1, 2))
    for size in (1, 40):
        values = {name: size * value for name, value in small.items()}
        rules = {"every": TripletSTDP(**values), "nearest": NearestTripletSTDP(**values)}
        after = after_trains(pre, post, rules, 1 * ms, 310, 1.5, engine)
        for name, rule in rules.items():
            known = [by_events(x, y, rule, name == "nearest") for x, y in zip(pre, post, strict=True)]
            np.testing.assert_allclose(after[name], known, rtol=0, atol=1e-12)


# Sjöström, Turrigiano, Nelson 2001, Neuron 32:1149, as noted in the project's rule sheet (not compared with the paper).
RATES = (0.1, 10, 20, 40, 50)  # Hz
PAIRINGS, APART = 60, 10  # ms
CHANGE = np.array([-0.04, 0.14, 0.29, 0.53, 0.56, -0.29, -0.41, -0.34, 0.56, 0.75])
ERROR = np.array([0.05, 0.10, 0.14, 0.11, 0.26, 0.08, 0.11, 0.10, 0.32, 0.19])


def misfit(change):
    """Return E = (1/10) sum ((model - experiment)/error)^2."""
    return float(np.mean(((change - CHANGE) / ERROR) ** 2))


@pytest.fixture(scope="module")
def protocol():
    """Return, by rule, the change of the ten synapses after 60 pairings; of rules of pairs, of each amplitude alone."""
    pre, post = [], []
    for apart in (APART, -APART):
        for rate in RATES:
            times = 20 + np.arange(PAIRINGS) * round(1000 / rate)
            pre.append(times)
            post.append(times + apart)
    steps, change = 20 + PAIRINGS * 10_000, {}
    for values in ("full", "minimal", "a2_plus", "a2_minus"):
        rules = {"every": chosen(TripletSTDP, values), "nearest": chosen(NearestTripletSTDP, values)}
        after = after_trains(pre, post, rules, 1 * ms, steps, 10.0)
        change |= {f"{scheme}, {values}": weight - 10 for scheme, weight in after.items()}
    return change


def chosen(kind, values):
    """Return a rule by the name of a set of visual cortex, or with pairs of one kind alone."""
    if values in ("full", "minimal"):
        return kind.named(f"visual cortex, {values}", w_max=1e3)
    return kind(**{"a3_plus": 0.0, "a2_minus": 0.0, "w_max": 1e3, values: 0.01})


@pytest.mark.parametrize(
    ("rule", "known"),
    [
        ("every, full", 0.342),
        ("every, minimal", 0.356),
        ("nearest, full", 0.232),
        ("nearest, minimal", 0.348),
    ],
)
def test_triplets_fit_the_frequency_protocol(protocol, rule, known):
    # E < 0.4 is the project's acceptance value, `known` what an independent prototype of the project gave.
    assert misfit(protocol[rule]) < 0.4
    assert misfit(protocol[rule]) == pytest.approx(known, abs=1e-3)


@pytest.mark.parametrize(("scheme", "known"), [("every", 7.58), ("nearest", 7.47)])
def test_no_rule_of_pairs_fits_the_frequency_protocol(protocol, scheme, known):
    # The change is linear in both amplitudes, so least squares give the best rule of pairs.
    columns = np.stack([protocol[f"{scheme}, a2_plus"], protocol[f"{scheme}, a2_minus"]], axis=1)
    best = np.linalg.lstsq(columns / ERROR[:, None], CHANGE / ERROR, rcond=None)[0]
    assert misfit(columns @ best) > 5
    assert misfit(columns @ best) == pytest.approx(known, abs=0.01)


def poisson_terms(rule, x, y):
    """Return the potentiation and depression per second between Poisson trains of rates x and y (Hz)."""
    plus, minus, slow_x, slow_y = (float(t) for t in (rule.tau_plus, rule.tau_minus, rule.tau_x, rule.tau_y))
    up = x * y * plus * (rule.a2_plus + rule.a3_plus * slow_y * y)
    return up, x * y * minus * (rule.a2_minus + rule.a3_minus * slow_x * x)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "rule", [TripletSTDP(w_max=1e3), TripletSTDP.named("visual cortex, full", w_max=1e3)]
)
def test_drift_of_poisson_trains_changes_sign_with_the_postsynaptic_rate(rule, seed):
    n, x, seconds = 40, 20.0, 30
    rates = np.repeat([8.0, 14.0, 25.0, 32.0], n // 4)
    network = poisson_pairs(n, x * Hz, rates * Hz, AllToAll(), 500.0, rule, 0.5 * ms)
    simulation = simulate(network, seed=seed)
    simulation.run(seconds * second)
    seen = (np.array(simulation.get("p.w"), dtype=float).reshape(n, n).mean(axis=0) - 500) / seconds
    for y, drift in zip((8.0, 14.0, 25.0, 32.0), seen.reshape(4, -1).mean(axis=1), strict=True):
        up, down = poisson_terms(rule, x, y)
        assert drift == pytest.approx(up - down, abs=0.1 * max(up, down))
        assert (drift > 0) == (y > 20)


def test_crossover_of_the_minimal_set_lies_at_19_hz():
    up, down = poisson_terms(TripletSTDP(), 20.0, 19.22)
    assert up == pytest.approx(down, rel=1e-3)


@pytest.mark.parametrize(
    ("rule", "name", "noted"),
    [
        (TripletSTDP, "visual cortex, full", (5e-10, 6.2e-3, 7.0e-3, 2.3e-4, 101, 125)),
        (TripletSTDP, "visual cortex, minimal", (0, 6.5e-3, 7.1e-3, 0, None, 114)),
        (TripletSTDP, "hippocampal culture, full", (6.1e-3, 6.7e-3, 1.6e-3, 1.4e-3, 946, 27)),
        (TripletSTDP, "hippocampal culture, minimal", (5.3e-3, 8.0e-3, 3.5e-3, 0, None, 40)),
        (NearestTripletSTDP, "visual cortex, full", (8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 714, 40)),
        (NearestTripletSTDP, "visual cortex, minimal", (0, 5.0e-2, 8.0e-3, 0, None, 40)),
        (NearestTripletSTDP, "hippocampal culture, full", (4.6e-3, 9.1e-3, 3.0e-3, 7.5e-9, 575, 47)),
        (NearestTripletSTDP, "hippocampal culture, minimal", (4.6e-3, 9.1e-3, 3.0e-3, 0, None, 48)),
    ],
)
def test_sets_are_those_of_the_rule_sheet(rule, name, noted):
    # Copied from the project's rule sheet, which says where each row is from; not compared with the paper's table.
    # Without triplets before the postsynaptic spike (a3_minus = 0) tau_x has no effect. That weights end at three times
    # w_0 is a choice made here.
    made = rule.named(name)
    found = (made.a2_plus, made.a3_plus, made.a2_minus, made.a3_minus, made.tau_x / ms, made.tau_y / ms)
    for value, known in zip(found, noted, strict=True):
        assert known is None or value == pytest.approx(known, rel=1e-12)
    assert made.w_max == 3 * made.w_0


def test_a_set_that_is_not_there_is_refused():
    with pytest.raises(
        UnknownNameError, match=r"TripletSTDP has no parameter set 'visual cortex, ful': did you mean"
    ):
        TripletSTDP.named("visual cortex, ful")
