"""What the abstract of the bilateral motor study claims, judged by paired comparisons over seeds.

A claim holds, or fails, if a whole confidence interval says so. Where the interval leaves it open it is not tested, and
what was measured is shown all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from neurosim.analysis.paired import Paired, paired
from neurosim.experiment import Claim, Results, at_least, at_most, not_tested
from neurosim.experiment.claims import Verdict
from neurosim.experiments.bilateral_motor.training import MODELS, TASKS

NEEDED = 5  # seeds
ABSTRACT = "abstract, arXiv 2401.14057"
WEAK = "abstract, first version, and README of the authors' code"
PROTOTYPE = "independent prototype, 1 seed"
BILATERAL = ("Bi-N", "CC-N", "Bi-S", "CC-S")
PREFERRED = {"reach": "U-D", "hold": "U-ND"}
OTHER = {"reach": "U-ND", "hold": "U-D"}
MARGIN = 0.1  # of the preferred model's error: what counts as "as good as" here
ERRORS = {"end_error": "end error", "mean_error": "mean error"}
COMPARED = (
    ("U-D", "U-ND"),
    *((model, other) for model in BILATERAL for other in ("U-D", "U-ND", "U-N")),
    ("CC-N", "Bi-N"),
    ("CC-S", "Bi-S"),
    ("Bi-S", "Bi-N"),
    ("CC-S", "CC-N"),
)
"""Pairs of models whose difference, first minus second, is stored for every measure."""


def claims(config: Any, results: Results) -> Iterable[Claim]:
    """Judge the orderings of the abstract; no number of the paper is known."""
    judge = _Judge(config, results)
    for task in TASKS:
        for measure in ERRORS:
            yield judge.preferred(task, measure)
    for task in TASKS:
        yield judge.over_other(task)
        yield judge.as_good(task)
        yield judge.callosum(task)
    yield from judge.checks()


class _Judge:
    """Judges claims by the mean over trials of each model and seed."""

    def __init__(self, config: Any, results: Results) -> None:
        self.config, self.results = config, results
        self.few = f"needs {NEEDED} seeds, this run has {config.seeds}" if config.seeds < NEEDED else ""
        size = f"{config.updates} updates of {config.batch} trials, {config.seeds} seeds"
        constant = "; constant learning rate" if config.schedule == "constant" else ""
        released = "; regulariser as released" if config.regulariser != "intended" else ""
        self.note = f"{size}{constant}{released}"

    def values(self, model: str, task: str, measure: str) -> np.ndarray:
        """Return one value per seed."""
        table = self.results.array(f"test/{task}_{measure}")
        return table[list(MODELS).index(model)].mean(axis=-1, dtype=float)

    def compared(self, one: str, two: str, task: str, measure: str, confidence: float = 0.95) -> Paired:
        """Return one minus two over seeds."""
        return paired(self.values(one, task, measure), self.values(two, task, measure), confidence)

    def preferred(self, task: str, measure: str) -> Claim:
        """Claim 1: each system beats the other one at the task that it prefers."""
        better, worse = PREFERRED[task], OTHER[task]
        id = f"{task}-preferred-{measure.partition('_')[0]}"
        name = {"reach": "dominant", "hold": "non-dominant"}[task]
        statement = f"At {task} the {name} system errs less than the other one ({ERRORS[measure]})"
        expected = f"{better} < {worse}"
        if self.few:
            return not_tested(
                id, statement, source=ABSTRACT, kind="paper-ordering", expected=expected, why=self.few
            )
        found = self.compared(better, worse, task, measure)
        return self._claim(id, statement, ABSTRACT, expected, found.below, found.above, f"{found} cm")

    def over_other(self, task: str) -> Claim:
        """Claim 2, first half: a bilateral model beats the non-preferred hand."""
        other = OTHER[task]
        id, statement = (
            f"{task}-bilateral-other",
            f"At {task} a bilateral model beats the non-preferred hand, {other}",
        )
        expected = f"one of {', '.join(BILATERAL)} < {other} (end error)"
        if self.few:
            return not_tested(
                id, statement, source=ABSTRACT, kind="paper-ordering", expected=expected, why=self.few
            )
        found = self._each(other, task)
        # One of four is enough, so each is held to a quarter of the error (Bonferroni).
        holds, fails = any(f.below for f in found.values()), all(f.above for f in found.values())
        return self._claim(
            id, statement, ABSTRACT, expected, holds, fails, _listed(found), "98.75 % intervals"
        )

    def as_good(self, task: str) -> Claim:
        """Claim 2, second half: and is as good as the preferred hand, or better."""
        hand = PREFERRED[task]
        id = f"{task}-bilateral-preferred"
        statement = f"At {task} a bilateral model is as good as the preferred hand, {hand}, or better"
        expected = f"one of {', '.join(BILATERAL)} at most {MARGIN:.0%} above {hand} (end error)"
        if self.few:
            return not_tested(
                id, statement, source=ABSTRACT, kind="paper-ordering", expected=expected, why=self.few
            )
        found, margin = self._each(hand, task), MARGIN * float(self.values(hand, task, "end_error").mean())
        holds = any(f.high < margin for f in found.values())
        fails = all(f.low > margin for f in found.values())
        why = f"98.75 % intervals against {margin:.2g} cm, our reading of 'as good as'"
        return self._claim(id, statement, ABSTRACT, expected, holds, fails, _listed(found), why)

    def callosum(self, task: str) -> Claim:
        """Claim 3, weak: the callosum tends to help."""
        id = f"{task}-callosum"
        statement = f"At {task} the callosum improves the non-specialised model"
        expected = "CC-N < Bi-N (end error)"
        if self.few:
            return not_tested(
                id, statement, source=WEAK, kind="paper-ordering", expected=expected, why=self.few
            )
        found = self.compared("CC-N", "Bi-N", task, "end_error")
        return self._claim(id, statement, WEAK, expected, found.below, found.above, f"{found} cm")

    def checks(self) -> Iterator[Claim]:
        """What a prototype saw of effort, and that training beats doing nothing."""
        for task in TASKS:
            ratio = self.values("U-D", task, "effort").mean() / self.values("U-ND", task, "effort").mean()
            yield at_least(
                f"{task}-effort",
                f"At {task} the dominant system co-contracts: its effort over that of the non-dominant one",
                source=PROTOTYPE,
                kind="code",
                expected=2.0,
                measured=float(ratio),
            )
        worst = max(
            float(self.values(m, t, "end_error").mean() / self.results.array("test/rest_end_error")[k])
            for m in MODELS
            for k, t in enumerate(TASKS)
        )
        yield at_most(
            "beats-rest",
            "End error over that of an arm without excitation, worst model and task",
            source="definition of the tasks",
            kind="theory",
            expected=1.0,
            measured=worst,
        )

    def _each(self, other: str, task: str) -> Mapping[str, Paired]:
        quarter = 1 - 0.05 / len(BILATERAL)
        return {m: self.compared(m, other, task, "end_error", quarter) for m in BILATERAL}

    def _claim(
        self,
        id: str,
        statement: str,
        source: str,
        expected: str,
        holds: bool,
        fails: bool,
        measured: str,
        note: str = "",
    ) -> Claim:
        verdict: Verdict = "holds" if holds else "fails" if fails else "not tested"
        undecided = "" if holds or fails else "left open by the interval"
        notes = "; ".join(filter(None, (undecided, note, self.note)))
        return Claim(
            id,
            statement,
            source=source,
            kind="paper-ordering",
            expected=expected,
            measured=measured,
            verdict=verdict,
            note=notes,
        )


def _listed(found: Mapping[str, Paired]) -> str:
    return "; ".join(
        f"{name} {f.difference:+.2g} ({f.low:+.2g} to {f.high:+.2g}) cm" for name, f in found.items()
    )
