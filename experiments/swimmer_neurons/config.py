"""Settings of the swimmer with neurons that take time."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    n_links: int = setting(6, "links of the body", low=3, high=20)
    starts: int = setting(5, "random starts of body and neurons", low=1)
    duration: float = setting(30.0, "of an episode", unit="s", low=5.4)
    tau: float = setting(0.05, "mean delay of leaky and spiking neurons", unit="s", low=0.004)
    cells: int = setting(10, "spiking neurons for each B neuron", low=1)
    delays: tuple[float, ...] = setting(
        (0.01, 0.02, 0.05, 0.1, 0.2, 0.4), "mean delays that are compared, rising", unit="s", low=0.004
    )
    pools: tuple[int, ...] = setting((1, 3, 10, 30), "sizes of pools that are compared, rising", low=1)


PRESETS = {
    "quick": Config(),
    "paper": Config(
        starts=20, delays=(0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8),
        pools=(1, 2, 3, 5, 10, 30, 100),
    ),
}  # fmt: skip
