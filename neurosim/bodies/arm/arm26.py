"""The six muscles of the planar arm "arm26": sizes and paths.

Source: Nijhof & Kouwenhoven 2000, doi:10.1007/978-1-4612-2104-3_29, with the values used by MotorNet (Codol et al.
2024, doi:10.7554/eLife.88591).
"""

from __future__ import annotations

import math

from neurosim.bodies.arm.fibres import Fibres
from neurosim.bodies.arm.paths import Paths

MUSCLE_NAMES = ("pectoralis", "deltoid", "brachioradialis", "triceps_lateral", "biceps", "triceps_long")
"""The muscles in their order: two across the shoulder, two across the elbow, two across both; flexors first."""

PATHS = Paths(
    constant=(0.1510, 0.2322, 0.2859, 0.2355, 0.3329, 0.2989),
    slope=((-0.030, 0.030, 0, 0, -0.030, 0.030), (0, 0, -0.014, 0.025, -0.016, 0.030)),
    curvature=((0, 0, 0, 0, 0, 0), (0, 0, -0.0040, -0.0022, -0.0057, -0.0032)),
    zero=(math.pi / 2, 0.0),
)

FIBRES = Fibres(
    max_force=(838, 1207, 1422, 1549, 414, 603),
    tendon=(0.039, 0.066, 0.172, 0.187, 0.204, 0.217),
    optimum=(0.134, 0.140, 0.092, 0.093, 0.137, 0.127),
)
