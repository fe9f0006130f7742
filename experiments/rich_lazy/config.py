"""Settings of the study of rich and lazy learning and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import UsageError
from neurosim.experiment import setting

TASKS = ("choice", "match", "context")


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    tasks: tuple[str, ...] = setting(TASKS, "what the recurrent networks learn", choices=TASKS)
    neurons: int = setting(60, "recurrent neurons", low=2)
    gain: float = setting(
        1.25, "standard deviation of the initial recurrent weights times sqrt(neurons)", low=0.0
    )
    ranks: tuple[int, ...] = setting(
        (1, 6), "ranks of the initial recurrent weights, besides the full one", low=1
    )
    excitatory: float = setting(0.8, "share of excitatory neurons under Dale's law", low=0.01, high=0.99)
    iterations: int = setting(4000, "updates", low=1)
    batch: int = setting(32, "trials of an update", low=1)
    rate: float = setting(0.003, "learning rate", low=0.0)
    momentum: float = setting(0.9, "momentum", low=0.0, high=0.999)
    probes: int = setting(320, "trials by which activity is compared", low=2)
    kernel_probes: int = setting(32, "trials by which tangent kernels are compared", low=2)
    learned: float = setting(
        0.7, "share of right decisions from which a network has learned and is compared", low=0.0, high=1.0
    )
    seeds: int = setting(5, "draws of recurrent weights", low=1)
    dimensions: int = setting(20, "inputs and hidden neurons of the linear network", low=2)
    linear_ranks: tuple[int, ...] = setting((1, 2, 5, 10, 20), "ranks of its initial weights", low=1)
    linear_norm: float = setting(1e-2, "norm of its initial weights", low=1e-9)
    linear_rate: float = setting(0.01, "its learning rate", low=0.0)
    linear_steps: int = setting(6000, "its updates", low=1)
    directions: int = setting(40, "random orientations of its initial weights", low=1)

    @property
    def arms(self) -> list[str]:
        """The kinds of initial recurrent weights."""
        return [*(f"rank {rank}" for rank in self.ranks), "full", "Dale"]

    def require_sense(self) -> None:
        """Raise UsageError for a rank that its network cannot have."""
        for name, size in (("ranks", self.neurons), ("linear_ranks", self.dimensions)):
            if max(getattr(self, name)) > size:
                raise UsageError(
                    f"{name} = {getattr(self, name)}: the matrix has {size} rows: give ranks up to that"
                )
        if self.kernel_probes > self.probes:
            raise UsageError(
                f"kernel_probes = {self.kernel_probes} of {self.probes} probes: give at most as many"
            )


PRESETS = {
    "quick": Config(),
    "paper": Config(neurons=300, ranks=(1, 30, 100), iterations=10_000),
}
