"""Keys of streams: stable, apart from each other, refused when they make no sense."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosim.errors import DescriptionError
from neurosim.rng import generator, stream_key

triples = st.tuples(st.integers(0, 2**70), st.text(max_size=6), st.text(max_size=6))


def test_key_is_the_same_on_every_machine_and_version():
    # Frozen: a change of these values changes every result in the project.
    assert stream_key(0, "", "") == 0x18F97DAB46730B4E
    assert stream_key(1, "E", "xi") == 0x454F2468351314C0


@given(triples, triples)
def test_different_triples_have_different_keys(a, b):
    assert (stream_key(*a) == stream_key(*b)) == (a == b)


def test_names_are_not_simply_joined():
    assert stream_key(1, "a", "bc") != stream_key(1, "ab", "c")
    assert stream_key(1, "2", "x") != stream_key(12, "", "x")


def test_key_accepts_numpy_integers():
    assert stream_key(np.int64(3), "E", "xi") == stream_key(3, "E", "xi")


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None])
def test_bad_seed_is_refused_in_one_line(seed):
    with pytest.raises(DescriptionError, match=r"^seed: .*give a whole number >= 0$"):
        stream_key(seed, "E", "xi")
    with pytest.raises(DescriptionError, match=r"^seed: "):
        generator(seed, "weights")


def test_bad_name_is_refused():
    with pytest.raises(DescriptionError, match=r"^entity of a random stream: 3 is not text"):
        stream_key(1, 3, "xi")
    with pytest.raises(DescriptionError, match=r"^purpose of a random stream: None is not text"):
        stream_key(1, "E", None)


def test_generator_repeats_itself_and_keeps_purposes_apart():
    draws = {(s, p): generator(s, p).random(1000) for s in (1, 2) for p in ("weights", "v")}
    assert np.array_equal(draws[1, "weights"], generator(1, "weights").random(1000))
    for a, b in itertools.combinations(draws, 2):
        # |r| < 5 / sqrt(n): five standard errors.
        assert abs(np.corrcoef(draws[a], draws[b])[0, 1]) < 5 / np.sqrt(1000)
