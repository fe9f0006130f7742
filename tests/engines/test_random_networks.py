"""Random networks of parts of every kind: the engines agree, and a run in two pieces is the same run, bit for bit."""

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import simulate
from tests.engines.random_networks import networks

STEPS = 400


def run(network, rows, seed, engine, pieces=((0, STEPS),)):
    """Return a simulation after all its pieces, each from a step to a step."""
    simulation = simulate(network, engine, seed)
    for first, last in pieces:
        if last > first:
            simulation.run((last - first) * 0.1 * ms, {"signal": rows[first:last]})
    return simulation


def agree(described, seed, split):
    network, rows = described
    ours, reference = (run(network, rows, seed, engine) for engine in ("fused", "brian2"))
    recorded, known = ours.recordings(), reference.recordings()
    for name in recorded:
        if name.endswith(".spikes"):
            np.testing.assert_array_equal(recorded[name].steps, known[name].steps, err_msg=name)
            np.testing.assert_array_equal(recorded[name].ids, known[name].ids, err_msg=name)
    state, wanted = ours.state(), reference.state()
    for name in wanted:
        if "/" not in name and name in state:
            values = np.asarray(wanted[name], dtype=float)
            scale = np.abs(values).max(initial=0.0)
            np.testing.assert_allclose(state[name], values, rtol=1e-9, atol=1e-12 * scale, err_msg=name)
    pieces = run(network, rows, seed, "fused", ((0, split), (split, STEPS)))
    parts = pieces.state()
    assert parts.keys() == state.keys()
    for name in state:
        np.testing.assert_array_equal(parts[name], state[name], err_msg=name)
    for name, whole in recorded.items():
        values = ("steps", "ids") if name.endswith(".spikes") else ("values",)
        for value in values:
            np.testing.assert_array_equal(getattr(pieces.recordings()[name], value), getattr(whole, value))


@settings(max_examples=2, deadline=None)
@given(networks(), st.integers(0, 1000), st.integers(0, STEPS))
def test_random_networks_agree_and_can_be_split(described, seed, split):
    agree(described, seed, split)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(networks(), st.integers(0, 1000), st.integers(0, STEPS))
def test_two_hundred_random_networks_agree_and_can_be_split(described, seed, split):
    agree(described, seed, split)
