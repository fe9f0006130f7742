"""Poisson numbers from a stream, compiled: each is a pure function of (key, step, index) and its mean.

A number is `counts.poisson_quantile` of the first 32-bit word of its counter, divided by 2**32; of all 53 bits of its
uniform number where the mean is large.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.cache import jit
from neurosim.rng.counts import LARGE, poisson_quantile
from neurosim.rng.draws import Key, _words, uniform

_BLOCK, _WORDS = 512, 2.0**32


@jit()
def _number(key: Key, step: int, index: int, mean: float) -> float:
    if mean > LARGE:
        return poisson_quantile(uniform(key, step, index), mean)
    return poisson_quantile(_words(key, step, index)[0] / _WORDS, mean)


@jit()
def _thresholds(mean: float, out: NDArray[np.uint32]) -> int:
    """Fill in the words below 2**32 from which the number is larger by one; return how many there are."""
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
    """Set each out[i] to a Poisson number, all of one mean, without a branch for each.

    P(n) = mean**n exp(-mean)/n!, to 2**-32 up to `LARGE`, from the counter of (key, step, i).

    Arguments:
        key: from `stream_key`.
        step: an integer >= 0.
        mean (1): 0 or more.
        out: a vector, overwritten.

    Source: Devroye 1986, Non-Uniform Random Variate Generation, III.2 (inversion), doi:10.1007/978-1-4613-8643-8.
    """
    if mean > LARGE:
        for i in range(out.size):
            out[i] = _number(key, step, i, mean)
        return
    thresholds = np.empty(200, np.uint32)
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
        out[i] = _number(key, step, i, means[i])
