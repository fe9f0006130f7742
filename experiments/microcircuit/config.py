"""Settings of the study of the cortical microcircuit and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    scale: float = setting(0.1, "share of neurons and of in-degrees", low=0.01, high=1.0)
    duration: float = setting(3.0, "time that is measured", unit="s", low=0.1)
    settling: float = setting(0.5, "time before that", unit="s", low=0.0)
    window: float = setting(1.0, "windows in which the variation of intervals is measured", unit="s", low=0.1)
    shown: float = setting(0.4, "time at the end whose spikes are stored", unit="s", low=0.01)
    seeds: int = setting(5, "circuits with random numbers of their own", low=1)


PRESETS = {"quick": Config(), "full": Config(scale=1.0, duration=10.0, seeds=1)}
