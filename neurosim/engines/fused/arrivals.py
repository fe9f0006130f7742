"""Spikes on their way through a projection whose synapses have delays of their own: for every coming step, its edges.

Each step has a list of the edges at which spikes arrive, in the order in which the spikes came. All lists of a
projection share one store of entries that are linked to each other, so that it holds what is on its way and no more,
whatever the delays:

    edge, of each entry; after, the entry after it in its list, or among the free ones; last, the last entry of each
    list; waiting, the number of entries of each list; free, (the first free entry, the number of free ones).

Lists are taken in turn, that of step k is list k % len(last). A list is kept until its spikes have passed the dendrite.
Entry number i is the head of list i and holds no edge.
To look instead in every step for what is due of each spike on its way takes twice as long: a processor cannot foresee
how many edges that will be.
"""

from __future__ import annotations

import numpy as np

from neurosim.cache import jit
from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.engines.fused.storage import Storage

NAMES = ("edge", "after", "last", "waiting", "free")


@jit()
def schedule(ring, row, spikes, first, delays, youngest, now, edge, after, last, waiting, free):  # type: ignore[no-untyped-def]
    """Put the edges of the first `spikes` units in a row of the ring on the lists of the steps at which they arrive.

    Arguments: youngest, the least delay that counts; now, the list of the step of the spikes.
    """
    entry = free[0]
    for m in range(spikes):
        j = ring[row, m]
        for x in range(first[j], first[j + 1]):
            if delays[x] >= youngest:
                at = now + np.int64(delays[x])
                if at >= last.size:
                    at -= last.size
                edge[entry] = x
                after[last[at]] = entry
                last[at] = entry
                waiting[at] += 1
                free[1] -= 1
                entry = after[entry]
    free[0] = entry


@jit()
def release(past, after, last, waiting, free):  # type: ignore[no-untyped-def]
    """Empty a list: its entries are free again."""
    if waiting[past] > 0:
        begin = after[past]
        after[last[past]] = free[0]
        free[0] = begin
        free[1] += waiting[past]
        last[past] = past
        waiting[past] = 0


def empty(storage: Storage, projection: ProjectionEquations) -> None:
    """Make the lists of a projection, all of them empty."""
    lists = projection.whole_delay + 1
    heads = np.arange(lists, dtype=np.uint32)
    _keep(
        storage,
        projection,
        np.zeros(lists, np.uint32),
        heads,
        heads.copy(),
        np.zeros(lists, np.int64),
        np.zeros(2, np.int64),
    )
    enlarge(storage, projection)


def enlarge(storage: Storage, projection: ProjectionEquations) -> bool:
    """Make room for a spike of every unit, as there has to be at the start of a step; return whether it lacked."""
    edge, after, last, waiting, free = (storage.arrays[f"{projection.name}___{name}"] for name in NAMES)
    if free[1] >= projection.size:
        return False
    size = edge.size
    more = np.arange(size + 1, 2 * (size + projection.size) + 1, dtype=np.uint32)
    more[-1] = free[0]
    _keep(
        storage, projection, np.append(edge, np.zeros_like(more)), np.append(after, more), last, waiting, free
    )
    free[:] = size, free[1] + more.size
    return True


def recall(storage: Storage, projection: ProjectionEquations, now: int) -> None:
    """Make the lists anew from the spikes that the source's ring holds, before step `now`."""
    empty(storage, projection)
    ring, count = (storage.arrays[f"{projection.source}___{name}"] for name in ("ring", "count"))
    lists = projection.whole_delay + 1
    for age in range(min(projection.whole_delay, now), 0, -1):
        enlarge(storage, projection)
        row = (now - age) % len(ring)
        own = (storage.arrays[f"{projection.name}___{name}"] for name in NAMES)
        edges = storage.arrays[f"{projection.name}___first"], storage.arrays[f"{projection.name}___delays"]
        # What has passed the synapse is still on its way in the dendrite.
        schedule(ring, row, count[row], *edges, max(age - projection.dendritic, 0), (now - age) % lists, *own)


def _keep(storage: Storage, projection: ProjectionEquations, *arrays: np.ndarray) -> None:
    storage.arrays |= {
        f"{projection.name}___{name}": array for name, array in zip(NAMES, arrays, strict=True)
    }
