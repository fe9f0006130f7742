"""One worked example of every equation: the rule sheet's equation with its defaults, by hand, for given numbers."""

import ast

import numpy as np
import pytest

from neurosim.model.evaluate import NUMPY, evaluate
from neurosim.model.expressions import parse_statements
from neurosim.model.rule import NeuronRule, SynapticRule
from neurosim.rules import registry

MATRICES = {**NUMPY, ast.MatMult: np.matmul, "tril": np.tril, "sum": np.sum, "max": np.max}
exp = np.exp


def worked(rule, values):
    """Return the value of every equation of a rule, and of every variable after each event, in SI units."""
    known = {**{name: np.asarray(value, dtype=float) for name, value in rule.values().items()}, **values}
    # The values at the start are part of the equations.
    found = {f"{name}(0)": np.asarray(trace.start(rule), dtype=float) for name, trace in rule.traces.items()}
    found |= {f"d{n}": evaluate(t.derivative, known) for n, t in rule.traces.items() if t.derivative}
    events = {"on_spike": rule.on_spike} if isinstance(rule, NeuronRule) else {}
    if isinstance(rule, NeuronRule):
        found |= {f"{name}(0)": np.asarray(gain.initial) for name, gain in rule.gains.items()}
        changes = {f"d{name}": getattr(rule, f"d{name}") for name in (*rule.gains, *rule.offsets)}
    else:
        assert isinstance(rule, SynapticRule)
        changes = {name: getattr(rule, name) for name in ("dw", "dW", "efficacy") if getattr(rule, name)}
        events = {"on_pre": rule.on_pre, "on_post": rule.on_post, "after": rule.after}
    found |= {name: evaluate(text, known, MATRICES) for name, text in changes.items()}
    for event, text in events.items():
        now = dict(known)
        for statement in parse_statements(text, "rule"):
            value = evaluate(statement.expression, now, {**NUMPY, "rand": lambda: 0.25})
            old = now.get(statement.target)
            now[statement.target] = {
                "=": lambda v, o: v, "+=": lambda v, o: o + v, "-=": lambda v, o: o - v, "*=": lambda v, o: o * v,
            }[statement.op](value, old)  # fmt: skip
            found[f"{event} {statement.target}"] = now[statement.target]
    return {name: value for name, value in found.items() if not (name.endswith("(0)") and not np.any(value))}


X, Y, W = 0.5, 2.0, 0.3
SPIKES = {"x": 0.7, "y": 0.4, "w": 0.6}
PAIR = {"dx": -0.7 / 0.02, "dy": -0.4 / 0.02, "on_pre x": 1.7, "on_post y": 1.4}
TRIPLET = {"r1": 0.5, "r2": 0.8, "o1": 0.3, "o2": 0.9, "w": 1.0}
TRIPLET_COURSE = {"dr1": -0.5 / 0.0168, "dr2": -0.8 / 0.101, "do1": -0.3 / 0.0337, "do2": -0.9 / 0.114}
REWARDED = {"x": 0.7, "y": 0.4, "c": 0.2, "w": 0.6}
COLUMN = {
    "x": np.array([[0.6], [0.8]]),
    "y": np.array([[1.0], [-0.5]]),
    "W": np.array([[0.3, 0.1], [-0.2, 0.4]]),
}
x2, y2, W2 = COLUMN.values()
UNITS = np.array([[0.50], [0.53]])
SOFT = exp(80 * (UNITS - 0.53)) / exp(80 * (UNITS - 0.53)).sum()
PULL = x2.T - UNITS * W2

CLOPATH = {"v": -0.03, "x": 40.0, "u_minus": -0.06, "u_plus": -0.05, "w": 1.0}
CLOPATH_COURSE = {
    "u_minus(0)": -0.0706,
    "u_plus(0)": -0.0706,
    "dx": -40 / 0.015,
    "du_minus": 0.03 / 0.01,
    "du_plus": 0.02 / 0.007,
    "dw": 80 * 40 * 0.0153 * 0.0206,
    "on_pre w": 1 - 0.14 * 0.0106,
    "on_pre x": 40 + 1 / 0.015,
    "on_post w": 1 + 80 * 2e-4 * 40 * 0.0206,
    "on_post u_minus": -0.06 + 2e-4 / 0.01,
    "on_post u_plus": -0.05 + 2e-4 / 0.007,
}

