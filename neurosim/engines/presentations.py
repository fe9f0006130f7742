"""Presentations of batches of patterns to a simulation, checked, and one after the other on engines without batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.engines.settling import Settle, Settled
from neurosim.errors import DescriptionError

if TYPE_CHECKING:
    from neurosim.engines.core import Core
    from neurosim.engines.simulation import Simulation


@dataclass(frozen=True, eq=False)
class Batch:
    """Patterns to be presented.

    patterns, by signal population (batch, size) in SI units; shares, their probabilities (batch,), which add up to 1;
    steps, for how many each is presented, or None if it is presented until its fixed point; settle, how that is found.
    """

    patterns: Mapping[str, np.ndarray]
    shares: np.ndarray
    steps: int | None
    settle: Settle

    @property
    def size(self) -> int:
        """The number of patterns."""
        return len(self.shares)


def batch_of(
    patterns: Mapping[str, np.ndarray], weights: Any, steps: int | None, settle: Settle | None
) -> Batch:
    """Return a checked batch; raises DescriptionError for what does not fit together."""
    sizes = {len(value) for value in patterns.values()}
    if len(sizes) != 1 or 0 in sizes:
        raise DescriptionError(
            f"present: batches of {sorted(sizes) or 'no'} patterns: give the same number for every input"
        )
    if (steps is None) == (settle is None):
        given = "neither" if steps is None else "both"
        raise DescriptionError(f"present: {given} of duration and settle given: give one, as settle=Settle()")
    (size,) = sizes
    return Batch(patterns, _shares(weights, size), steps, Settle() if settle is None else settle)


def _shares(weights: Any, size: int) -> np.ndarray:
    if weights is None:
        return np.full(size, 1.0 / size)
    shares = np.asarray(weights, dtype=float)
    if shares.shape != (size,):
        raise DescriptionError(
            f"present: weights of shape {shares.shape} for {size} patterns: give ({size},)"
        )
    if not (np.isfinite(shares).all() and np.all(shares >= 0) and abs(shares.sum() - 1) < 1e-6):
        raise DescriptionError(
            f"present: weights add up to {shares.sum():.6g}, the least is {np.min(shares):.3g}: give probabilities, "
            "which add up to 1"
        )
    return shares / shares.sum()


def present(simulation: Simulation, batch: Batch) -> Settled:
    """Present a batch, make the mean of the changes of patterns that settle, or none, and return how each settled."""
    core = simulation.core
    core.discard()
    with simulation.alone() as interrupts:
        settled = core.present(batch, simulation.starts(), interrupts.take)
        if settled is not None:
            core.hold_learned()
            simulation.refuse_not_finite({})
    if settled is None:
        settled = one_by_one(simulation, batch)
        with simulation.alone():
            learn(core, batch, settled)
            core.hold_learned()
            simulation.refuse_not_finite({})
    return settled


def settle(simulation: Simulation, inputs: Mapping[str, np.ndarray], how: Settle) -> tuple[int, float]:
    """Settle; return the number of steps and the largest change of a dynamic state in the last, before damping."""
    with simulation.alone():
        found = simulation.core.settle(inputs, how)
        if found is not None:
            simulation.refuse_not_finite({})
    return step_by_step(simulation, inputs, how) if found is None else found


def one_by_one(simulation: Simulation, batch: Batch) -> Settled:
    """Present patterns one after the other, add up what those that settle change, and return how each settled."""
    core, found = simulation.core, list[tuple[int, float]]()
    for row in range(batch.size):
        for (owner, name), value in simulation.starts().items():
            core.put(owner, name, value)
        inputs = {name: values[row] for name, values in batch.patterns.items()}
        if batch.steps is None:
            found.append(settle(simulation, inputs, batch.settle))
        else:
            rows = {name: np.broadcast_to(value, (batch.steps, value.size)) for name, value in inputs.items()}
            simulation.take(batch.steps, rows, None)
            found.append((batch.steps, 0.0))
        if core.learns and (batch.steps is not None or found[-1][1] <= batch.settle.tolerance):
            with simulation.alone():
                core.accumulate(float(batch.shares[row]))
    steps, residual = (np.array(values) for values in zip(*found, strict=True))
    return Settled(steps, residual, residual <= batch.settle.tolerance)


def step_by_step(simulation: Simulation, inputs: Mapping[str, np.ndarray], how: Settle) -> tuple[int, float]:
    """Settle by single steps; return how many, and the largest change in the last one before damping."""
    core, names = simulation.core, [*simulation.starts()]
    rows = {name: value[None] for name, value in inputs.items()}
    change, first = np.inf, simulation.now
    for _ in range(how.at_most):
        before = [np.array(core.get(*name)) for name in names]
        simulation.take(1, rows, None)
        after = [np.array(core.get(*name)) for name in names]
        moved = [np.abs(a - b).max() for a, b in zip(after, before, strict=True)]
        change = float(np.max(moved, initial=0.0))  # what is no number stays none
        if how.damping:
            for name, a, b in zip(names, after, before, strict=True):
                core.put(*name, how.damping * b + (1 - how.damping) * a)
        if change <= how.tolerance:
            break
    return simulation.now - first, change


def learn(core: Core, batch: Batch, settled: Settled) -> None:
    """Make the changes that were added up, of the patterns that settled, or of none if it is so asked."""
    share = float(batch.shares[settled.converged].sum())
    if settled.unsettled and (batch.settle.unsettled == "refuse" or share == 0):
        core.discard()
        return
    if settled.unsettled:
        core.scale(1.0 / share)
    if core.learns:
        core.apply()
