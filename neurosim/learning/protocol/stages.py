"""A study as stages: phases one after the other, which may depend on what was measured at the end of each."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurosim.errors import UsageError
from neurosim.learning.protocol.evaluation import AtEnd, Evaluation
from neurosim.learning.protocol.learner import Learner, Progress
from neurosim.learning.protocol.phase import Phase
from neurosim.learning.protocol.training import Training
from neurosim.store import write_state

Stage = tuple[int, Phase] | tuple[int, Phase, Mapping[str, Evaluation]]
Ends = Mapping[str, Mapping[str, np.ndarray]]
Plan = Sequence[Stage] | Callable[[], Generator[Stage, Ends, None]]


@dataclass(frozen=True)
class Stages:
    """Stages of a training: (steps, phase) one after the other.

    Arguments: learner; plan, a list of (steps, phase), or a generator function that yields them and receives what the
    evaluations with the spacing `AtEnd` measured at the end of each, by evaluation and measure, seeds first if there
    are several; evaluations, by name. A stage may be (steps, phase, evaluations), with evaluations of its own beside
    those, or in their place where they have the same names. A plan that is a function depends on nothing but what it
    receives: when a training is resumed, it is run again on what was measured, and so comes to the same phases.
    Raises UsageError for a plan without stages.
    """

    learner: Learner
    plan: Plan
    evaluations: Mapping[str, Evaluation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not callable(self.plan) and not self.plan:
            raise UsageError(
                "Stages.plan: there are no stages: give (steps, phase) pairs, or a generator function"
            )

    def train(
        self,
        seeds: int | Sequence[int] = 0,
        *,
        vary: Mapping[str, ArrayLike] | None = None,
        after: Training | None = None,
        at_most: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: str | Path | None = None,
    ) -> Training:
        """Return the training after all stages, or `at_most` of them from the start.

        Arguments: after, a training that these stages began, to continue in the middle of a stage too: the result has
        the same bits as if it had not stopped; the others as of `Learner.train`.
        """
        training = self.learner.train(0, seeds, vary=vary) if after is None else after
        if after is None:
            training = replace(training, stages=np.zeros(0, np.int64))
        stages, number, start = self._begun(), 0, 0
        stage = next(stages, None)
        while stage is not None and (at_most is None or number < at_most):
            steps, phase, *own = stage
            evaluations = {**self.evaluations, **(own[0] if own else {})}
            if steps < 1:
                raise UsageError(f"Stages.plan: stage {number} has {steps} steps: give at least 1")
            if number >= len(training.stages):
                training = self.learner.train(
                    start + steps,
                    after=training,
                    phase=phase,
                    evaluations=evaluations,
                    progress=progress,
                    checkpoint=checkpoint,
                )
                training = replace(training, stages=np.append(training.stages, training.step))
                if checkpoint is not None:
                    write_state(checkpoint, training.arrays())
            start, number = int(training.stages[number]), number + 1
            if np.asarray(training.carry.stopped).all():
                break
            try:
                stage = stages.send(_measured(training, start, evaluations))
            except StopIteration:
                stage = None
        return training

    def _begun(self) -> Generator[Stage, Ends, None]:
        if callable(self.plan):
            return self.plan()

        def listed(plan: Sequence[Stage]) -> Generator[Stage, Any, None]:
            yield from (stage for stage in plan)  # a list itself takes nothing that is sent

        return listed(self.plan)


def _measured(
    training: Training, step: int, evaluations: Mapping[str, Evaluation]
) -> dict[str, dict[str, np.ndarray]]:
    """Return what was measured at the end of a stage."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, evaluation in evaluations.items():
        if isinstance(evaluation.at, AtEnd):
            known = training.evaluations[name]
            row = int(np.searchsorted(known.steps, step))
            found[name] = {n: v[row] if training.several else v[row, 0] for n, v in known.values.items()}
    return found
