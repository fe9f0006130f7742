"""GraNet: gradual pruning with zero-cost neuroregeneration."""

import math

import numpy as np

from neurosim.model.parameters import option, parameter
from neurosim.model.selection import largest
from neurosim.model.structural import Change, Signals, StructuralRule, gradient, layers
from neurosim.rules.rigl import replaced


class GraNet(StructuralRule):
    """GraNet: connections are pruned gradually, and some are replaced at each pruning.

    At each interval, 1. of the N edges of all projections with this rule the floor((1 - s) N) connections with the
    largest |w| are kept, where s = s_final + (s_initial - s_final) (1 - x)**3, x = (t - start)/(stop - start) within
    [0, 1], s_initial = 1 - density; 2. in each projection ceil(r n) of the n connections left with the smallest |w| are
    dropped, and as many of those then absent with the largest |g| grown with the weight 0, where
    r = r_final + (r_initial - r_final) (1 + cos(pi t/updates))/2.
    g gradient of the loss dL/dw, or an eligibility in its place; s sparsity (1); r fraction that is replaced (1);
    t number of the update, of updates in the whole training (1); start, stop, updates between which it prunes (1);
    scope, 'global' as above or 'layer', each projection by itself; density at the start (1); interval (s), in training
    a number of optimiser steps. A dropped connection that is then among those with the largest |g| stays.
    Source: Liu, Chen, Chen, Atashgahi, Yin, Kou, Shen, Pechenizkiy, Wang, Mocanu 2021, NeurIPS, arXiv:2106.10404.
    Checked: sparsity follows the cubic from its initial to its final value, which regeneration keeps.
    """

    s_final = parameter(0.9, "sparsity at the end", low=0.0, high=1.0)
    start = parameter(0.0, "update from which it prunes", low=0.0)
    stop = parameter(50.0, "update up to which it prunes", low=0.0)
    updates = parameter(100.0, "number of updates in the whole training", low=1.0)
    r_initial = parameter(0.5, "fraction that is replaced at the start", low=0.0, high=1.0)
    r_final = parameter(0.005, "fraction that is replaced at the end", low=0.0, high=1.0)
    density = parameter(1.0, "fraction of the edges that exist at the start", low=0.0, high=1.0)
    scope = option("global", "set within which it prunes", ("global", "layer"))
    g = gradient("indicates which connections to grow")
    together = True

    def sparsity(self, t: float) -> float:
        """Return the sparsity after update t."""
        x = min(max((t - self.start) / (self.stop - self.start), 0.0), 1.0)
        return float(self.s_final + (1 - self.density - self.s_final) * (1 - x) ** 3)

    def fraction(self, t: float) -> float:
        """Return the fraction that is replaced at update t."""
        annealed = (1 + math.cos(math.pi * min(t / self.updates, 1.0))) / 2
        return float(self.r_final + (self.r_initial - self.r_final) * annealed)

    def step(
        self, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
    ) -> Change:
        """Return (drop, grow)."""
        own = layers(mask, signal)
        kept = np.zeros_like(mask)
        for part in own if self.scope == "layer" else [np.ones_like(mask)]:
            # Among the existing connections, so that pruning never grows one.
            room = math.floor((1 - self.sparsity(t)) * int(part.sum()) + 1e-9)
            kept |= largest(np.abs(w), mask & part, room)
        after = kept.copy()
        for part in own:
            drop, grow = replaced(kept[part], w[part], signal["g"][part], self.fraction(t))
            after[part] = (kept[part] & ~drop) | grow
        return mask & ~after, after & ~mask
