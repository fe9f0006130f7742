"""The body of C. elegans as an overdamped chain: swimming in water, crawling on agar."""

from __future__ import annotations

import numpy as np

from neurosim.bodies.chain import Element, OverdampedChain
from neurosim.errors import DescriptionError

SEGMENTS = 48
LENGTH = 1e-3
DIAMETER = 80e-6
SEGMENT = LENGTH / SEGMENTS
_WATER = {"longitudinal": 3.3e-6 / 98, "normal": 5.2e-6 / 98}
_AGAR = {"longitudinal": 3.2e-3 / 98, "normal": 128e-3 / 98}
_STIFFNESS = (SEGMENTS / 24) * 10e-3
_DAMPING = 0.025 * _STIFFNESS


def radii() -> np.ndarray:
    """Return the half length of each rod (m), shape (49,): R_i = (D/2) |sin arccos((i - 24)/24.2)|."""
    place = (np.arange(SEGMENTS + 1) - SEGMENTS / 2) / (SEGMENTS / 2 + 0.2)
    found: np.ndarray = DIAMETER / 2 * np.abs(np.sin(np.arccos(place)))
    return found


def lateral_rest() -> np.ndarray:
    """Return the rest length of the lateral elements of each segment (m), shape (48,)."""
    return np.hypot(SEGMENT, np.diff(radii()))


def worm(medium: float, dt: float = 1e-3) -> OverdampedChain:
    """Return a straight worm of 1 mm at rest: 49 rods, head first, and on each side 48 lateral elements with muscles.

    Muscles 0 ... 47 are dorsal from head to tail, 48 ... 95 ventral. The head points to -x. Drag goes from that of
    water to that of agar in proportion: C = C_water + medium (C_agar - C_water).

    Arguments:
        medium (1): 0 for water, 1 for agar.
        dt (s): of a step.

    Raises DescriptionError when the medium is not in [0, 1].
    Source: Boyle, Berri & Cohen 2012, Front. Comput. Neurosci. 6:10, doi:10.3389/fncom.2012.00010; constants of the
    authors' code.
    """
    if not 0 <= medium <= 1:
        raise DescriptionError(f"worm: medium = {medium!r}: give a number from 0 (water) to 1 (agar)")
    radius = radii()
    joined = radius[:-1] + radius[1:]
    rest, diagonal = lateral_rest(), np.hypot(SEGMENT, joined)
    shortest = (1 - 0.65 * joined / DIAMETER) * rest
    lateral = [
        Element(
            i, side, i + 1, side, float(rest[i]), _STIFFNESS, _DAMPING,
            muscle=i + (0 if side > 0 else SEGMENTS), pull=20 * _STIFFNESS, pull_damping=100 * _DAMPING,
            shortest=float(shortest[i]),
        )
        for side in (1, -1)
        for i in range(SEGMENTS)
    ]  # fmt: skip
    cross = [
        Element(i, side, i + 1, -side, float(diagonal[i]), 350 * _STIFFNESS, 3.5 * _STIFFNESS)
        for i in range(SEGMENTS)
        for side in (1, -1)
    ]
    drag = {name: water + medium * (_AGAR[name] - water) for name, water in _WATER.items()}
    start = np.stack([np.arange(49) * SEGMENT, np.zeros(49), np.full(49, np.pi / 2)], axis=1)
    return OverdampedChain(radius, [*lateral, *cross], drag["normal"], drag["longitudinal"], start, dt)
