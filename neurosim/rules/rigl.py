"""RigL: rigged lottery."""

import math

import numpy as np

from neurosim.model.parameters import parameter
from neurosim.model.selection import largest, smallest
from neurosim.model.structural import Change, Signals, StructuralRule, gradient


def replaced(mask: np.ndarray, w: np.ndarray, g: np.ndarray, fraction: float) -> Change:
    """Return (drop, grow): the fraction of smallest |w|, and as many with the largest |g| among those then absent.

    A connection that is chosen again as soon as it is dropped stays: it is neither dropped nor grown.
    """
    count = math.ceil(fraction * int(mask.sum()))
    drop = smallest(np.abs(w), mask, count)
    grow = largest(np.abs(g), ~mask | drop, count)
    return drop & ~grow, grow & ~drop


class RigL(StructuralRule):
    """RigL: the weakest connections are replaced by the absent ones with the largest gradient.

    At each interval, in each projection, ceil(f n) of the n connections with the smallest |w| are dropped, and as many
    absent ones with the largest |g| grown with the weight 0;  f = (alpha/2) (1 + cos(pi t/updates)), 0 from t =
    updates.
    g gradient of the loss dL/dw, or an eligibility in its place; alpha first fraction (1); t number of the update, of
    updates in all (1); density (1), constant; interval between updates (s), in training a number of optimiser steps.
    A dropped connection that is then among those with the largest |g| stays.
    Source: Evci, Gale, Menick, Castro, Elsen 2020, ICML, arXiv:1911.11134.
    Checked: an update replaces the smallest weights by the largest gradients, keeps their number, and leaves the output
    unchanged.
    """

    alpha = parameter(0.3, "fraction that is replaced at the start", low=0.0, high=1.0)
    updates = parameter(100.0, "number of updates after which it is 0", low=1.0)
    g = gradient("indicates which connections to grow")
    conserves = True

    def fraction(self, t: float) -> float:
        """Return the fraction that is replaced at update t."""
        return float(self.alpha / 2 * (1 + math.cos(math.pi * min(t / self.updates, 1.0))))

    def step(
        self, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
    ) -> Change:
        """Return (drop, grow)."""
        return replaced(mask, w, signal["g"], self.fraction(t))
