"""Settings of the swimmer study and their presets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosim.experiment import setting
from neurosim.learning.evolution import EvolutionStrategy

VARIANTS = tuple(f"{k:03b}" for k in range(7, -1, -1))


FITTED = np.array([1.95, 0.46, 1.37, -0.57])
FITTED_ON = 12
"""Links of the body on which an independent prototype tried these weights, fitted on 6."""


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    n_links: int = setting(6, "links of the body that is trained", low=2)
    other_links: tuple[int, ...] = setting((4, 12), "links of the bodies for transfer", low=2)
    steps: int = setting(1000, "control steps of an episode", low=2)
    physics_dt: float = setting(0.002, "step of the physics", unit="s", low=1e-4, high=0.015)
    fast_dt: float = setting(0.005, "step of the physics in the ablations", unit="s", low=1e-4, high=0.015)
    starts: int = setting(5, "random starts per evaluation", low=1)
    population: int = setting(16, "candidates per epoch, even", low=2)
    sigma: float = setting(0.1, "standard deviation of the perturbations", low=1e-6)
    learning_rate: float = setting(0.05, "step of Adam", low=1e-6)
    decay: float = setting(0.005, "weight decay", low=0.0)
    circuit_epochs: int = setting(10, "epochs of the circuit", low=1)
    circuit_seeds: int = setting(3, "training runs of the circuit", low=1)
    mlp_epochs: int = setting(20, "epochs of the MLP", low=1)
    mlp_seeds: int = setting(2, "training runs of the MLP", low=1)
    mlp_hidden: tuple[int, ...] = setting((64, 64), "hidden layers of the MLP", low=1)
    mlp_widths: tuple[int, ...] = setting((), "units in both layers of further MLPs", low=1)
    draws: int = setting(40, "draws of initial weights per ablation", low=2)

    def __post_init__(self) -> None:
        self.strategy()  # refuses an odd population before anything runs

    def strategy(self) -> EvolutionStrategy:
        """Return the evolution strategy that trains every controller."""
        return EvolutionStrategy(self.population, self.sigma, self.learning_rate, self.decay)

    @property
    def mlps(self) -> dict[str, tuple[int, ...]]:
        """Hidden layers of every MLP, by the beginning of the names of its stages."""
        return {"mlp": self.mlp_hidden, **{f"mlp{width}": (width, width) for width in self.mlp_widths}}

    @property
    def bodies(self) -> tuple[int, ...]:
        """Links of every body, that of the training first."""
        return (self.n_links, *self.other_links)


PRESETS = {
    "quick": Config(),
    "paper": Config(
        other_links=(4, 8, 12, 14),
        starts=20,
        circuit_epochs=40,
        circuit_seeds=10,
        mlp_epochs=500,
        mlp_seeds=10,
        mlp_widths=(8, 256),
        draws=60,
    ),
}
