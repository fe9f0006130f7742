"""The counter-based generator behind every draw: Threefry-2x32 with 20 rounds.

Source: Salmon, Moraes, Dror and Shaw 2011, SC '11, doi:10.1145/2063384.2063405.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from neurosim.cache import jit

Word: TypeAlias = Any
"""An unsigned integer of 32 bits, as Python or compiled code sees it."""

_PARITY = np.uint32(0x1BD11BDA)  # of the key schedule


@jit(forceinline=True)
def _mix(x0: Word, x1: Word, r: int) -> tuple[Word, Word]:
    # numba widens 32-bit sums to 64 bits: each result is truncated by hand, which costs nothing once compiled.
    x0 = np.uint32(x0 + x1)
    return x0, np.uint32((x1 << r) | (x1 >> (32 - r))) ^ x0


@jit(forceinline=True)
def _rounds_a(x0: Word, x1: Word) -> tuple[Word, Word]:
    x0, x1 = _mix(x0, x1, 13)
    x0, x1 = _mix(x0, x1, 15)
    x0, x1 = _mix(x0, x1, 26)
    return _mix(x0, x1, 6)


@jit(forceinline=True)
def _rounds_b(x0: Word, x1: Word) -> tuple[Word, Word]:
    x0, x1 = _mix(x0, x1, 17)
    x0, x1 = _mix(x0, x1, 29)
    x0, x1 = _mix(x0, x1, 16)
    return _mix(x0, x1, 24)


@jit(forceinline=True)
def _inject(x0: Word, x1: Word, a: Word, b: Word, number: int) -> tuple[Word, Word]:
    return np.uint32(x0 + a), np.uint32(x1 + b + number)


@jit(forceinline=True)
def threefry2x32(k0: Word, k1: Word, c0: Word, c1: Word) -> tuple[Word, Word]:
    """Return the two 32-bit words that the key (k0, k1) maps the counter (c0, c1) to, all unsigned 32-bit.

    Five times: four rounds of (x0 += x1; x1 = rotate(x1, r) ^ x0), then the next two words of the key schedule
    (k0, k1, k0 ^ k1 ^ parity) and the number of the injection are added.
    Source: Salmon et al. 2011, doi:10.1145/2063384.2063405; checked against the known answers of Random123.
    """
    k0, k1 = np.uint32(k0), np.uint32(k1)
    k2 = k0 ^ k1 ^ _PARITY
    x0, x1 = _inject(np.uint32(c0), np.uint32(c1), k0, k1, 0)
    x0, x1 = _rounds_a(x0, x1)
    x0, x1 = _inject(x0, x1, k1, k2, 1)
    x0, x1 = _rounds_b(x0, x1)
    x0, x1 = _inject(x0, x1, k2, k0, 2)
    x0, x1 = _rounds_a(x0, x1)
    x0, x1 = _inject(x0, x1, k0, k1, 3)
    x0, x1 = _rounds_b(x0, x1)
    x0, x1 = _inject(x0, x1, k1, k2, 4)
    x0, x1 = _rounds_a(x0, x1)
    return _inject(x0, x1, k2, k0, 5)
