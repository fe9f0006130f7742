"""Settings of the study of timescales and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import UsageError
from neurosim.experiment import setting

CURRICULA = ("single", "multi", "sliding", "constant")


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    neurons: int = setting(64, "neurons, n", low=2)
    tau_high: float = setting(2.0, "time constants start uniform from 1 to this", low=1.0, unit="step")
    train_tau: bool = setting(True, "whether time constants are trained")
    parity: int = setting(7, "N up to which parity is trained", low=2)
    parity_seeds: int = setting(5, "networks per curriculum on parity", low=1)
    parity_curricula: tuple[str, ...] = setting(
        ("single", "multi", "sliding"), "curricula on parity", choices=CURRICULA
    )
    match: int = setting(16, "N up to which delayed match is trained", low=2)
    match_seeds: int = setting(2, "networks per curriculum on delayed match; 0 leaves it out", low=0)
    match_curricula: tuple[str, ...] = setting(
        ("single", "multi"), "curricula on delayed match", choices=CURRICULA
    )
    heads: int = setting(4, "heads of the sliding curriculum, h", low=1)
    forgotten: int = setting(2, "heads that it drops and adds at once, f", low=1)
    rooms: tuple[int, ...] = setting(
        (7, 12, 17), "largest N for which a program has room, at most three programs", low=2
    )
    batch: int = setting(64, "sequences per step of training", low=1)
    steps: int = setting(200, "steps of a mini-epoch, after which networks are tested", low=1)
    epochs: int = setting(100, "mini-epochs after which training ends in any case", low=1)
    tests: int = setting(4, "test batches, each with a length of its own", low=1)
    test_size: int = setting(512, "sequences of a test batch", low=1)
    threshold: float = setting(0.98, "accuracy above which a curriculum proceeds", low=0.0, high=1.0)
    rate: float = setting(0.05, "learning rate", low=0.0)
    momentum: float = setting(0.1, "Nesterov momentum", low=0.0, high=1.0)
    clip: float = setting(2.0, "largest norm of the gradient", low=1e-9)
    listened: int = setting(10_000, "steps of activity for the timescale of activity; 0 leaves it out", low=0)
    listened_trials: int = setting(10, "trials of that activity", low=1)
    ablated: int = setting(0, "neurons with the shortest and with the longest tau that are ablated", low=0)
    perturbations: tuple[float, ...] = setting(
        (), "relative sizes of perturbations of weights and tau", low=0.0
    )
    repeats: int = setting(5, "draws of each perturbation", low=1)

    def require_sense(self) -> None:
        """Raise UsageError for settings that do not fit one another."""
        if not 1 <= len(self.rooms) <= 3:
            raise UsageError(f"setting 'rooms': {self.rooms}: give one to three numbers")
        needed = max([self.parity, self.match if self.match_seeds else 2]) + self.forgotten - 1
        if max(self.rooms) < needed:
            raise UsageError(f"setting 'rooms': {self.rooms}: no room for N = {needed}: give at least that")
        if self.forgotten > self.heads:
            raise UsageError(
                f"setting 'forgotten': {self.forgotten} of {self.heads} heads: give at most as many"
            )
        for name in ("parity", "match"):
            if not getattr(self, f"{name}_curricula"):
                raise UsageError(f"setting '{name}_curricula': empty: give at least one curriculum")
        if 2 * self.ablated > self.neurons:
            raise UsageError(f"setting 'ablated': {self.ablated} at each end of {self.neurons}: lower it")

    @property
    def tasks(self) -> dict[str, tuple[int, int, tuple[str, ...]]]:
        """The N up to which each task is trained, its networks per curriculum, its curricula, by name of the task."""
        found = {"parity": (self.parity, self.parity_seeds, self.parity_curricula)}
        if self.match_seeds:
            found["match"] = (self.match, self.match_seeds, self.match_curricula)
        return found


PRESETS = {
    "quick": Config(),
    "medium": Config(match_seeds=5, match_curricula=("single", "multi", "sliding"), listened=100_000),
    "paper": Config(
        neurons=500,
        parity=30,
        match=30,
        parity_curricula=CURRICULA,
        match_seeds=5,
        match_curricula=("single", "multi", "sliding"),
        heads=10,
        forgotten=5,
        rooms=(12, 20, 34),
        batch=256,
        steps=600,
        epochs=1000,
        tests=50,
        test_size=256,
        listened=100_000,
        ablated=20,
        perturbations=(0.0215, 0.0464, 0.1, 0.215, 0.464, 1.0),
    ),
}
