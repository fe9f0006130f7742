"""Poisson numbers from a stream, compiled: each is a pure function of (key, step, index) and its mean.

The number is the count of thresholds that the first 32-bit word of the counter reaches: threshold n is the probability
of at most n, times 2**32 and rounded up. So probabilities are multiples of 2**-32, and a number costs no branch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.cache import jit
from neurosim.rng.draws import Key, _words

MOST = 256.0
"""Largest mean: the cost of a number grows with it."""
_BLOCK, _WORDS = 512, 2.0**32


@jit()
def poisson_number(word: int, mean: float) -> int:
    """Return the Poisson number of a 32-bit word (unsigned), for 0 <= mean <= `MOST`."""
    n, p = 0, math.exp(-mean)
    below = p
    while word >= math.ceil(below * _WORDS):
        n += 1
        p *= mean / n
        below += p
    return n


@jit()
def _thresholds(mean: float, out: NDArray[np.uint32]) -> int:
    """Fill in the thresholds below 2**32; return their number."""
    n, p = 0, math.exp(-mean)
    below = p
    while math.ceil(below * _WORDS) < _WORDS and n < out.size:
        out[n] = np.uint32(math.ceil(below * _WORDS))
        n += 1
        p *= mean / n
        below += p
    return n


@jit()
def fill_poisson(key: Key, step: int, mean: float, out: NDArray[Any]) -> None:
    """Set each out[i] to a Poisson number, all of one mean.

    P(n) = mean**n exp(-mean)/n!, to 2**-32, from the counter of (key, step, i).

    Arguments:
        key: from `stream_key`.
        step: an integer >= 0.
        mean (1): from 0 to `MOST`.
        out: a vector, overwritten.

    Source: Devroye 1986, Non-Uniform Random Variate Generation, III.2 (inversion), doi:10.1007/978-1-4613-8643-8.
    """
    thresholds = np.empty(640, np.uint32)
    number = _thresholds(mean, thresholds)
    word, count = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.uint32)
    for start in range(0, out.size, _BLOCK):
        n = min(_BLOCK, out.size - start)
        for i in range(n):
            word[i] = _words(key, step, start + i)[0]
            count[i] = 0
        for at in range(number):
            threshold = thresholds[at]
            for i in range(n):
                count[i] += np.uint32(word[i] >= threshold)
        for i in range(n):
            out[start + i] = np.int32(count[i])


@jit()
def fill_poisson_each(key: Key, step: int, means: NDArray[np.float64], out: NDArray[Any]) -> None:
    """Set each out[i] to a Poisson number of the mean means[i]; arguments as of `fill_poisson`."""
    for i in range(out.size):
        out[i] = poisson_number(_words(key, step, i)[0], means[i])
