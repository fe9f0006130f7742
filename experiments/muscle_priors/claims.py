"""What the paper claims of priors in its own setting, and what this one asks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neurosim.experiment import Claim, Results, at_least, not_tested, ordering
from neurosim.experiments.muscle_priors.config import Config
from neurosim.experiments.muscle_priors.measures import table
from neurosim.experiments.muscle_priors.tasks import NEW

ABSTRACT = "abstract, Caggiano, Dasari, Kumar 2023"
PROTOTYPE = "independent prototype, 1 seed"
OURS = "this project's own question"


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge speed, zero-shot errors, tasks solved, and the dimension of muscle activity."""
    updates, budget = table(config, results, "updates"), config.updates
    # A task that is not solved took longer than the budget.
    took = {prior: np.minimum(found, budget + 1).mean(axis=1) for prior, found in updates.items()}
    end = {prior: table(config, results, "end")[prior].mean(axis=1) for prior in updates}
    zero = {prior: found.mean(axis=1) for prior, found in table(config, results, "zero-shot").items()}
    distance = f"{100 * config.solved:g} cm"
    for k, task in enumerate(NEW):
        shown = ", ".join(f"{prior} {100 * error[k]:.1f} cm" for prior, error in end.items())
        note = f"end error after {budget} updates: {shown}"
        id = task.replace(" ", "-")
        yield ordering(
            f"faster-{id}",
            f"A prior of several tasks makes '{task}' faster to learn than none: updates to {distance}",
            source=ABSTRACT, kind="paper-ordering", note=note,
            measured={"none": float(took["none"][k]), "multi": float(took["multi"][k])},
        )  # fmt: skip
        yield ordering(
            f"several-{id}",
            f"A prior of several tasks makes '{task}' faster to learn than one of a single task: updates to {distance}",
            source=OURS, kind="own", measured={"single": float(took["single"][k]), "multi": float(took["multi"][k])},
        )  # fmt: skip
        yield ordering(
            f"zero-shot-{id}",
            f"Before any update on '{task}' the error is least with a prior of several tasks",
            source=OURS, kind="own", unit="m",
            measured={prior: float(zero[prior][k]) for prior in ("none", "single", "multi")},
        )  # fmt: skip
    solved = {prior: float(np.isfinite(found).sum(axis=0).mean()) for prior, found in updates.items()}
    yield ordering(
        "solved",
        f"With a prior more of the {len(NEW)} tasks are solved within {budget} updates, mean over seeds",
        source=ABSTRACT, kind="paper-ordering", measured={"multi": solved["multi"], "none": solved["none"]},
        note=f"single {solved['single']:g}",
    )  # fmt: skip
    yield at_least(
        "ratio",
        "Updates without a prior over those with one of several tasks, least over tasks",
        source=PROTOTYPE, kind="code", expected=4.0, measured=float((took["none"] / took["multi"]).min()),
        note=f"tasks that are not solved count as {budget + 1} updates",
    )  # fmt: skip
    dimension = {prior: float(found.mean()) for prior, found in table(config, results, "dimension").items()}
    yield ordering(
        "synergies",
        "A prior leaves fewer dimensions of muscle activity, as shared synergies would: participation ratio",
        source=OURS, kind="own", measured={p: dimension[p] for p in ("none", "multi")},
        note=f"single {dimension['single']:.2f}",
    )  # fmt: skip
    for id, statement, expected in (
        ("more-tasks", "Tasks solved over those of a distillation baseline", "about 3"),
        ("speed-up", "Speed of learning over that of a distillation baseline", "about 4"),
    ):
        why = "other body, other tasks, no distillation"
        yield not_tested(id, statement, source=ABSTRACT, kind="paper-number", expected=expected, why=why)
