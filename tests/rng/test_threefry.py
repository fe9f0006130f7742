"""Threefry-2x32 against published known answers."""

import numpy as np
import pytest

from neurosim.rng.threefry import threefry2x32

ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        # Random123 (Salmon et al. 2011, doi:10.1145/2063384.2063405), kat_vectors, "threefry2x32 20".
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((ONES, ONES), (ONES, ONES), (0x1CB996FC, 0xBB002BE7)),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_known_answers(counter, key, answer):
    assert threefry2x32(*key, *counter) == answer


def test_every_bit_of_key_and_counter_flips_half_of_the_output():
    words = np.random.default_rng(0).integers(0, 2**32, size=(64, 4), dtype=np.uint32)
    for position in range(4):
        for bit in range(32):
            flipped = words.copy()
            flipped[:, position] ^= np.uint32(1 << bit)
            changed = sum(
                (a ^ b).bit_count()
                for before, after in zip(words, flipped, strict=True)
                for a, b in zip(threefry2x32(*before), threefry2x32(*after), strict=True)
            )
            # 4096 fair coins: mean 2048, standard deviation 32; six of them.
            assert abs(changed - 2048) < 6 * 32
