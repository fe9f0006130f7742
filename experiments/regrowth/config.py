"""Settings of the study of regrowth and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import UsageError
from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; network and data are this project's small ones, the defaults those of the quick preset."""

    hidden: tuple[int, ...] = setting((64, 64), "hidden units", low=1)
    images: int = setting(1437, "training images of 1,797 digits", low=64, high=1700)
    batch: int = setting(64, "images per update of the weights", low=1)
    epochs: int = setting(80, "passes through the images", low=4)
    rate: float = setting(
        0.1, "learning rate, a tenth of it from 1/2 and a hundredth from 3/4 of the training on", low=1e-5
    )
    momentum: float = setting(0.9, "momentum of Nesterov", low=0.0, high=0.999)
    decay: float = setting(5e-4, "decay of weights", low=0.0)
    pruned: int = setting(40, "epoch in which gradual pruning ends", low=1)
    sparsities: tuple[float, ...] = setting(
        (0.9, 0.95, 0.98), "shares of connections that are absent", low=0.1, high=0.999
    )
    zeta: float = setting(0.3, "share that SET replaces", low=0.0, high=1.0)
    alpha: float = setting(0.3, "share that RigL replaces at the start", low=0.0, high=1.0)
    replaced: tuple[float, float] = setting(
        (0.5, 0.005), "share that GraNet replaces, start and end", low=0.0, high=1.0
    )
    cuts: tuple[int, ...] = setting((5, 20, 40, 60), "epochs in which a branch is pruned at once", low=1)
    rates: tuple[float, ...] = setting(
        (0.5, 0.8, 0.9, 0.95, 0.98), "shares that are cut then", low=0.01, high=0.999
    )
    regrown: float = setting(0.1, "share of the rest that is replaced after a cut", low=0.0, high=1.0)
    after: int = setting(4, "epochs of training after a cut", low=1)
    seeds: int = setting(5, "networks, with batches of their own", low=2)

    def require_sense(self) -> None:
        """Raise UsageError for a training that is shorter than what is done in it."""
        if self.pruned >= self.epochs:
            raise UsageError(f"pruned = {self.pruned} of {self.epochs} epochs: give fewer")
        if self.images < self.batch:
            raise UsageError(f"batch = {self.batch} of {self.images} images: give fewer")
        if self.cuts and max(self.cuts) + self.after > self.epochs:
            raise UsageError(
                f"cuts = {self.cuts}, {self.after} epochs before the end at {self.epochs}: give earlier ones"
            )


PRESETS = {
    "quick": Config(),
    "paper": Config(
        cuts=(2, 5, 10, 20, 30, 40, 50, 60, 70), rates=(0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98), seeds=20
    ),
}
