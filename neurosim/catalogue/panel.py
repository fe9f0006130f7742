"""What one panel of the catalogue shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

Curve = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Panel:
    """Curves of one rule: x and y by label, axes with units, and a note on what else is in the network or happens."""

    curves: Mapping[str, Curve]
    x: str
    y: str
    note: str = ""
    logarithmic: bool = False
    marks: tuple[float, ...] = field(default=())
