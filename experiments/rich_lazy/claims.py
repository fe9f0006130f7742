"""What the paper, theory and this project claim about rich and lazy learning, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neurosim.analysis.paired import paired
from neurosim.experiment import Claim, Results, at_least, at_most, not_tested
from neurosim.experiments.rich_lazy.config import Config

ABSTRACT = "abstract, arXiv 2310.08513"
THEORY = "derived for whitened inputs and small weights"
OURS = "this project's acceptance value"


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the closed form, then rank and Dale's law in each task."""
    yield from _theory(results)
    for task in config.tasks:
        yield from _task(config, results, task)
    yield not_tested(
        "connectome", "Initial weights measured by electron microscopy learn more richly than normal ones",
        source=ABSTRACT, kind="paper-ordering", expected="kernel alignment lower", why="no such tables are shipped",
    )  # fmt: skip


def _theory(results: Results) -> Iterable[Claim]:
    found, expected = (results.array(f"theory/{name}") for name in ("alignment", "expected"))
    ranks, mean = results.array("theory/rank")[:-1], found.mean(1)
    shown = ", ".join(f"rank {r}: {m:.3f} ({e:.3f})" for r, m, e in zip(ranks, mean, expected, strict=False))
    yield at_most(
        "formula", "Linear network: mean kernel alignment against (1 + 1/d) sqrt(r/(d + 3)), greatest difference over "
        "ranks", source=THEORY, kind="theory", expected=0.01, measured=float(np.abs(mean - expected)[:-1].max()),
        note=f"measured (theory) {shown}",
    )  # fmt: skip
    yield at_most(
        "formula-aligned", "Linear network: alignment for rank 1 along the task against 2/sqrt(d + 3), difference",
        source=THEORY, kind="theory", expected=0.01, measured=float(abs(mean[-1] - expected[-1])),
        note=f"measured {mean[-1]:.3f}, theory {expected[-1]:.3f}",
    )  # fmt: skip
    yield at_most(
        "fitted", "Linear network: greatest squared error at the end", source=THEORY, kind="theory", expected=1e-6,
        measured=float(results.array("theory/residual").max()),
    )  # fmt: skip
    one = np.flatnonzero(ranks == 1)
    if one.size:
        yield at_least(
            "aligned-lazier", "Linear network: rank 1 along the task stays lazier than rank 1 elsewhere, difference of "
            "mean alignments", source=ABSTRACT, kind="paper-ordering", expected=0.0,
            measured=float(mean[-1] - mean[one[0]]),
        )  # fmt: skip


def _task(config: Config, results: Results, task: str) -> Iterable[Claim]:
    """Compare draws in which both networks have learned."""
    low, full, dale = config.arms[int(np.argmin(config.ranks))], "full", "Dale"
    got = {
        name: dict(zip(config.arms, results.array(f"{task}/{name}"), strict=True))
        for name in ("kernel", "representation", "change", "task", "loss", "accuracy")
    }
    least = {arm: float(got["accuracy"][arm].min()) for arm in config.arms}
    yield at_least(
        f"{task}-learned", f"{task}: all networks learn, least share of right decisions", source=OURS, kind="own",
        expected=config.learned, measured=min(least.values()),
        note="draws that learn: " + ", ".join(
            f"{arm} {int((got['accuracy'][arm] >= config.learned).sum())}" for arm in config.arms
        ),
    )  # fmt: skip
    for other in (low, dale):
        both = np.logical_and(*(got["accuracy"][arm] >= config.learned for arm in (full, other)))
        yield from _pair(task, full, other, {n: (of[full][both], of[other][both]) for n, of in got.items()})
    rise = got["task"][low][:, 1] - got["task"][low][:, 0]
    yield at_least(
        f"{task}-task", f"{task}: the kernel becomes better aligned with the decision from {low}, mean rise",
        source="third party, on arXiv 2310.08513", kind="paper-ordering", expected=0.0, measured=float(rise.mean()),
        note="start and end: " + "; ".join(
            f"{arm} {got['task'][arm][:, 0].mean():.2f}, {got['task'][arm][:, 1].mean():.2f}" for arm in config.arms
        ),
    )  # fmt: skip


def _pair(task: str, full: str, other: str, got: dict[str, tuple[np.ndarray, np.ndarray]]) -> Iterable[Claim]:
    """Compare full rank with another start; got, by measure, of draws in which both have learned."""
    name_of, count = other.replace(" ", "-").lower(), len(got["loss"][0])
    if count < 2:
        yield not_tested(
            f"{task}-kernel-{name_of}", f"{task}: kernel alignment of full rank less that of {other}", source=ABSTRACT,
            kind="paper-ordering", expected=">= 0", why=f"both learn in {count} draws",
        )  # fmt: skip
        return
    loss = ", ".join(f"{arm} {of.mean():.3f}" for arm, of in zip((full, other), got["loss"], strict=True))
    for name, statement, sign in (
        ("kernel", f"kernel alignment of full rank less that of {other}", 1),
        ("representation", f"representation alignment of full rank less that of {other}", 1),
        ("change", f"change of weights from {other} less that from full rank", -1),
    ):
        more, less = got[name][::sign]
        better = more - less
        yield at_least(
            f"{task}-{name}-{name_of}", f"{task}: {statement}, mean over draws", source=ABSTRACT,
            kind="paper-ordering", expected=0.0, measured=float(better.mean()),
            note=f"{int((better > 0).sum())} of {count} draws; loss {loss}; {paired(more, less)}",
        )  # fmt: skip
    moved = got["kernel"][0] > got["kernel"][1]
    yield at_least(
        f"{task}-draws-{name_of}", f"{task}: share of draws in which kernels from {other} move more than from full "
        "rank", source=OURS, kind="own", expected=0.8, measured=float(moved.mean()),
    )  # fmt: skip
    if task == "choice" and other != "Dale":
        yield at_least(
            "choice-margin", f"choice: mean kernel alignment of full rank less that of {other}", source=OURS,
            kind="own", expected=0.15, measured=float((got["kernel"][0] - got["kernel"][1]).mean()),
        )  # fmt: skip
