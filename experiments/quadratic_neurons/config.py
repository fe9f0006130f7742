"""Settings of the study of quadratic neurons and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; tasks and sizes are this project's small ones, the defaults those of the quick preset."""

    ratios: tuple[float, ...] = setting(
        (0.0, 1e-3, 1e-2, 1e-1, 1.0), "rates of the quadratic parameters over that of the others", low=0.0
    )
    xor_rate: float = setting(0.05, "learning rate on XOR", low=1e-5)
    xor_steps: int = setting(3000, "steps on XOR", low=1)
    xor_seeds: int = setting(20, "random starts on XOR", low=1)
    widths: tuple[int, ...] = setting((3, 4, 6), "hidden units of both layers on the spirals", low=1)
    turns: float = setting(1.5, "turns of a spiral", low=0.1)
    noise: float = setting(0.03, "standard deviation of the points of a spiral", low=0.0)
    points: int = setting(400, "training points of the spirals", low=4)
    spiral_rate: float = setting(0.1, "learning rate on the spirals", low=1e-5)
    spiral_steps: int = setting(3000, "steps on the spirals, all points at once", low=1)
    layers: int = setting(8, "hidden layers of the deep network", low=1)
    units: int = setting(32, "units of each of its layers", low=1)
    deep_rate: float = setting(0.02, "learning rate of the deep network on digits", low=1e-5)
    deep_ratio: float = setting(
        1e-2, "ratio of rates of the deep network, and at which gains are judged", low=0.0
    )
    deep_steps: int = setting(600, "updates of the deep network, 64 digits each", low=1)
    momentum: float = setting(0.9, "momentum of every training", low=0.0, high=0.999)
    seeds: int = setting(5, "random starts", low=1)


PRESETS = {
    "quick": Config(),
    "paper": Config(
        ratios=(0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0), widths=(2, 3, 4, 5, 6, 8), deep_steps=3000, seeds=20
    ),
}
