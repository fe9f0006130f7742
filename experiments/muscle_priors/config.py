"""Settings of the priors of the arm."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    seeds: int = setting(5, "policies of each prior", low=1)
    units: int = setting(32, "gated recurrent units of the policy", low=1)
    steps: int = setting(40, "steps of 10 ms of a trial", low=20)
    batch: int = setting(24, "trials of an update", low=1)
    prior_updates: int = setting(400, "updates of a prior", low=1)
    updates: int = setting(150, "updates on a new task", low=20)
    learning_rate: float = setting(4e-3, "step of Adam", low=1e-6)
    effort: float = setting(0.01, "weight of the square of the excitations in the loss", low=0.0)
    field: float = setting(10.0, "strength of the curl field", unit="N s/m")
    solved: float = setting(
        0.1, "distance of the hand from the target at which a task is solved", unit="m", low=1e-3
    )
    window: int = setting(10, "updates over which that distance is averaged", low=1)
    tests: int = setting(256, "trials of an evaluation", low=8)


PRESETS = {
    "quick": Config(),
    "paper": Config(seeds=10, units=64, batch=64, prior_updates=2000, updates=400),
}
