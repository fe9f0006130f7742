"""Settings of the worm."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.circuits.worm import UNITS
from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    media: tuple[float, ...] = setting(
        (0.0, 0.25, 0.5, 0.75, 1.0), "media, from water (0) to agar (1), rising", low=0.0, high=1.0
    )
    duration: float = setting(7.0, "time in each medium", unit="s", low=1.0)
    settling: float = setting(0.3, "share of it that is left out", low=0.0, high=0.9)
    every: int = setting(20, "steps of 1 ms between two samples", low=1, high=100)
    front: int = setting(6, "units from the head that count as the front half", low=1, high=UNITS - 1)
    weakened: tuple[float, ...] = setting(
        (0.5, 0.8), "factors of what dorsal muscles receive, one per lesion", low=0.0, high=1.0
    )
    rate: float = setting(0.2, "rate of the homeostatic gain", unit="Hz", low=0.0)
    healthy: float = setting(15.0, "time before the dorsal side is weakened", unit="s", low=5.0)
    recovery: float = setting(40.0, "time after it", unit="s", low=10.0)
    window: float = setting(10.0, "time over which speed and turning are measured", unit="s", low=2.0)


PRESETS = {
    "quick": Config(),
    "paper": Config(
        media=tuple(k / 16 for k in range(17)), duration=20.0, recovery=300.0, healthy=30.0, window=20.0
    ),
}
