"""The edges of a projection, drawn or listed, and their delays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2 import second

from neurosim.compiler.equations.forms import EdgeList, Wiring
from neurosim.compiler.equations.names import SECOND
from neurosim.errors import DescriptionError, brief
from neurosim.model.computed import computed
from neurosim.model.connectivity import Connectivity, delay_order, draw_pairs, edge_order
from neurosim.model.network import Network
from neurosim.model.parts import Projection
from neurosim.model.times import nearest_step
from neurosim.model.units import Dimension
from neurosim.model.values import Distribution, Ends, resolve
from neurosim.rng import generator

LONGEST = 2**31
"""Most units times steps of delay; a spike that is kept for a step takes four bytes."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """wiring, the edges in their order; order, the place of each weight in the order of the description."""

    wiring: Wiring
    order: np.ndarray | slice
    connect: Connectivity

    @property
    def size(self) -> int:
        """Number of edges."""
        return self.wiring.edges.size

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.wiring.weights

    def resolve(self, value: Any, dimension: Dimension, seed: int, where: str) -> np.ndarray:
        """Return a value in SI base units: 0-d for one number, else one of each weight in the order of the edges.

        Arguments: as of `values.resolve`; arrays are in the order of the description.
        Raises DescriptionError on another unit or length, and on indices of connections that share weights.
        """
        if not isinstance(value, Distribution):
            found = resolve(value, dimension, self.weights, seed, where)
            return found[self.order] if found.ndim else found
        edges = None
        if self.weights == self.size:
            listed = self.wiring.edges
            ends = (listed.pre, listed.post, listed.first.size - 1, listed.targets)
            edges = self.connect.within(ends)
        elif value.indexed:
            raise DescriptionError(f"{where}: connections share weights, which have no indices: give values")
        return resolve(value, dimension, self.weights, seed, where, edges)


def draw_wiring(
    projection: Projection, network: Network, sources: int, targets: int, seed: int, where: str
) -> Drawn:
    """Return the edges of a projection and their delays, from the streams of `seed`.

    Arguments: network, for its dt; sources and targets, numbers of units at the two ends; where, for messages.
    Raises DescriptionError on pairs that do not exist and delays that are no whole number of steps.
    """
    rng = generator(seed, f"{projection.name} connectivity")
    connect = projection.connect.between(projection.source == projection.target)
    given = computed(projection.delay)
    dendritic = _dendritic_steps(projection, network)
    if connect.dense and np.ndim(given) == 0 and not isinstance(given, Distribution):
        # All pairs are in order as they are, and are not even listed.
        none = np.zeros(0, np.int32)
        delay = int(_delay_steps(given, connect, (none, none, sources, targets), network, seed, where))
        return Drawn(
            Wiring(EdgeList(np.arange(sources + 1) * targets, None, targets), delay, dendritic=dendritic),
            slice(None),
            projection.connect,
        )
    pre, post = draw_pairs(connect, sources, targets, rng, where)
    steps = _delay_steps(given, connect, (pre, post, sources, targets), network, seed, where)
    first = np.concatenate([[0], np.bincount(pre, minlength=sources).cumsum()])
    order = delay_order(first, pre, post, steps) if steps.ndim else edge_order(pre, post)
    del pre
    edges = EdgeList(first, post[order], targets)
    del post
    delays = steps[order] if steps.ndim else None
    kept = None if isinstance(order, slice) else order
    kernel = connect.shared(sources, targets, where)
    if kernel is not None:
        if steps.ndim:
            raise DescriptionError(f"{where}: a convolution has one delay: give a number")
        kernel = replace(kernel, index=kernel.index[order])
        return Drawn(
            Wiring(edges, int(steps), None, kept, kernel, dendritic), slice(None), projection.connect
        )
    longest = int(np.max(steps, initial=0))
    return Drawn(Wiring(edges, longest, delays, kept, dendritic=dendritic), order, projection.connect)


def _dendritic_steps(projection: Projection, network: Network) -> int:
    """Return the delay between synapse and target in steps."""
    given = 0.0 if projection.dendritic_delay is None else float(projection.dendritic_delay / second)
    return int(nearest_step(given, network.step))


def _delay_steps(
    delay: Any, connect: Connectivity, edges: Ends, network: Network, seed: int, where: str
) -> np.ndarray:
    """Return delays in steps: 0-d, or one per edge, each rounded to the nearest step."""
    where, sources = f"{where}: delay", edges[2]
    seconds = resolve(delay, SECOND, edges[0].size, seed, where, connect.within(edges))
    if np.any(seconds < 0):
        lowest, drawn = f"{seconds.min() * 1e3:.3g} ms", isinstance(delay, Distribution)
        raise DescriptionError(
            f"{where}: {'draws of ' if drawn else ''}{brief(delay)} are negative, down to {lowest}: "
            + ("write Redrawn(..., low=0*ms)" if drawn else "give times from 0")
        )
    whole = nearest_step(seconds, network.step)
    if whole.max(initial=0) * sources > LONGEST:
        raise DescriptionError(
            f"{where}: {whole.max():.3g} steps of past spikes of {sources} units do not fit into memory: "
            "lower it, or raise dt"
        )
    return whole.astype(np.min_scalar_type(int(whole.max(initial=0)))) if whole.ndim else whole
