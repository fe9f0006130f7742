"""Settings of the study of critical periods and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.experiment import setting

SMALL, LARGE = (0.0, 1.0)
"""Differences of squared weights of a small and of a large start."""


@dataclass(frozen=True)
class Config:
    """Settings of the study; those of the two paths and of the portraits are published, presets shorten completion."""

    depths: tuple[int, ...] = setting((2, 3, 4), "layers of a path", low=2)
    width: int = setting(100, "units of its hidden layers", low=8)
    rate: float = setting(0.01, "learning rate of the two paths", low=1e-6)
    epochs: int = setting(1000, "epochs of the two paths", low=10)
    start: float = setting(0.01, "strength of modes at the start", low=1e-6)
    deficit: int = setting(150, "epochs in which path b does not learn", low=1)
    onsets: tuple[int, ...] = setting((0, 400, 750), "epochs at which that begins", low=0)
    competing: int = setting(3, "layers of a path in the competition", low=2)
    lost: int = setting(1, "mode that path a does not put out there, from 0", low=0, high=7)
    until: int = setting(200, "epochs of that", low=1)
    spacing: int = setting(10, "epochs between two measurements", low=1)
    portraits: tuple[int, ...] = setting((2, 3, 4, 5, 8, 13), "layers in portraits of large starts", low=2)
    points: int = setting(100, "starts in a portrait", low=1)
    small_depths: tuple[int, ...] = setting((2, 3, 4), "layers in portraits of small starts", low=2)
    small_steps: int = setting(1_000_000, "steps of these portraits", low=1000)
    size: int = setting(100, "rows and columns of the matrices that are completed", low=4)
    completed: tuple[int, ...] = setting((1, 2, 3), "factors of the model that completes them", low=1)
    first_rank: int = setting(10, "rank of the first matrix", low=1)
    second_rank: int = setting(5, "rank of the second matrix", low=1)
    seen: int = setting(2000, "entries that are seen", low=1)
    first_epochs: tuple[int, ...] = setting((0, 30_000), "epochs on the first matrix", low=0)
    second_epochs: int = setting(30_000, "epochs on the second matrix", low=1)
    ranks: tuple[int, ...] = setting((), "further ranks of the first matrix, with two factors", low=1)
    entries: tuple[int, ...] = setting(
        (), "further numbers of entries that are seen, with two factors", low=1
    )
    seeds: int = setting(5, "draws of weights, starts and matrices", low=1)


PRESETS = {
    "quick": Config(),
    "paper": Config(
        first_epochs=(0, 1000, 5000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000),
        ranks=(2, 5, 15),
        entries=(1000, 1500, 3000, 4000),
    ),
}
