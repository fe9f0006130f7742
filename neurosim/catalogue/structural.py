"""What structural rules do to a mask: how many connections there are, and how many of them are new."""

from __future__ import annotations

import numpy as np

from neurosim.catalogue.panel import Panel
from neurosim.model.structural import StructuralRule, updated
from neurosim.rng import generator

SOURCES, TARGETS, UPDATES = 40, 25, 200


def turnover(rule: StructuralRule) -> Panel:
    """Return the fraction of edges that are connected, of connections that are new, and of the first ones that remain.

    Gradients are random numbers; weights drift at random. The first connections are not shown if all edges are
    connected.
    """
    rng = generator(0, "structural")
    pre, post = (places.ravel() for places in np.divmod(np.arange(SOURCES * TARGETS), TARGETS))
    steady = {
        "pre": pre,
        "post": post,
        "layer": np.zeros(pre.size, int),
        "initial": rng.normal(size=pre.size),
    }
    mask = rng.random(pre.size) < (rule.density or 0.1)
    w, first = np.where(mask, steady["initial"], 0.0), mask
    shares = []
    for t in range(1, UPDATES + 1):
        before = mask
        gradients = {name: rng.normal(size=pre.size) for name in rule.gradients}
        mask, w, _ = updated(rule, mask, w, {**steady, **gradients}, t, rng)
        w = np.where(mask, w + 0.1 * rng.normal(size=pre.size), 0.0)
        counts = np.array([mask.sum(), (mask & ~before).sum(), (mask & first).sum()])
        shares.append(counts / [mask.size, mask.sum(), first.sum()])
    labels = ("edges connected", "connections new in the update", "first connections left")
    updates = 1 + np.arange(UPDATES)
    curves = {label: (updates, share) for label, share in zip(labels, np.array(shares).T, strict=True)}
    if first.all():
        del curves["first connections left"]
    return Panel(curves, "updates", "share", "1,000 edges, random weights and gradients")
