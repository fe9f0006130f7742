"""Random networks of parts of every kind: the engines agree, and a run in two pieces is the same run, bit for bit."""

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import simulate
from neurosim.engines.recordings import Spikes, Statistics
from tests.engines.random_networks import networks

STEPS = 400


def run(network, rows, seed, engine, pieces=((0, STEPS),)):
    """Return a simulation after all its pieces, each from a step to a step."""
    simulation = simulate(network, engine, seed)
    for first, last in pieces:
        if last > first:
            simulation.run((last - first) * 0.1 * ms, {"signal": rows[first:last]})
    return simulation


def kept(recording):
    """Return the arrays that a recorder has kept."""
    if isinstance(recording, Statistics):
        return [value for value, _ in recording.numbers.values()]
    return [recording.steps, recording.ids if isinstance(recording, Spikes) else recording.values]


def agree(described, seed, split, engine="brian2"):
    network, rows = described
    ours, reference = (run(network, rows, seed, name) for name in ("fused", engine))
    recorded, known = ours.recordings(), reference.recordings()
    for name in recorded:
        if isinstance(recorded[name], Spikes):
            for one, other in zip(kept(recorded[name]), kept(known[name]), strict=True):
                np.testing.assert_array_equal(one, other, err_msg=name)
        else:
            for one, other in zip(kept(recorded[name]), kept(known[name]), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12, err_msg=name)
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
        for one, other in zip(kept(pieces.recordings()[name]), kept(whole), strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)


@settings(max_examples=2, deadline=None)
@given(networks(), st.integers(0, 1000), st.integers(0, STEPS))
def test_random_networks_agree_and_can_be_split(described, seed, split):
    agree(described, seed, split)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(networks(), st.integers(0, 1000), st.integers(0, STEPS))
def test_two_hundred_random_networks_agree_and_can_be_split(described, seed, split):
    agree(described, seed, split)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(networks(), st.integers(0, 1000), st.integers(0, STEPS))
def test_random_networks_agree_on_jax(described, seed, split):
    agree(described, seed, split, "jax")
