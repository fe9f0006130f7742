"""What the paper, theory and this project claim about the formation of induction circuits, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering
from neurosim.experiments.induction.config import CLAMPS, PLATEAU, WINDOW, Config
from neurosim.experiments.induction.sequences import SETS
from neurosim.experiments.induction.toy import HELD

PAPER: dict[str, Any] = {"source": "abstract, arXiv 2404.07129", "kind": "paper-ordering"}
PROTOTYPE: dict[str, Any] = {"source": "independent prototype, one draw", "kind": "own"}
OURS: dict[str, Any] = {"source": "this project's acceptance value", "kind": "own"}
ORDER = ("none", "previous", "copy", "match")


def fallen(results: Results, clamp: str) -> np.ndarray:
    """Return after how many updates the loss is first below half of its plateau, by draw; nan if never."""
    below = results.array(f"{clamp}/loss") < PLATEAU / 2
    return np.where(below.any(1), results.array(f"{clamp}/update")[below.argmax(1)], np.nan)


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the toy, the times at which the loss falls, and what has been learned."""
    yield from _toy(results)
    times = {clamp: fallen(results, clamp) for clamp in CLAMPS}
    # What has not fallen falls later.
    late = {clamp: np.nan_to_num(of, nan=np.inf) for clamp, of in times.items()}
    note = "; ".join(f"{clamp} {', '.join(f'{t:g}' for t in of)}" for clamp, of in times.items())
    yield ordering(
        "order", f"Updates until the loss is below half of ln 2 (mean of {WINDOW}), mean over draws", **PROTOTYPE,
        measured={clamp: float(late[clamp].mean()) for clamp in ORDER}, unit="steps",
        note=f"by draw: {note}",
    )  # fmt: skip
    for later, sooner in pairwise(ORDER):
        name = "nothing" if later == "none" else f"'{later}'"
        yield at_least(
            f"sooner-{sooner}", f"The loss falls sooner with the clamp '{sooner}' than with {name}: share of draws",
            **(PAPER if later == "none" else PROTOTYPE), expected=0.8,
            measured=float((late[sooner] < late[later]).mean()),
        )  # fmt: skip
    got = {clamp: dict(zip(SETS, results.array(f"{clamp}/accuracy"), strict=True)) for clamp in CLAMPS}
    for name in SETS[1:]:
        yield at_least(
            f"in-context-{name.split()[1]}", f"Without clamps, {name} are answered from the context: mean accuracy, "
            "where half is right by choosing one of the two labels shown", **OURS, expected=0.8,
            measured=float(got["none"][name].mean()),
            note="; ".join(f"{clamp} {got[clamp][name].mean():.3f}" for clamp in CLAMPS)
            + f"; training {got['none'][SETS[0]].mean():.3f}",
        )  # fmt: skip
    yield at_least(
        "circuit", "Without clamps, a head of the first layer looks at the token before a label, and the second layer "
        "at the right label: least of the two shares of patterns, mean over draws", **OURS, expected=0.5,
        measured=float(min(results.array(f"none/{name}").mean() for name in ("previous", "matched"))),
        note=", ".join(f"{name} {results.array(f'none/{name}').mean():.2f}" for name in ("previous", "matched")),
    )  # fmt: skip
    yield not_tested(
        "data", "More classes delay matching, more labels delay copying", **PAPER, expected="longer plateau",
        why="one set of classes and labels; `--set classes=` and `--set labels=` change them",
    )  # fmt: skip


def _toy(results: Results) -> Iterable[Claim]:
    loss = dict(zip(HELD, results.array("toy/loss"), strict=True))
    logarithms, steps = np.log(loss["b and c"]), min(50, loss["none"].shape[1] - 1)
    found = (logarithms[:, steps] - logarithms[:, 0]) / steps
    yield at_most(
        "toy-slope", "Toy with two factors held: slope of the log loss against 2 log(1 - |b|^2 |c|^2/d^3), largest "
        "relative difference", source="derived", kind="theory", expected=1e-6,
        measured=float(np.abs(found / results.array("toy/slope") - 1).max()),
    )  # fmt: skip
    times = np.array([_one_percent(of) for of in loss.values()])
    yield at_least(
        "toy-order", "Toy: the more factors are held, the sooner the loss is at 1 %: share of draws in this order",
        source="authors' code", kind="code", expected=1.0, measured=float((np.diff(times, axis=0) < 0).all(0).mean()),
        note="updates with " + "; ".join(
            f"{name} held {', '.join(f'{t:g}' for t in row)}" for name, row in zip(loss, times, strict=True)
        ),
    )  # fmt: skip


def _one_percent(loss: np.ndarray) -> np.ndarray:
    below = loss < 0.01 * loss[:, :1]
    return np.where(below.any(1), below.argmax(1), np.inf)
