"""The clause about the time step: what a rule does belongs to the spikes and the time, not to the number of steps."""

from __future__ import annotations

import numpy as np

from neurosim.testing.hosts import DT, TRAIN
from neurosim.testing.report import broken
from neurosim.testing.trial import Trial

TOLERANCE = 0.01


def independent_of_dt(trial: Trial) -> str:
    """The change in 200 ms, on spikes that lie on both grids, is the same at dt and dt/10 to 1 % of the largest."""
    if trial.rule.clock == "sample":
        return "the clock 'sample' counts presentations, not time"
    coarse, fine = changes(trial, DT), changes(trial, DT / 10)
    for name in coarse:
        largest = np.abs(fine[name]).max()
        apart = np.abs(coarse[name] - fine[name]).max()
        if apart > TOLERANCE * largest:
            ratio = apart / largest if largest else np.inf
            broken(
                f"the change of {name} in {TRAIN} s depends on dt: {np.abs(coarse[name]).max():g} at dt = {DT}, "
                f"{largest:g} at dt/10 (largest, SI), {ratio:.1%} apart: use time constants, not steps"
            )
    return ""


def changes(trial: Trial, dt: object) -> dict[str, np.ndarray]:
    """Return the change (SI) of each watched variable during the known inputs at a step dt (s)."""
    network = trial.network(trial.host.known, dt=dt)
    before = trial.before(network)
    after = trial.values(trial.run(trial.reference, network, round(TRAIN / network.step)))
    return {name: after[name] - before[name] for name in before}
