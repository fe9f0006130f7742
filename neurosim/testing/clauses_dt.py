"""The clause about the time step: what a rule does belongs to the spikes and the time, not to the number of steps."""

from __future__ import annotations

import numpy as np

from neurosim.engines.expand import expand
from neurosim.model.rule import SynapticRule
from neurosim.testing.hosts import DT, HOLD, TRAIN, inputs
from neurosim.testing.report import broken
from neurosim.testing.trial import Trial, advance

TOLERANCE = 0.01


def independent_of_dt(trial: Trial) -> str:
    """The change in 200 ms, on spikes that lie on both grids, is the same at dt and dt/10 to 1 % of the way it made.

    The way is the sum of the changes in each 10 ms. It is more than the change itself where ups and downs cancel, and
    the error of a method of first order goes with the way.
    """
    if trial.rule.clock == "sample":
        return "the clock 'sample' counts presentations, not time"
    if trial.rule.clock == "interval":
        return "the clock 'interval' counts updates, not steps"
    if isinstance(trial.rule, SynapticRule) and expand(trial.network(), trial.seed).links["plastic"].draws:
        return "its random numbers belong to steps, so that another dt has others"
    coarse, fine = changes(trial, DT), changes(trial, DT / 10)
    for name in coarse:
        apart = np.abs(coarse[name].sum(axis=0) - fine[name].sum(axis=0)).max()
        ways = [float(np.abs(pieces[name]).sum(axis=0).max()) for pieces in (coarse, fine)]
        if apart > TOLERANCE * ways[1]:
            broken(
                f"the change of {name} in {TRAIN} s depends on dt: its way is {ways[0]:g} at dt = {DT}, {ways[1]:g} at "
                f"dt/10 (largest, SI), the ends are {apart:g} apart: use time constants, not steps"
            )
    return ""


def changes(trial: Trial, dt: object) -> dict[str, np.ndarray]:
    """Return the changes (SI) of each watched variable in each 10 ms of the known inputs, shape (pieces, elements)."""
    network = trial.network(trial.host.known, dt=dt)
    simulation = trial.reference.compile(network, trial.seed)
    steps, held = round(TRAIN / network.step), round(HOLD / network.step)
    rows = inputs(network, steps, trial.seed)
    seen = [trial.values(simulation)]
    for start in range(0, steps, held):
        advance(simulation, rows, start, start + held)
        seen.append(trial.values(simulation))
    return {name: np.diff([values[name] for values in seen], axis=0) for name in trial.watched}
