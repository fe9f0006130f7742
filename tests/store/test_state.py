"""A checkpoint comes back bit for bit, or not at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurosim.errors import ResultFileError
from neurosim.store import read_state, write_state

PLAIN = st.sampled_from([np.float64, np.float32, np.int64, np.uint64, np.int8, np.bool_, np.complex128])
ARRAYS = PLAIN.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)))
SCALARS = st.one_of(st.floats(), st.integers(-(2**63), 2**64 - 1), st.booleans())
NAMES = st.sampled_from(["v", "E/v", "E/g", "E to I/w", "E to I/ring/0", "rng/key", "τ"])


@given(state=st.dictionaries(NAMES, st.one_of(ARRAYS, SCALARS)))
def test_any_state_comes_back_bit_for_bit(tmp_path_factory, state):
    path = tmp_path_factory.mktemp("state") / "state.h5"
    write_state(path, state)
    back = read_state(path)
    assert back.keys() == state.keys()
    for name, value in state.items():
        expected = np.asarray(value)
        assert (back[name].dtype, back[name].shape) == (expected.dtype, expected.shape)
        assert back[name].tobytes() == expected.tobytes()


def test_the_bits_of_a_nan_survive(tmp_path):
    bits = np.array([0x7FF8DEADBEEF0001, 0xFFF0000000000001, 0x8000000000000000], dtype=np.uint64)
    write_state(tmp_path / "s.h5", {"v": bits.view(np.float64)})
    assert np.array_equal(read_state(tmp_path / "s.h5")["v"].view(np.uint64), bits)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": 1, "a/b": 2}, "'a/b': its name clashes"),
        ({"a/b": 2, "a": 1}, "'a': its name clashes"),
        ({"a": "text"}, "not part of a numerical state"),
        ({"a": object()}, "cannot be stored"),
        ({"a": 2**64}, "cannot be stored"),
        ({"../a": 1}, "not a name"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_no_file_appears(tmp_path, state, message):
    with pytest.raises(ResultFileError, match=message):
        write_state(tmp_path / "s.h5", state)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_state_does_not_load(tmp_path):
    path = tmp_path / "s.h5"
    write_state(path, {"v": np.arange(5)})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ResultFileError, match="truncated"):
        read_state(path)
