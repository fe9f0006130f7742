"""The comparison of two runs sees what differs, and only that."""

import numpy as np
import pytest
from scipy import stats

from neurosim.bench.agreement import compare


def run(steps, ids, **states):
    return {"steps": np.array(steps), "ids": np.array(ids), **{k: np.array(v) for k, v in states.items()}}


def test_the_order_within_a_step_does_not_matter():
    found = compare(run([3, 3, 5], [1, 2, 0]), run([5, 3, 3], [0, 2, 1]))
    assert found["identical"] and found["parted_at"] is None and found["spikes"] == 3


@pytest.mark.parametrize(
    ("other", "parted_at"),
    [
        (run([3, 3, 6], [1, 2, 0]), 5),  # one spike a step later
        (run([3, 3, 5], [1, 2, 4]), 5),  # another neuron
        (run([3, 3, 5, 9], [1, 2, 0, 0]), 9),  # one spike more
        (run([3, 3], [1, 2]), 5),  # one spike fewer
    ],
)
def test_one_spike_that_differs_is_seen_at_its_step(other, parted_at):
    found = compare(run([3, 3, 5], [1, 2, 0]), other)
    assert not found["identical"] and found["parted_at"] == parted_at


def test_the_error_of_states_is_relative_to_each_element():
    ours, theirs = run([], [], w=[1.0, 1e-3 + 1e-9, 0.0]), run([], [], w=[1.0, 1e-3, 0.0])
    found = compare(ours, theirs)
    assert found["error"]["w"] == pytest.approx(1e-6, rel=2e-3)
    assert found["mean"]["w"] == pytest.approx(1.001 / 3)


def test_runs_that_draw_spikes_of_their_own_are_compared_in_law():
    a, b = run([1], [0], w=np.linspace(0, 1, 200)), run([5, 6], [0, 0], w=np.linspace(0, 1, 300) ** 2)
    found = compare(a, b, in_law=True)
    assert found["spikes"] == 2 and found["identical"] is None and found["error"] == {}
    assert found["distance"]["w"] == pytest.approx(stats.ks_2samp(a["w"], b["w"]).statistic)
    assert compare(a, a, in_law=True)["distance"]["w"] == 0
