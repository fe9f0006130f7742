"""Settings of the study of reinforcement and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import UsageError
from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    n_links: int = setting(6, "links of the body", low=3)
    physics_dt: float = setting(0.005, "step of the physics", unit="s", low=1e-4, high=0.015)
    steps: int = setting(1000, "control steps of an episode", low=2)
    episodes: int = setting(4, "episodes of a roll-out", low=1)
    rollouts: int = setting(5, "roll-outs of each training", low=1)
    marks: tuple[int, ...] = setting((5,), "roll-outs after which policies are compared", low=1)
    widths: tuple[int, ...] = setting((8, 64, 256), "units of both hidden layers, by MLP", low=1)
    noise: float = setting(0.1, "standard deviation of the noise on actions", low=1e-6)
    circuit_rate: float = setting(0.01, "step of Adam for the circuit", low=1e-6)
    mlp_rate: float = setting(0.001, "step of Adam for MLPs", low=1e-6)
    value_rate: float = setting(0.001, "step of Adam for the value read-out", low=1e-6)
    iterations: int = setting(30, "descents on each roll-out at most", low=1)
    discount: float = setting(0.99, "discount of rewards", low=0.0, high=1.0)
    decay: float = setting(0.97, "decay of advantages", low=0.0, high=1.0)
    clip: float = setting(0.2, "clip of the ratio of probabilities", low=1e-3, high=0.99)
    trust: float = setting(0.015, "mean log-ratio at which a policy rests", low=0.0)
    seeds: int = setting(5, "trainings of each controller", low=2)
    starts: int = setting(3, "random starts of an evaluation without noise", low=1)

    def require_sense(self) -> None:
        """Raise UsageError for a mark after the end of training, or marks that do not ascend."""
        if not self.marks or max(self.marks) > self.rollouts or sorted(set(self.marks)) != list(self.marks):
            raise UsageError(
                f"marks = {self.marks} of {self.rollouts} roll-outs: give ascending numbers up to that"
            )

    @property
    def steps_per_rollout(self) -> int:
        """Environment steps of a roll-out."""
        return self.steps * self.episodes


PRESETS = {
    "quick": Config(),
    "paper": Config(rollouts=25, marks=(5, 25), widths=(2, 8, 64, 256), starts=20),
}
