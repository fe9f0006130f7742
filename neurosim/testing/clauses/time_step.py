"""The clause about the time step: what a rule does depends on the spikes and the time, not on the number of steps."""

from __future__ import annotations

import numpy as np

from neurosim.compiler.equations.network import network_equations
from neurosim.model.rule import SynapticRule
from neurosim.testing.hosts import DT, HOLD, TRAIN, inputs
from neurosim.testing.report import broken
from neurosim.testing.trial import Trial, advance

TOLERANCE = 0.01
LEFT = 0.5  # of the path: where more than half of it cancels, the rest is not required to more digits


def independent_of_dt(trial: Trial) -> str:
    """The change in 200 ms, on spikes that lie on both grids, is the same at dt and dt/10 to 1 %.

    The path is the sum of the sizes of the changes in each 10 ms. Where increases and decreases cancel so that less
    than half of the path remains, the change is required to 1 % of half the path: the error of a first-order method is
    proportional to the path, and a difference of large numbers has fewer digits than they have.
    """
    if trial.rule.clock == "sample":
        return "the clock 'sample' counts presentations, not time"
    if trial.rule.clock == "interval":
        return "the clock 'interval' counts updates, not steps"
    if (
        isinstance(trial.rule, SynapticRule)
        and network_equations(trial.network(), trial.seed).projections["plastic"].draws
    ):
        return "its random numbers belong to steps, so another dt has others"
    coarse, fine = changes(trial, DT), changes(trial, DT / 10)
    for name in coarse:
        ends = [pieces[name].sum(axis=0) for pieces in (coarse, fine)]
        apart = np.abs(ends[0] - ends[1]).max()
        way = np.abs(fine[name]).sum(axis=0).max()
        if apart > TOLERANCE * max(np.abs(ends[1]).max(), LEFT * way):
            sizes = [np.abs(end).max() for end in ends]
            broken(
                f"the change of {name} in {TRAIN} s depends on dt: {sizes[0]:g} at dt = {DT}, {sizes[1]:g} at dt/10 "
                f"(largest, SI), up to {apart:g} apart on a path of {way:g}: use time constants, not steps"
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
