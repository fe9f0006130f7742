"""Selections among connections: the smallest, the largest, a random few; and densities over several projections."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosim.errors import DescriptionError


def smallest(values: np.ndarray, among: np.ndarray, count: int) -> np.ndarray:
    """Return which `count` of the connections in `among` have the smallest values (ties: the first ones).

    Arguments:
        values: of any shape.
        among: bool array of that shape.
        count: from 0 to the number in `among`.
    """
    chosen = np.zeros(np.shape(among), dtype=bool)
    places = np.flatnonzero(among)
    order = np.argsort(np.ravel(values)[places], kind="stable")
    chosen.flat[places[order[:count]]] = True
    return chosen


def largest(values: np.ndarray, among: np.ndarray, count: int) -> np.ndarray:
    """Return which `count` of the connections in `among` have the largest values (ties: the first ones)."""
    return smallest(-np.asarray(values), among, count)


def at_random(among: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` of the connections in `among`, drawn uniformly without replacement."""
    chosen = np.zeros(np.shape(among), dtype=bool)
    chosen.flat[rng.choice(np.flatnonzero(among), count, replace=False)] = True
    return chosen


def erk_densities(shapes: Sequence[tuple[int, int]], places: Sequence[int], density: float) -> np.ndarray:
    """Return the Erdos-Renyi density of each projection, given that of all together, with one epsilon.

    density_l = epsilon (n_in + n_out)/(n_in n_out), at most 1; sum over l of density_l N_l = density * sum of N_l.
    A projection whose density would exceed 1 is made dense and epsilon is solved again, until none does.

    Arguments:
        shapes: (n_in, n_out) of each projection.
        places: N_l, how many connections each projection can have.
        density: of all projections together, from 0 to 1.

    Source: Evci et al. 2020, ICML (RigL), arXiv:1911.11134; Mocanu et al. 2018, doi:10.1038/s41467-018-04316-3.
    """
    if not 0 <= density <= 1:
        raise DescriptionError(f"density {density} is not a fraction: give a number from 0 to 1")
    raw = np.array([(n + m) / (n * m) for n, m in shapes])
    size = np.array(places, dtype=float)
    dense = np.zeros(len(raw), dtype=bool)
    while True:
        free = float(raw[~dense] @ size[~dense])
        epsilon = (density * size.sum() - size[dense].sum()) / free if free else 0.0
        found = np.where(dense, 1.0, epsilon * raw)
        over = found > 1.0
        if not over.any():
            return found
        dense |= over
