"""What structural rules do to a mask: how many connections there are, and how many of the first ones are left."""

from __future__ import annotations

import numpy as np

from neurosim.catalogue.panel import Panel
from neurosim.model.structural import StructuralRule, updated
from neurosim.rng import generator

SOURCES, TARGETS, UPDATES = 40, 25, 200


def turnover(rule: StructuralRule) -> Panel:
    """Return the share of the edges that are connected, and of the first connections that are left, by update.

    Gradients are random numbers, other signals random numbers of 0 to 4 for each neuron; weights drift at random.
    """
    rng = generator(0, "structural")
    pre, post = (places.ravel() for places in np.divmod(np.arange(SOURCES * TARGETS), TARGETS))
    ends = {"pre": pre, "post": post}
    steady = {
        name: rng.uniform(0, 4, max(SOURCES, TARGETS))[ends[signal.place]]
        for name, signal in rule.signals.items()
    }
    steady |= {**ends, "layer": np.zeros(pre.size, int), "initial": rng.normal(size=pre.size)}
    mask = rng.random(pre.size) < (rule.density or 0.1)
    w, first = np.where(mask, steady["initial"], 0.0), mask
    shares = []
    for t in range(1, UPDATES + 1):
        shares.append((mask.mean(), (mask & first).sum() / first.sum()))
        gradients = {name: rng.normal(size=pre.size) for name in rule.gradients}
        mask, w, _ = updated(rule, mask, w, {**steady, **gradients}, t, rng)
        w = np.where(mask, w + 0.1 * rng.normal(size=pre.size), 0.0)
    connected, left = np.array(shares).T
    updates = np.arange(UPDATES)
    curves = {"edges connected": (updates, connected), "first connections left": (updates, left)}
    return Panel(curves, "updates", "share", "1,000 edges, random weights and gradients")
