"""Curricula: which heads of a read-out are trained for which N, one lesson after the other."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurosim.experiments.timescales.config import Config
from neurosim.experiments.timescales.sequences import MEASURES, Sequences
from neurosim.learning.protocol import Evaluation, Phase
from neurosim.learning.protocol.stages import Ends, Plan, Stage


@dataclass(frozen=True)
class Curriculum:
    """Lessons one after the other: the N of each head that is trained, the first head first.

    single: one head, N = 2, 3, ...; multi: heads for 2 to N, one more in every lesson; sliding: h heads, of which every
    lesson drops the f first and adds f, so that a head serves another N than before; constant: one head, one N.
    """

    name: str
    lessons: tuple[tuple[int, ...], ...]

    @property
    def heads(self) -> int:
        """How many heads there are in the longest lesson."""
        return max(map(len, self.lessons))


def curriculum(name: str, target: int, heads: int = 4, forgotten: int = 2) -> Curriculum:
    """Return the curriculum of a name up to N = target; heads h and forgotten f are of the sliding one."""
    if name == "constant":
        return Curriculum(name, ((target,),))
    if name == "single":
        return Curriculum(name, tuple((n,) for n in range(2, target + 1)))
    if name == "multi":
        return Curriculum(name, tuple(tuple(range(2, n + 1)) for n in range(2, target + 1)))
    starts = [2]
    while starts[-1] + heads <= target:
        starts.append(starts[-1] + forgotten)
    return Curriculum(name, tuple(tuple(range(first, first + heads)) for first in starts))


def streams(config: Config, task: str, heads: int, lesson: Sequence[int]) -> tuple[Sequences, Sequences]:
    """Return the sequences of a lesson, for training and for tests; heads after those of the lesson do not count."""
    room = min(room for room in config.rooms if room >= max(lesson))
    rest = heads - len(lesson)
    spans = np.array([*lesson, *[lesson[-1]] * rest], np.int32)
    active = np.array([1.0] * len(lesson) + [0.0] * rest, np.float32)
    sizes = (config.batch, 1), (config.tests * config.test_size, config.tests)
    train, test = (
        Sequences(spans, active, task, 4 * room + 1, size, config.neurons, groups) for size, groups in sizes
    )
    return train, test


def plan(config: Config, task: str, chosen: Curriculum) -> Plan:
    """Return the plan of mini-epochs: the next lesson begins when all heads and the newest one are accurate enough."""

    def mini_epochs() -> Generator[Stage, Ends, None]:
        lesson = 0
        for _ in range(config.epochs):
            train, test = streams(config, task, chosen.heads, chosen.lessons[lesson])
            measured = yield config.steps, Phase(batches=train), {"test": Evaluation(test, MEASURES)}
            lesson += solved(config, measured["test"])
            if lesson == len(chosen.lessons):
                return

    return mini_epochs


def solved(config: Config, test: Mapping[str, np.ndarray]) -> bool:
    """Return whether a lesson has been learned: all heads on average and the newest are accurate enough."""
    return bool(min(test["accuracy"], test["newest_accuracy"]) > config.threshold)