CASES = {
    "Hebb": ({"x": X, "y": Y}, {"dw": 1e-3 * 0.5 * 2}),
    "Oja": ({"x": X, "y": Y, "w": W}, {"dw": 0.01 * 2 * (0.5 - 2 * 0.3)}),
    "OjaSubspace": (COLUMN, {"dW": 0.01 * (y2 @ x2.T - y2 @ y2.T @ W2)}),
    "Sanger": (COLUMN, {"dW": 0.01 * (y2 @ x2.T - np.array([[1, 0], [-0.5, 0.25]]) @ W2)}),
    "Covariance": (
        {"x": X, "y": Y, "x_mean": 0.1, "y_mean": 0.4},
        {"dw": 1e-3 * 0.4 * 1.6, "dx_mean": 0.4 / 1000, "dy_mean": 1.6 / 1000},
    ),
    "CovariancePost": ({"x": X, "y": Y, "y_mean": 0.4}, {"dw": 1e-3 * 0.5 * 1.6, "dy_mean": 1.6 / 1000}),
    "CovariancePre": ({"x": X, "y": Y, "x_mean": 0.1}, {"dw": 1e-3 * 0.4 * 2, "dx_mean": 0.4 / 1000}),
    "BCM": (
        {"x": X, "y": Y, "theta": 0.7},
        {"dw": 4e-3 * 0.5 * 2 * 1.3, "dtheta": (4 - 0.7) / 100, "theta(0)": 0.1},
    ),
    "LawCooper": (
        {"x": X, "y": Y, "theta": 0.7},
        {"dw": 4e-3 * 0.5 * 2 * 1.3 / 0.7, "dtheta": (4 - 0.7) / 100, "theta(0)": 0.1},
    ),
    "FoldiakDecorrelator": ({"x": X, "y": Y}, {"dw": -1e-3 * 0.5 * 2}),
    "FoldiakForward": ({"x": 0.2, "y": 0.7, "w": W}, {"dw": 0.02 * (0.2 - 0.3)}),
    "FoldiakLateral": ({"x": 0.7, "y": 0.6}, {"dw": -0.1 * (1 - 1 / 64)}),
    "FoldiakThreshold": ({"y": 0.7}, {"db": 0.02 * (1 / 8 - 1)}),
    "SoftHebb": ({"x": x2, "u": UNITS, "W": W2}, {"dW": 0.05 * SOFT * PULL}),
    "SoftAntiHebb": (
        {"x": x2, "u": UNITS, "W": W2},
        {"dW": 0.05 * np.array([[-1], [1]]) * SOFT * PULL},
    ),
    "PairSTDP": (SPIKES, {**PAIR, "on_pre w": 0.6 - 0.0105 * 0.4, "on_post w": 0.6 + 0.01 * 0.7}),
    "CoincidentSTDP": (
        {**SPIKES, "n": 0.2, "instant": 1.0},
        {
            **PAIR,
            "dn": -0.2,
            "on_pre w": 0.6 - 0.0105 * 0.4,
            "on_pre n": 1.2,
            "on_post w": 0.6 + 0.01 * (0.7 - 0.2),
        },
    ),
    "NearestSTDP": (
        SPIKES,
        {
            **PAIR,
            "on_pre w": 0.6 - 0.0105 * 0.4,
            "on_post w": 0.6 + 0.01 * 0.7,
            "on_pre x": 1,
            "on_post y": 1,
        },
    ),
    "MultiplicativeSTDP": (
        SPIKES,
        {**PAIR, "on_pre w": 0.6 - 0.003 * 0.6 * 0.4, "on_post w": 0.6 + 1e-3 * 0.7},
    ),
    "PowerLawSTDP": (
        SPIKES,
        {
            **PAIR,
            "on_pre w": 0.6 - 0.005 * 1.05 * 0.6**0.4 * 0.4,
            "on_post w": 0.6 + 0.005 * 0.4**0.4 * 0.7,
        },
    ),
    "TripletSTDP": (
        TRIPLET,
        {
            **TRIPLET_COURSE,
            "on_pre w": 1 - 0.3 * 7.1e-3,
            "on_pre r1": 1.5,
            "on_pre r2": 1.8,
            "on_post w": 1 + 0.5 * 6.5e-3 * 0.9,
            "on_post o1": 1.3,
            "on_post o2": 1.9,
        },
    ),
    "NearestTripletSTDP": (
        TRIPLET,
        {
            **TRIPLET_COURSE,
            "on_pre w": 1 - 0.3 * 7.1e-3,
            "on_post w": 1 + 0.5 * 6.5e-3 * 0.9,
            **{name: 1 for name in ("on_pre r1", "on_pre r2", "on_post o1", "on_post o2")},
        },
    ),
    "VogelsInhibitory": (
        SPIKES,
        {**PAIR, "on_pre w": 0.6 + 0.01 * (0.4 - 2 * 5 * 0.02), "on_post w": 0.6 + 0.01 * 0.7},
    ),
    "ClopathSTDP": (CLOPATH, CLOPATH_COURSE),
    "HomeostaticClopathSTDP": (
        {**CLOPATH, "u_mean": 0.01},
        {
            **CLOPATH_COURSE,
            "on_pre w": 1 - 0.14 * (0.01 / 0.008) ** 2 * 0.0106,
            "du_mean": -0.03 + 0.0706 - 0.01,
            "on_post u_mean": 0.01 + 2e-4,
        },
    ),
    "RewardSTDP": (
        {**REWARDED, "d": 1.5},
        {
            **PAIR,
            "dc": -0.2 / 1,
            "on_pre c": 0.2 - 0.0375 * 0.4,
            "on_post c": 0.2 + 0.025 * 0.7,
            "dw": 0.2 * 1.5,
        },
    ),
    "SuccessSTDP": (
        {**REWARDED, "R": 1.5, "R_mean": 0.9},
        {
            **PAIR,
            "dc": -0.2 / 0.5,
            "dR_mean": 0.6 / 10,
            "on_pre c": 0.2 - 0.01 * 0.4,
            "on_post c": 0.2 + 0.02 * 0.7,
            "dw": 0.6 * 0.2,
        },
    ),
    "EProp": (
        {"x": 0.7, "psi": 0.3, "L": 1.5, "e_bar": 0.2, "dt": 1e-3},
        {
            "dx": -0.7 / 0.02,
            "de_bar": (exp(-1 / 20) - 1) * 0.2 / 1e-3 + 0.3 * 0.7 / 1e-3,
            "on_pre x": 1.7,
            "dw": -0.1 * 1.5 * 0.2,
        },
    ),
    "EPropAdaptive": (
        {"x": 0.7, "psi": 0.3, "L": 1.5, "e_bar": 0.2, "dt": 1e-3, "beta": 1.8, "tau_a": 0.2, "epsilon": 0.1},
        {
            "dx": -0.7 / 0.02,
            "depsilon": (exp(-1 / 200) - 1) * 0.1 / 1e-3 + 0.3 * (0.7 - 0.18) / 1e-3,
            "de_bar": (exp(-1 / 20) - 1) * 0.2 / 1e-3 + 0.3 * (0.7 - 0.18) / 1e-3,
            "on_pre x": 1.7,
            "dw": -0.1 * 1.5 * 0.2,
        },
    ),
    "SynapticScaling": (
        {"y": 0.4, "e": 0.2, "w": 0.3, "gamma": 0.05},
        {"dw": 0.1 * 0.3 * (1 - 0.4 + 0.2), "de": 0.05 * 0.6},
    ),
    "BiasAdaptation": ({"y": 0.3}, {"db": 0.1 * (0.5 - 0.3)}),
    "ThresholdAdaptation": (
        {"theta": 1e-3},
        {"dtheta": -0.05e-3 * 10, "on_spike theta": 1e-3 + 0.05e-3},
    ),
    "IntrinsicPlasticity": (
        {"x": 0.5, "y": 0.3, "a": 2.0},
        {
            "a(0)": 1,
            "db": 1e-3 * (1 - 12 * 0.3 + 0.09 / 0.1),
            "da": 1e-3 / 2 + 0.5 * 1e-3 * (1 - 12 * 0.3 + 0.09 / 0.1),
        },
    ),
    "IntrinsicPlasticityTanh": (
        {"x": 0.5, "y": 0.3, "a": 2.0, "mu": 0.1},
        {
            "a(0)": 1,
            "db": -1e-3 * (-0.1 / 0.04 + 0.3 / 0.04 * (0.08 + 1 - 0.09 + 0.03)),
            "da": 1e-3 / 2 - 0.5 * 1e-3 * (-0.1 / 0.04 + 0.3 / 0.04 * (0.08 + 1 - 0.09 + 0.03)),
        },
    ),
    "WeightNormalisation": ({"w": 0.6, "s": 2.0}, {"after w": 0.6 / 2}),
    "WeightNormalisationL2": ({"w": 0.6, "s": 4.0}, {"after w": 0.6 / 2}),
    "OutgoingNormalisationL2": ({"w": 0.6, "s": 4.0}, {"after w": 0.6 / 2}),
    "SubtractiveNormalisation": ({"w": 0.6, "s": 2.0, "n": 4}, {"after w": 0.6 - 1 / 4}),
    "HomeostaticGain": ({"y": 0.3, "g": 1.2}, {"g(0)": 1, "dg": 0.1 * 1.2 * (1 - 0.3)}),
    "GainAdaptation": ({"z": 1.5}, {"g(0)": 1, "dg": 0.1 * (2.25 - 1)}),
    "GainWhitening": ({"z": 1.5}, {"g(0)": 1, "dg": 2e-3 * (2.25 - 1)}),
    "NonnegativeGainWhitening": ({"z": 0.5}, {"g(0)": 1, "dg": 2e-3 * (0.25 - 1)}),
    "WhiteningForward": ({"r": 0.5, "n": 0.8, "g": 1.2, "w": 0.3}, {"dw": 1e-5 * (0.4 - 0.36)}),
    "WhiteningBackward": ({"r": 0.5, "n": 0.8, "g": 1.2, "w": -0.3}, {"dw": -1e-5 * (0.4 - 0.36)}),
    "EfficientGain": (
        {"f": 0.5, "d": 0.8, "g": 1.2},
        {"g(0)": 1, "dg": 2 * 0.005 * (0.4 - 0.12 * 0.2)},
    ),
    "TsodyksMarkram": (
        {"x": 0.7, "u": 0.2, "w": 2.0},
        {
            "x(0)": 1,
            "dx": 0.3 / 0.13,
            "du": -0.2 / 0.53,
            "efficacy": 2 * 0.24 * 0.7,
            "on_pre x": 0.7 * (1 - 0.24),
            "on_pre u": 0.24,
        },
    ),
    "BennaFusi": (
        {"w": 1.0, "u2": 0.7, "u3": 0.5, "u4": 0.4, "u5": 0.1, "u6": 0.05},
        {  # C_k du_k/dt with C_k = 2**(k-1), g_k = 0.01 * 2**(1-k)
            "dw": 0.01 * (0.7 - 1),
            "du2": (0.01 * 0.3 + 0.005 * -0.2) / 2,
            "du3": (0.005 * 0.2 + 0.0025 * -0.1) / 4,
            "du4": (0.0025 * 0.1 + 0.00125 * -0.3) / 8,
            "du5": (0.00125 * 0.3 + 0.000625 * -0.05) / 16,
            "du6": (0.000625 * 0.05 - 0.0003125 * 0.05) / 32,
        },
    ),
    "MetaplasticBinary": (
        {"x": 0.7, "L": 1.5, "w": 0.6},
        {"dw": -0.1 * 1.5 * 0.7 * (1 - np.tanh(1.35 * 0.6) ** 2), "efficacy": 1},
    ),
    "ActivityCovariance": (
        {"x": X, "y": Y, "mx": 0.1, "my": 0.4, "c": 0.2},
        {"dmx": 0.4, "dmy": 1.6, "dc": 0.4 * 1.6 - 0.2},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_equation_gives_the_number_worked_out_by_hand(name):
    values, expected = CASES[name]
    found = worked(registry.get(name).example(), values)
    assert set(found) == set(expected)
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-12, err_msg=key)


@pytest.mark.parametrize("y", [0.2, 0.49])
def test_units_that_do_not_fire_count_as_silent_in_foldiaks_code(y):
    low = {"x": y, "y": y, "w": 0.3}
    assert worked(registry.get("FoldiakForward").example(), low) == {"dw": 0}
    assert worked(registry.get("FoldiakLateral").example(), low)["dw"] == pytest.approx(0.1 / 64)
    assert worked(registry.get("FoldiakThreshold").example(), low)["db"] == pytest.approx(0.02 / 8)


GROWTH = {"axonal": 2.0, "excitatory": 2.0, "inhibitory": 2.0}


@pytest.mark.parametrize("kind", GROWTH)
def test_elements_grow_between_the_calcium_levels_and_are_lost_beyond(kind):
    # Zero exactly at C = eta and C = epsilon, and 1 (times nu) half-way; between, powers of 2: derived.
    rule = registry.get("SynapticElements")(eta=0.1, epsilon=0.7)
    rates = [worked(rule, {**GROWTH, "C": c})[f"d{kind}"] for c in (0.1, 0.7, 0.4, 0.25, 1.0, 5.0)]
    np.testing.assert_allclose(rates, [0, 0, 0.1, 0.1 * (2**0.75 - 1), -0.1 * 0.875, -0.1], atol=1e-13)
    # The set-point of excitatory cells in NEST's example is the default.
    assert abs(worked(registry.get("SynapticElements")(), {**GROWTH, "C": 0.05})[f"d{kind}"]) < 1e-13
    none_left = worked(rule, {**dict.fromkeys(GROWTH, 0.0), "C": 5.0})
    assert none_left[f"d{kind}"] == 0
    linear = registry.get("LinearElements")(epsilon=0.7)
    rates = [worked(linear, {**GROWTH, "C": c})[f"d{kind}"] for c in (0.0, 0.7, 1.4)]
    np.testing.assert_allclose(rates, [0.1, 0, -0.1], atol=1e-13)
    assert worked(linear, {**dict.fromkeys(GROWTH, 0.0), "C": 1.4})[f"d{kind}"] == 0


def test_calcium_rises_with_each_spike_and_falls_between():
    found = worked(registry.get("SynapticElements").example(), {**GROWTH, "C": 0.02})
    assert found["dC"] == pytest.approx(-0.02 / 10) and found["on_spike C"] == pytest.approx(0.021)


def test_deep_r_takes_the_drift_off_the_size_of_every_weight_and_adds_noise_of_its_size():
    rule, rng = registry.get("DeepR"), np.random.default_rng(0)
    w, mask = np.array([0.3, -0.3, 1e-5, 0.0]), np.array([True, True, True, False])
    signal = {"initial": np.array([1.0, -1.0, 1.0, -1.0])}
    moved = rule(drift=0.1, noise=0.0).move(mask, w, signal, 1, rng)
    np.testing.assert_allclose(moved[mask], [0.2, -0.2, 1e-5 - 0.1], rtol=1e-12)
    many, positive = np.ones(100_000, dtype=bool), {"initial": np.ones(100_000)}
    found = rule.example().move(many, np.full(100_000, 0.5), positive, 1, rng)
    # By default a drift of 1e-4 and noise of 1e-3: 4 standard errors.
    assert found.mean() == pytest.approx(0.5 - 1e-4, abs=4e-3 / np.sqrt(100_000))
    assert found.std() == pytest.approx(1e-3, rel=0.01)
