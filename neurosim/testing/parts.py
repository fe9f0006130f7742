"""The contract of parts of a learner, clause by clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np

from neurosim.learning.protocol.learner import Learner
from neurosim.learning.protocol.phase import Phase
from neurosim.learning.protocol.training import Training
from neurosim.testing.report import ContractReport, Outcome, broken


def check_parts(
    make: Callable[[], Learner], *, steps: int = 6, seeds: Sequence[int] = (0, 1), rtol: float = 1e-4
) -> ContractReport:
    """Check that the parts of a learner keep the contract of parts.

    Each part changes only what it names, and something of it; what a learner does depends only on its arguments; it
    continues after a stop with the same bits; seeds that run together do what each does alone; at a rate of 0 nothing
    changes; there is one program for each number of seeds.

    Arguments:
        make: returns the same learner whenever it is called.
        steps: number of steps for which it is tried.
        seeds: at least two.
        rtol: relative tolerance of the agreement between seeds together and alone.

    Returns the clauses that were kept. Raises ContractError on the first that is broken, with what was observed.
    """
    report = ContractReport(
        ", ".join(part.name for part in make().parts), tuple(_outcomes(make, steps, seeds, rtol))
    )
    report.raise_broken()
    return report


def _outcomes(
    make: Callable[[], Learner], steps: int, seeds: Sequence[int], rtol: float
) -> Iterator[Outcome]:
    learner = make()
    start = learner.train(0, list(seeds))
    whole = learner.train(steps, after=start)

    def changes() -> None:
        for part in learner.parts:
            names = learner.names[part.name]
            if names and all(np.array_equal(whole.last[n], start.last[n]) for n in names):
                broken(f"part '{part.name}' changed none of {list(names)} in {steps} steps")

    def repeats() -> None:
        _same(make().train(steps, list(seeds)), whole, "made and trained again")

    def continues() -> None:
        half = learner.train(steps // 2, after=start)
        _same(make().train(steps, after=make().restored(half.arrays())), whole, "stopped and resumed")

    def alone() -> None:
        for row, seed in enumerate(seeds):
            one = make().train(steps, int(seed)).last
            for name, value in whole.last.items():
                if not np.allclose(value[row], one[name], rtol=rtol, atol=rtol * np.abs(one[name]).max()):
                    broken(f"'{name}' of seed {seed} is another alone than beside other seeds")

    def freezes() -> None:
        frozen = learner.train(steps, after=start, phase=Phase(rates={"*": 0.0}))
        for name, value in frozen.last.items():
            if not np.array_equal(value, start.last[name]):
                broken(f"'{name}' changed at a rate of 0")

    def one_program() -> None:
        if learner.programs != 1:
            broken(f"{learner.programs} programs were compiled for one shape")

    clauses = {
        "changes something": changes,
        "repeats itself": repeats,
        "continues after a stop": continues,
        "seeds are apart": alone,
        "rate 0 freezes": freezes,
        "one program": one_program,
    }
    for name, clause in clauses.items():
        try:
            clause()
            yield Outcome(name)
        except Exception as error:
            yield Outcome(name, broken=" ".join(str(error).split()), cause=error)
            return


def _same(one: Training, other: Training, when: str) -> None:
    pairs = {"parameters": (one.last, other.last), "states": (one.carry.states, other.carry.states)}
    for what, (left, right) in pairs.items():
        leaves = zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True)
        if not all(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True) for a, b in leaves):
            broken(f"other {what} when {when}")
