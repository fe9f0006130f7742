"""Settings of the study of grokking and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    dimensions: int = setting(40, "dimensions of the input, D", low=2)
    samples: int = setting(220, "training samples, P", low=4)
    tests: int = setting(1000, "test samples", low=10)
    hidden: int = setting(100, "hidden units, N", low=2)
    alphas: tuple[float, ...] = setting((0.5, 1.0, 2.0, 4.0), "scales of the output, laziness", low=1e-3)
    epsilon: float = setting(0.25, "curvature of the hidden units where alpha is varied", low=0.0)
    epsilons: tuple[float, ...] = setting((0.25, 1.0, 4.0), "curvatures where alpha is held", low=0.0)
    alpha: float = setting(1.0, "scale of the output where the curvature is varied", low=1e-3)
    steps: int = setting(16_000, "steps of gradient descent on all samples", low=100)
    per_decade: int = setting(30, "measurements in a tenfold of steps", low=1)
    drop: float = setting(
        0.1, "share of the target's variance below which an error counts as fallen", low=0.0, high=1.0
    )
    seeds: int = setting(5, "draws of target, data and weights", low=1)

    @property
    def arms(self) -> list[tuple[float, float]]:
        """The pairs (alpha, epsilon), each once."""
        pairs = [(alpha, self.epsilon) for alpha in self.alphas]
        pairs += [(self.alpha, epsilon) for epsilon in self.epsilons]
        return list(dict.fromkeys(pairs))


PRESETS = {
    "quick": Config(),
    "paper": Config(
        dimensions=100,
        samples=550,
        hidden=500,
        alphas=(0.25, 0.5, 1.0, 2.0, 4.0, 8.0),
        epsilons=(0.25, 0.5, 1.0, 2.0, 4.0),
        steps=60_000,
    ),
}
