"""Settings of the study of predicted credit and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import UsageError
from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; all are this project's, the defaults those of the quick preset."""

    units: int = setting(24, "neurons of the recurrent network", low=2)
    gain: float = setting(0.3, "scale of the orthogonal recurrent weights", low=0.0)
    hidden: int = setting(64, "hidden units of the module", low=1)
    lag: int = setting(4, "steps after which an input is to be recalled", low=1)
    segments: tuple[int, ...] = setting((1, 2, 5), "steps between cuts of the gradient", low=1)
    batch: int = setting(32, "sequences at once", low=1)
    steps: int = setting(6000, "steps of every sequence", low=10)
    rate: float = setting(0.002, "step of Adam, network and module", low=1e-6)
    clip: float = setting(100.0, "greatest norm of the gradient of a parameter", low=1e-6)
    seeds: int = setting(5, "networks", low=2)
    inputs: int = setting(8, "inputs of the three-factor network", low=1)
    outputs: int = setting(3, "outputs of the three-factor network", low=1)
    patterns: int = setting(400, "patterns that are shown to it", low=4)
    shown: int = setting(40, "steps for which a pattern is shown", low=4)
    late: int = setting(20, "steps by which true credit is late", low=1)

    def require_sense(self) -> None:
        """Raise UsageError for true credit that comes after its pattern, or sequences shorter than a segment."""
        if self.late >= self.shown:
            raise UsageError(f"late = {self.late} of {self.shown} steps that a pattern is shown: give fewer")
        if not self.segments or max(self.segments) * 5 > self.steps:
            raise UsageError(f"segments = {self.segments} of {self.steps} steps: give shorter ones")


PRESETS = {"quick": Config(), "paper": Config(steps=12_000, patterns=2000, seeds=10)}
