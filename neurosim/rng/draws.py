"""Compiled draws from a stream: each number is a pure function of (key, step, index).

Callable from Python and from other numba-compiled code. The counter of Threefry-2x32 is (low word of the step, index);
the high word of the step is folded into the key by exclusive or, so streams continue past 2**32 steps. An index counts
the elements of the entity and stays below 2**32. The results of `fill_*` are, bit for bit, those of the scalar draws.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurosim.cache import jit
from neurosim.rng.normal import CENTRE, normal_centre, normal_quantile
from neurosim.rng.threefry import Word, threefry2x32

Key: TypeAlias = int | np.uint64
"""The key of a stream, from `stream_key`."""

NEVER = 1 << 62
"""The gap of a process that never fires (steps); it can be added to any step without overflow."""


@jit(forceinline=True)
def _words(key: Key, step: int, index: int) -> tuple[Word, Word]:
    key64, step64 = np.uint64(key), np.uint64(step)
    high = np.uint32(key64 >> np.uint64(32)) ^ np.uint32(step64 >> np.uint64(32))
    return threefry2x32(np.uint32(key64), high, np.uint32(step64), np.uint32(index))


@jit(forceinline=True)
def _uniform(key: Key, step: int, index: int) -> float:
    # 27 and 26 bits as signed 32-bit words: the conversion to float64 that vectorises.
    a, b = _words(key, step, index)
    return (np.int32(a >> 5) * 67108864.0 + np.int32(b >> 6)) * 2.0**-53


@jit(forceinline=True)
def _centred(key: Key, step: int, index: int) -> float:
    # The middles of 2**52 equal intervals of (-0.5, 0.5): never an end, exactly symmetric, exact in float64.
    a, b = _words(key, step, index)
    return (np.int32(a >> 6) * 67108864.0 + np.int32(b >> 6) + 0.5) * 2.0**-52 - 0.5


@jit()
def uniform(key: Key, step: int, index: int) -> float:
    """Return a number uniform on [0, 1), a multiple of 2**-53.

    Arguments:
        key: from `stream_key`.
        step: an integer >= 0.
        index: of the element, 0 <= index < 2**32.
    """
    return _uniform(key, step, index)


@jit()
def normal(key: Key, step: int, index: int) -> float:
    """Return a standard normal number: the quantile of one 52-bit uniform number, so |z| < 8.3.

    Arguments as of `uniform`.
    """
    return normal_quantile(_centred(key, step, index))


@jit()
def fill_uniform(key: Key, step: int, out: NDArray[np.float64]) -> None:
    """Set out[i] = uniform(key, step, i) for every i; out, a vector of any length, is overwritten."""
    for i in range(out.size):
        out[i] = _uniform(key, step, i)


@jit()
def fill_normal(key: Key, step: int, out: NDArray[np.float64]) -> None:
    """Set out[i] = normal(key, step, i) for every i; out, a vector of any length, is overwritten."""
    # In blocks that stay in cache: the loops over uniforms and over the centre vectorise, the loop over tails cannot.
    block = np.empty(256)
    for start in range(0, out.size, block.size):
        n = min(block.size, out.size - start)
        for i in range(n):
            block[i] = _centred(key, step, start + i)
        for i in range(n):
            out[start + i] = normal_centre(block[i])
        for i in range(n):
            if abs(block[i]) > CENTRE:
                out[start + i] = normal_quantile(block[i])


@jit(forceinline=True, error_model="numpy")
def _logarithm(x: float) -> float:
    # x = 2**e * m with m near 1, log m = 2 artanh(s) as a series in s = (m - 1)/(m + 1), |s| < 0.172; for 0 < x <= 1.
    # Plain arithmetic on bits, so that it vectorises and has the same bits with every mathematical library.
    bits = np.float64(x).view(np.int64)
    e = (bits - 0x3FE6A09E667F3BCD) >> 52
    m = np.int64(bits - (e << 52)).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    series = 1 / 23
    series = series * q + 1 / 21
    series = series * q + 1 / 19
    series = series * q + 1 / 17
    series = series * q + 1 / 15
    series = series * q + 1 / 13
    series = series * q + 1 / 11
    series = series * q + 1 / 9
    series = series * q + 1 / 7
    series = series * q + 1 / 5
    series = series * q + 1 / 3
    return e * math.log(2.0) + 2.0 * (s + s * q * series)


@jit(error_model="numpy")
def fill_gaps(key: Key, step: int, p: float, out: NDArray[Any]) -> None:
    """Set each out[i] to the number of trials from one success to the next, if each trial succeeds with probability p.

    P(gap = k) = p (1 - p)**(k - 1), k = 1, 2, ...: gap = 1 + floor(log(1 - u)/log(1 - p)), u = uniform(key, step, i).
    The distribution is that of drawing `uniform < p` at every trial, at one draw per success.

    Arguments:
        key: from `stream_key`.
        step: an integer >= 0.
        p: probability of success, in [0, 1]; 1 gives the gap 1, less than 1/`NEVER` gives `NEVER`, the largest gap.
        out: a vector, overwritten.

    Source: Devroye 1986, Non-Uniform Random Variate Generation, X.2, doi:10.1007/978-1-4613-8643-8.
    """
    if not 1.0 / NEVER < p < 1.0:
        out[:] = 1 if p >= 1.0 else NEVER
        return
    scale = 1.0 / math.log1p(-p)
    for i in range(out.size):
        failures = _logarithm(1.0 - _uniform(key, step, i)) * scale
        out[i] = min(1 + np.int64(min(failures, float(NEVER))), NEVER)
