"""Slices in place of gathered and scattered indices give what those give, and their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from neurosim.engines.jax.strides import Stride, stride


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    first=some.integers(0, 5), step=some.integers(1, 4), count=some.integers(1, 6), room=some.integers(0, 4)
)
def test_a_stride_takes_and_places_as_its_indices_do(first, step, count, room):
    indices = first + step * np.arange(count)
    found = stride(indices)
    size = int(indices[-1]) + 1 + room
    values = np.arange(1.0, size + 1, dtype=np.float32)
    assert found is not None
    np.testing.assert_array_equal(found.taken(jnp.asarray(values)), values[indices])
    np.testing.assert_array_equal(
        found.placed(jnp.asarray(values[indices]), size), jnp.zeros(size).at[indices].add(values[indices])
    )


@pytest.mark.parametrize("indices", [[], [2, 1, 0], [0, 0], [0, 1, 3], [5, 5, 5]])
def test_other_indices_are_no_stride(indices):
    assert stride(np.array(indices, int)) is None


def test_gradients_go_where_the_indices_point():
    at, values = Stride(1, 2, 3), jnp.arange(8.0)
    weights = jnp.array([2.0, 3.0, 5.0])
    np.testing.assert_array_equal(jax.grad(lambda v: at.taken(v) @ weights)(values), [0, 2, 0, 3, 0, 5, 0, 0])
    np.testing.assert_array_equal(jax.grad(lambda w: at.placed(w, 8) @ values)(weights), [1, 3, 5])
