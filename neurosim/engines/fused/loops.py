"""The loops over steps and patterns, which call the functions of a program one by one; they are the same for every one.

Calls are rows (address of a function, address of its part), made in their order.
"""

from __future__ import annotations

import numpy as np

from neurosim.cache import jit
from neurosim.engines.fused.addresses import call, vector


@jit()
def once(calls, k, now, row, share):  # type: ignore[no-untyped-def]
    """Make calls for one step; return whether there is no room for another."""
    full = 0
    for c in range(len(calls)):
        full |= call(calls[c, 0], calls[c, 1], k, np.int32(now), row, 1, share)
    return full != 0


@jit()
def advance(calls, steps, k0, origin):  # type: ignore[no-untyped-def]
    """Take steps, or fewer where there is no room for more; return their number.

    Arguments: calls, of a step; steps, their number; k0, the first; origin, the step that refractory periods are
    counted from.
    """
    if len(calls) == 1:
        taken = call(calls[0, 0], calls[0, 1], k0, np.int32(k0 - origin), 0, steps, 1.0)
        return taken if taken > 0 else steps
    for s in range(steps):
        if once(calls, k0 + s, k0 + s - origin, s, 1.0):
            return s + 1
    return steps


@jit()
def settle(calls, most, k0, origin, tolerance, damping, row, dynamic, item):  # type: ignore[no-untyped-def]
    """Take `most` steps, or fewer until no state changes by more than `tolerance`; return (steps, largest change).

    Arguments: tolerance, below 0 for a fixed number of steps; damping, share of the state before in that after a step;
    row, of the inputs; dynamic, addresses of states, of room for their values before, of their starts, and sizes, shape
    (states, 4); item, a number of their type.
    """
    n, change = 0, 0.0
    while n < most:
        if tolerance >= 0:
            for d in range(len(dynamic)):
                vector(dynamic[d, 1], dynamic[d, 3], item)[:] = vector(dynamic[d, 0], dynamic[d, 3], item)
        once(calls, k0 + n, k0 + n - origin, row, 1.0)
        n += 1
        if tolerance >= 0:
            change = 0.0
            for d in range(len(dynamic)):
                state, before = (
                    vector(dynamic[d, 0], dynamic[d, 3], item),
                    vector(dynamic[d, 1], dynamic[d, 3], item),
                )
                for i in range(state.size):
                    moved = abs(state[i] - before[i])
                    if moved > change or moved != moved:
                        change = moved
                    state[i] = damping * before[i] + (1 - damping) * state[i]
            if change <= tolerance:
                break
    return n, change


@jit()
def present(  # type: ignore[no-untyped-def]
    calls,
    each,
    mean,
    begin,
    end,
    most,
    k0,
    origin,
    tolerance,
    damping,
    dynamic,
    shares,
    steps_of,
    residual_of,
):
    """Present patterns in turn, each from the start, and add up what they change; return the number of steps.

    Arguments, beside those of `settle`: each, calls after a pattern; mean, calls after all of them; begin and end, the
    first pattern of this call and the one after its last; shares, probabilities of all patterns, 0 for those that do
    not settle; steps_of and residual_of, filled.
    """
    taken = 0
    for p in range(begin, end):
        for d in range(len(dynamic)):
            vector(dynamic[d, 0], dynamic[d, 3], shares[0])[:] = vector(
                dynamic[d, 2], dynamic[d, 3], shares[0]
            )
        n, change = settle(calls, most, k0 + taken, origin, tolerance, damping, p, dynamic, shares[0])
        taken += n
        steps_of[p], residual_of[p] = n, change
        if tolerance >= 0 and not change <= tolerance:
            shares[p] = 0.0
        last = max(k0 + taken - 1, 0)
        once(each, last, last - origin, p, np.float64(shares[p]))
    if end == len(shares):
        once(mean, k0 + taken, k0 + taken - origin, 0, 1.0)
    return taken


@jit()
def finite(places, item):  # type: ignore[no-untyped-def]
    """Return whether all elements of arrays are finite.

    Arguments: places, address and number of elements of each (int64, shape (arrays, 2)); item, one element.
    """
    for a in range(len(places)):
        array = vector(places[a, 0], places[a, 1], item)
        other = False
        for i in range(array.size):
            other |= array[i] - array[i] != 0
        if other:
            return False
    return True
