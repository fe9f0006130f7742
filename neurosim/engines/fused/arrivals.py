"""Spikes on their way through a projection whose synapses have delays of their own: for every coming step, its edges.

Each step has a list of the edges at which spikes arrive, in the order in which the spikes came:

    edge, a list in each row (lists, room); waiting, the number of edges on each list; most, the largest number of edges
    of one delay, for which each list has room at the start of a step.

Lists are taken in turn, that of step k is list k % len(waiting). A list is kept until its spikes have passed the
dendrite. Edges are sorted by source, then delay, so that those of a spike that arrive together lie side by side. Room
that has not been used costs no memory.
To look instead in every step for what is due of each spike on its way takes longer: a processor cannot foresee how many
edges that will be.
"""

from __future__ import annotations

import mmap
from contextlib import suppress

import numpy as np

from neurosim.cache import jit
from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.engines.fused.storage import Storage

NAMES = ("edge", "waiting")


@jit()
def schedule(ring, row, spikes, first, delays, youngest, now, edge, waiting):  # type: ignore[no-untyped-def]
    """Put the edges of the first `spikes` units in a row of the ring on the lists of the steps at which they arrive.

    Arguments: youngest, the least delay that counts; now, the list of the step of the spikes.
    """
    lists, now = np.uint64(waiting.size), np.uint64(now)
    for m in range(spikes):
        j = ring[row, m]
        for x in range(first[j], first[j + 1]):
            if delays[x] >= youngest:
                at = now + np.uint64(delays[x])
                if at >= lists:
                    at -= lists
                place = waiting[at]
                edge[at, place] = x
                waiting[at] = place + np.uint64(1)


@jit()
def lacking(most, edge, waiting):  # type: ignore[no-untyped-def]
    """Return whether a list might have no room for the spikes of another step."""
    longest = np.uint64(0)
    for at in range(waiting.size):
        longest = max(longest, waiting[at])
    return longest + np.uint64(most) > np.uint64(edge.shape[1])


def empty(storage: Storage, projection: ProjectionEquations) -> None:
    """Make the lists of a projection, all of them empty."""
    lists = projection.whole_delay + 1
    _keep(storage, projection, np.empty((lists, 0), np.uint32), np.zeros(lists, np.uint64))
    enlarge(storage, projection)


def enlarge(storage: Storage, projection: ProjectionEquations) -> bool:
    """Make room for a spike of every unit, as there has to be at the start of a step; return whether it lacked."""
    edge, waiting = (storage.arrays[f"{projection.name}___{name}"] for name in NAMES)
    most, longest = int(storage.numbers[f"{projection.name}___most"]), int(waiting.max())
    if longest + most <= edge.shape[1]:
        return False
    wider = _untouched(len(edge), 2 * longest + most + most // 4 + 1)
    for own, found, number in zip(wider, edge, waiting.tolist(), strict=True):
        own[:number] = found[:number]
    _keep(storage, projection, wider, waiting)
    return True


def recall(storage: Storage, projection: ProjectionEquations, now: int) -> None:
    """Make the lists anew from the spikes that the source's ring holds, before step `now`."""
    empty(storage, projection)
    ring, count = (storage.arrays[f"{projection.sender('pre')}___{name}"] for name in ("ring", "count"))
    lists = projection.whole_delay + 1
    for age in range(min(projection.whole_delay, now), 0, -1):
        enlarge(storage, projection)
        row = (now - age) % len(ring)
        own = (storage.arrays[f"{projection.name}___{name}"] for name in NAMES)
        edges = storage.arrays[f"{projection.name}___first"], storage.arrays[f"{projection.name}___delays"]
        # What has passed the synapse is still on its way in the dendrite.
        schedule(ring, row, count[row], *edges, max(age - projection.dendritic, 0), (now - age) % lists, *own)


def _untouched(lists: int, room: int) -> np.ndarray:
    """Return an array (lists, room) of which memory is taken only where it is written, in small pages.

    Large pages, which Linux may give to large arrays, would take all of it: the beginning of each list lies in one.
    """
    if not hasattr(mmap, "MADV_NOHUGEPAGE"):
        return np.empty((lists, room), np.uint32)
    memory = mmap.mmap(-1, 4 * lists * room, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without large pages
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, np.uint32).reshape(lists, room)


def _keep(storage: Storage, projection: ProjectionEquations, *arrays: np.ndarray) -> None:
    storage.arrays |= {
        f"{projection.name}___{name}": array for name, array in zip(NAMES, arrays, strict=True)
    }
