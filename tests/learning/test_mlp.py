"""The multilayer perceptron against a plain numpy forward pass."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from neurosim.errors import DescriptionError
from neurosim.learning.mlp import MLP, mlp_forward


def plain_forward(sizes, theta, x):
    for n, m in pairwise(sizes):
        weights, biases, theta = (
            theta[: n * m].reshape(n, m),
            theta[n * m : (n + 1) * m],
            theta[(n + 1) * m :],
        )
        x = np.tanh(x @ weights + biases)
    assert theta.size == 0
    return x


@pytest.mark.parametrize(
    ("hidden", "count"), [(2, 69), (8, 309), (16, 741), (32, 1989), (64, 6021), (256, 73221)]
)
def test_parameter_counts_of_the_swimmer_baselines(hidden, count):
    mlp = MLP((23, hidden, hidden, 5))
    assert mlp.n_parameters == mlp.initial(seed=0).size == count


@given(sizes=st.lists(st.integers(1, 9), min_size=2, max_size=6).map(tuple), seed=st.integers(0, 1000))
@settings(deadline=None)
def test_forward_equals_plain_numpy(sizes, seed):
    mlp, draw = MLP(sizes), np.random.default_rng(seed)
    theta, x = draw.normal(size=mlp.n_parameters), draw.normal(size=sizes[0])
    # Sums in another order: a few units in the last place per layer.
    np.testing.assert_allclose(mlp.forward(theta, x), plain_forward(sizes, theta, x), rtol=1e-11, atol=1e-14)


def test_forward_equals_plain_numpy_at_full_size():
    mlp = MLP((23, 256, 256, 5))
    theta, x = mlp.initial(seed=1), np.linspace(-1, 1, 23)
    np.testing.assert_allclose(mlp.forward(theta, x), plain_forward(mlp.sizes, theta, x), rtol=1e-11)


@njit
def _twice(theta, sizes, observation, out, scratch):
    mlp_forward(theta, sizes, observation, out, scratch)
    first = out.copy()
    mlp_forward(theta, sizes, observation, out, scratch)
    return first


def test_forward_is_callable_from_compiled_code_and_leaves_its_inputs_alone():
    mlp = MLP((4, 7, 3, 2))
    theta, x = mlp.initial(seed=2), np.array([0.1, -0.2, 0.3, 0.4])
    before = theta.copy(), x.copy()
    out, scratch = np.full(2, np.nan), np.full(mlp.n_scratch, np.nan)
    first = _twice(theta, np.array(mlp.sizes), x, out, scratch)
    assert first.tolist() == out.tolist() == mlp.forward(theta, x).tolist()
    assert np.array_equal(theta, before[0]) and np.array_equal(x, before[1])


def test_initial_parameters_are_uniform_within_one_over_root_fan_in():
    mlp = MLP((25, 400, 4))
    theta = mlp.initial(seed=3)
    first, second = theta[: 26 * 400] * 5, theta[26 * 400 :] * 20
    for part in (first, second):
        assert np.all(np.abs(part) <= 1)
        # Variance 1/3 with standard error sqrt((1/5 - 1/9)/n); mean 0 with sqrt(1/3/n); five of each.
        assert abs(part.var() - 1 / 3) < 5 * np.sqrt(0.0889 / part.size)
        assert abs(part.mean()) < 5 * np.sqrt(1 / 3 / part.size)
    assert np.array_equal(theta, mlp.initial(seed=3))
    assert not np.any(theta == mlp.initial(seed=4))


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0, 2), (3, -1)])
def test_sizes_that_make_no_network_are_refused(sizes):
    with pytest.raises(DescriptionError, match=r"^MLP.sizes = .*: give at least two sizes"):
        MLP(sizes)


def test_wrong_lengths_are_refused():
    mlp = MLP((3, 2))
    with pytest.raises(DescriptionError, match=r"^MLP.forward: theta has shape \(7,\), must have \(8,\)"):
        mlp.forward(np.zeros(7), np.zeros(3))
    with pytest.raises(
        DescriptionError, match=r"^MLP.forward: observation has shape \(4,\), must have \(3,\)"
    ):
        mlp.forward(np.zeros(8), np.zeros(4))
