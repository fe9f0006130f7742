"""Synapses with equations follow their closed forms, or an integration of their equations to 1e-10, on every engine."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms
from scipy.integrate import solve_ivp

from neurosim import simulate
from tests.synapses.kept_networks import DELAY, SPIKES, STATES, WEIGHTS, spiking

STEPS = 150


@pytest.fixture(scope="module")
def recorded():
    found = {}
    for engine in ("fused", "brian2", "jax"):
        simulation = simulate(spiking(), engine)
        simulation.run(15 * ms, {"command": [1.0, -2.0]})
        found[engine] = simulation.recordings()
    return found


def ages(time: float, delay: float) -> np.ndarray:
    """Return the time (ms) since a spike arrived, for each sample: it arrives at the end of its step."""
    return np.arange(STEPS) * 0.1 - time - 0.1 - delay


def summed(kernel, delay=float(DELAY / ms)) -> np.ndarray:
    """Return the sum of a kernel (age in ms) over all spikes, times their weights."""
    found = np.zeros(STEPS)
    for time, source in SPIKES:
        age = ages(time, delay)
        found += np.where(age >= -1e-9, WEIGHTS[source] * kernel(np.maximum(age, 0)), 0.0)
    return found


def alpha(age):
    return age / 5 * np.exp(1 - age / 5)


def double(age):
    peak = np.log(5.0) * 5 / (5 - 1)
    return (np.exp(-age / 5) - np.exp(-age)) / (np.exp(-peak / 5) - np.exp(-peak))


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
@pytest.mark.parametrize(
    ("name", "variable", "kernel", "scale"),
    [
        ("AlphaCurrent", "x", alpha, 1e-3),
        ("AlphaCurrent", "current", alpha, 1e-3),
        ("AlphaConductance", "g", alpha, 1.0),
        ("DoubleExponentialCurrent", "current", double, 1e-3),
        ("DoubleExponentialConductance", "g", double, 1.0),
    ],
)
def test_linear_synapses_are_sums_of_their_kernels(recorded, engine, name, variable, kernel, scale):
    found = recorded[engine][f"{name}.{variable}"].values
    expected = scale * np.tile(summed(kernel)[:, None], 2)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11 * scale)
    assert expected.max() > scale


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_ports_receive_the_sum_of_currents_and_graded_input(recorded, engine):
    found = {key: item.values for key, item in recorded[engine].items()}
    received = found["AlphaConductance.g"] + found["DoubleExponentialConductance.g"]
    gated = (found["GradedGate.s"] @ WEIGHTS)[:, None]
    np.testing.assert_allclose(
        found["conductances.I"], (received + gated) * (0 - found["conductances.v"]), rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(
        found["AlphaConductance.current"], found["AlphaConductance.g"] * -found["conductances.v"], rtol=1e-12
    )
    filtered = 1e-3 * (found["FilteredGraded.x"] @ WEIGHTS)[:, None]
    received = found["AlphaCurrent.current"] + found["DoubleExponentialCurrent.current"] + filtered
    np.testing.assert_allclose(found["currents.I"], received, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_gaba_b_is_the_sum_of_two_exponentials_after_each_spike(recorded, engine):
    bound, proteins = np.zeros((2, STEPS, 2))
    for source in (0, 1):
        r = s = 0.0
        arrivals = [time for time, own in SPIKES if own == source]
        for n in range(STEPS):
            t = n * 0.1
            if n:
                factor = 0.18 / (0.034 - 0.0012)
                s = s * np.exp(-0.034 * 0.1) + factor * r * (np.exp(-0.0012 * 0.1) - np.exp(-0.034 * 0.1))
                r *= np.exp(-0.0012 * 0.1)
                if any(abs(t - 0.1 - arrival) < 1e-9 for arrival in arrivals):
                    r += 0.0134 * (1 - r)
            bound[n, source], proteins[n, source] = r, s
    np.testing.assert_allclose(recorded[engine]["GABAB.r"].values, bound, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(recorded[engine]["GABAB.s"].values, proteins, rtol=1e-9, atol=1e-15)
    v, port = (recorded[engine][f"gaba.{variable}"].values for variable in ("v", "I"))
    opened = (proteins**4 / (proteins**4 + 100)) @ WEIGHTS
    np.testing.assert_allclose(port, opened[:, None] * (-0.095 - v), rtol=1e-8, atol=1e-30)


def nmda(source: int) -> np.ndarray:
    """Return s and x of a source at each sample, shape (2, steps), by an integration between its spikes."""
    state, samples = np.zeros(2), np.zeros((STEPS, 2))
    arrivals = {round(time * 10) + 1 for time, own in SPIKES if own == source}
    for n in range(1, STEPS):
        solved = solve_ivp(
            lambda t, y: [0.5 * y[1] * (1 - y[0]) - y[0] / 100, -y[1] / 2],
            (0, 0.1),
            state,
            rtol=1e-10,
            atol=1e-12,
        )
        state = solved.y[:, -1] + ([0, 1] if n in arrivals else [0, 0])
        samples[n] = state
    return samples.T


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_nmda_gates_saturate_and_magnesium_blocks(recorded, engine):
    expected = np.array([nmda(source) for source in (0, 1)])
    for number, variable in enumerate(("s", "x")):
        found = recorded[engine][f"NMDA.{variable}"].values
        np.testing.assert_allclose(found, expected[:, number].T, rtol=1e-6, atol=1e-9)
    v, port = (recorded[engine][f"nmda.{variable}"].values for variable in ("v", "I"))
    block = 1 / (1 + np.exp(-0.062e3 * v) / 3.57)
    np.testing.assert_allclose(
        port, (expected[:, 0].T @ WEIGHTS)[:, None] * (0 - v) * block, rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_graded_synapses_follow_their_source(recorded, engine):
    found = recorded[engine]
    filtered = (1 - np.exp(-np.arange(STEPS) * 0.1 / 10))[:, None] * np.array([1.0, -2.0])
    np.testing.assert_allclose(found["FilteredGraded.x"].values, filtered, rtol=1e-9)
    gate, expected = np.zeros(2), []
    for v in found["graded.v"].values:
        expected.append(gate)
        # The source is advanced first, and held at its new value.
        after = -0.06 + (v + 0.06) * np.exp(-0.1 / 20)
        gate = gate * np.exp(-0.01) + (1 - np.exp(-0.01)) / (1 + np.exp((-0.035 - after) / 0.005))
    np.testing.assert_allclose(found["GradedGate.s"].values, expected, rtol=1e-9)


@pytest.mark.parametrize("engine", ["brian2", "jax"])
def test_engines_agree_on_everything_recorded(recorded, engine):
    assert len(recorded["fused"]) == 9 + sum(map(len, STATES.values()))
    for key, item in recorded["fused"].items():
        other = recorded[engine][key].values
        np.testing.assert_allclose(other, item.values, rtol=1e-9, atol=1e-13, err_msg=key)
        assert key.startswith("gaba") or np.ptp(item.values) > 1e-5


def test_exact_membrane_holds_its_input_for_a_step(recorded):
    v, received = (recorded["fused"][f"currents.{variable}"].values for variable in ("v", "I"))
    decay = np.exp(-0.1 / 20)
    expected = -0.06 + (v[:-1] + 0.06) * decay + received[:-1] * (1 - decay)
    np.testing.assert_allclose(v[1:], expected, rtol=1e-12)
    assert v.max() > -0.06 + 1e-3
