"""Settings of the study of induction circuits and their presets."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from neurosim.errors import UsageError
from neurosim.experiment import setting

CLAMPS = ("none", "previous", "match", "copy")
PLATEAU = log(2)  # of a circuit that knows which two labels are shown, and not which is asked for
WINDOW = 20  # updates over which the loss is averaged


@dataclass(frozen=True)
class Config:
    """Settings of the study; circuit and sequences are published, features and rate are of a small version."""

    classes: int = setting(50, "classes in training", low=2)
    new_classes: int = setting(100, "classes that are never trained", low=2)
    features: int = setting(64, "numbers that describe an exemplar", low=1)
    norm: float = setting(8.0, "norm of these", low=1e-3)
    labels: int = setting(5, "labels", low=3)
    width: int = setting(64, "neurons of a token's stream", low=2)
    heads: int = setting(8, "heads of the first layer", low=3)
    depth: int = setting(8, "neurons of a head, an even number", low=2)
    rate: float = setting(3e-4, "learning rate of Adam", low=1e-8)
    batch: int = setting(32, "sequences of an update", low=1)
    iterations: int = setting(1000, "updates", low=40)
    tests: int = setting(1000, "sequences of each test set", low=1)
    seeds: int = setting(5, "draws of initial weights and sequences", low=1)
    toy_size: int = setting(20, "entries of a factor of the toy", low=1)
    toy_steps: int = setting(1000, "its updates", low=2)

    def require_sense(self) -> None:
        """Raise UsageError when pairs of neurons cannot be turned, or nothing is left of a window."""
        if self.depth % 2:
            raise UsageError(f"depth = {self.depth}: positions turn neurons in pairs: give an even number")


PRESETS = {"quick": Config(), "paper": Config(rate=1e-4, iterations=20_000)}
