"""What the paper and this project claim about continual learning by orthogonal projection, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.paired import paired
from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering
from neurosim.experiments.continual_hlop.config import MAIN, TRAINERS, Config

Array = NDArray[np.float64]
PAPER = "arXiv 2402.11984"
OURS = "this project's acceptance value"


def final(accuracy: Array) -> Array:
    """Return ACC of each seed in %, the mean accuracy over tasks at the end; accuracy (seeds, after, task)."""
    found: Array = 100 * accuracy[:, -1].mean(axis=1)
    return found


def fresh(accuracy: Array) -> Array:
    """Return the mean accuracy of tasks just after they were learned in %, of each seed."""
    found: Array = 100 * np.diagonal(accuracy, axis1=1, axis2=2).mean(axis=1)
    return found


def transfer(accuracy: Array) -> Array:
    """Return BWT of each seed in %, the mean change of all tasks but the last since they were learned."""
    learned = np.diagonal(accuracy, axis1=1, axis2=2)[:, :-1]
    found: Array = 100 * (accuracy[:, -1, :-1] - learned).mean(axis=1)
    return found


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge forgetting, learning, subspaces and cost by this run."""
    table = {arm: results.array(f"{arm}/accuracy") for arm in config.arms}
    back, end, new = ({arm: f(values) for arm, values in table.items()} for f in (transfer, final, fresh))
    about = f"{config.data}, {config.tasks} tasks of {config.train_images} images, {config.epochs} epochs"
    about += f", {config.seeds} seeds"
    shown = "; ".join(
        f"{arm} ACC {end[arm].mean():.2f}, BWT {back[arm].mean():.2f}"
        for arm in config.arms
        if arm.split("_")[-1] not in PAIRS
    )
    yield ordering(
        "forgetting",
        "Sequential training forgets more than with projection: mean loss of accuracy on earlier tasks, in points",
        source=f"abstract, {PAPER}",
        kind="paper-ordering",
        measured={arm: float(-back[arm].mean()) for arm in ("sequential", "lateral")},
        note=f"{about}; {shown}; less in {np.sum(back['lateral'] > back['sequential'])} of {config.seeds} seeds; "
        f"difference {paired(back['lateral'], back['sequential'])}",
    )
    yield at_most(
        "nearly-zero",
        "With lateral neurons nearly nothing is forgotten: mean |BWT| in points",
        source=OURS,
        kind="own",
        expected=1.5,
        measured=float(np.abs(back["lateral"]).mean()),
        note=about,
    )
    yield at_most(
        "quarter",
        "That is at most a quarter of what sequential training forgets: ratio of mean |BWT|",
        source=OURS,
        kind="own",
        expected=0.25,
        measured=float(np.abs(back["lateral"]).mean() / np.abs(back["sequential"]).mean()),
    )
    lost = paired(new["lateral"], new["sequential"])
    yield at_least(
        "plastic",
        "What is protected does not hinder new tasks: accuracy just after learning less that of sequential training; "
        "-0.5 points or more count as not reduced",
        source=OURS,
        kind="own",
        expected=-0.5,
        measured=lost.difference,
        note=f"difference {lost}",
    )
    worse = paired(end["lateral"], end["principal"])
    yield at_least(
        "principal",
        "Lateral neurons do no worse than the exact principal subspaces of the same size: difference of ACC in points; "
        "at least -0.5 counts as no worse",
        source=OURS,
        kind="own",
        expected=-0.5,
        measured=worse.difference,
        note=f"difference {worse}",
    )
    yield from _subspaces(results)
    yield from _earlier(config, end)
    yield from _pairs(config, results, back, end)
    per = {arm: _per_step(results, arm) for arm in MAIN}
    yield at_most(
        "cost",
        "A step with lateral neurons costs at most three times one of sequential training: ratio of processor times",
        source=OURS,
        kind="own",
        expected=3.0,
        measured=per["lateral"] / per["sequential"],
        note=f"median of the tasks after the first, measurement included; sequential {1e3 * per['sequential']:.2f} ms, "
        f"lateral {1e3 * per['lateral']:.2f} ms, exact {1e3 * per['principal']:.2f} ms",
    )
    yield from _spiking_cost(config, results)
    yield from _left_out()


def _subspaces(results: Results) -> Iterable[Claim]:
    share = results.array("lateral/captured")
    exact = results.array("principal/captured")
    yield at_least(
        "captured",
        "Kept rows span what layers receive in the task just learned: least share of the mean square of a layer, mean "
        "over seeds and tasks",
        source=OURS,
        kind="own",
        expected=0.9,
        measured=float(share.mean(axis=(0, 1)).min()),
        note=f"layers {', '.join(f'{s:.3f}' for s in share.mean(axis=(0, 1)))}; exact "
        f"{', '.join(f'{s:.3f}' for s in exact.mean(axis=(0, 1)))}; largest |H H^T - 1| by layer "
        f"{', '.join(f'{s:.2f}' for s in results.array('lateral/overlap').max(axis=0))}",
    )


def _earlier(config: Config, end: Mapping[str, Array]) -> Iterable[Claim]:
    """Compare lateral neurons with what was there before them."""
    for arm, name in (("replay", "replay of kept images"), ("consolidated", "elastic weight consolidation")):
        statement = f"ACC in %: lateral neurons > {name}"
        source = f"abstract, {PAPER}"
        if arm not in config.arms:
            yield not_tested(
                f"ahead-of-{arm}",
                statement,
                source=source,
                kind="paper-ordering",
                expected="in this order",
                why="no such arm",
            )
            continue
        yield ordering(
            f"ahead-of-{arm}",
            statement,
            source=source,
            kind="paper-ordering",
            measured={one: float(end[one].mean()) for one in ("lateral", arm)},
            note=f"difference {paired(end['lateral'], end[arm])}",
        )


PAIRS = {
    "random": "Errors come back on random weights",
    "sign": "Errors come back on the signs of the weights ahead",
    "bptt": "Spiking networks, back-propagation through time with a surrogate gradient",
    "ottt": "Spiking networks, on-line training by traces (OTTT)",
    "dsr": "Spiking networks, gradients through weighted rates (DSR)",
}
"""Arms beside 'sequential' and 'lateral' that differ in the same way, by the end of their names."""


def _pairs(
    config: Config, results: Results, back: Mapping[str, Array], end: Mapping[str, Array]
) -> Iterable[Claim]:
    """Judge forgetting where errors come back on other weights, and in spiking networks."""
    for kind, name in PAIRS.items():
        statement = f"{name}: loss of accuracy on earlier tasks in points, sequential > lateral"
        source = f"abstract, {PAPER}"
        arms = [f"{one}_{kind}" for one in ("sequential", "lateral")]
        if not set(arms) <= set(config.arms):
            yield not_tested(
                f"pair-{kind}",
                statement,
                source=source,
                kind="paper-ordering",
                expected="in this order",
                why="no such arms",
            )
            continue
        loss, other = (float(np.abs(back[arm]).mean()) for arm in arms[::-1])
        share = results.array(f"{arms[1]}/captured").mean(axis=(0, 1))
        yield ordering(
            f"pair-{kind}",
            statement,
            source=source,
            kind="paper-ordering",
            measured={arm: float(-back[arm].mean()) for arm in arms},
            note=f"mean |BWT| {loss:.2f} of {other:.2f}; ACC {end[arms[1]].mean():.2f} of {end[arms[0]].mean():.2f}; "
            f"rows span {', '.join(f'{s:.3f}' for s in share)}; difference of BWT "
            f"{paired(back[arms[1]], back[arms[0]])}",
        )


def _spiking_cost(config: Config, results: Results) -> Iterable[Claim]:
    """Judge what lateral neurons cost in spiking networks."""
    statement = (
        "A step of a spiking network with lateral neurons costs at most three times one of sequential training: "
        "largest ratio of processor times"
    )
    ratios = {
        kind: _per_step(results, f"lateral_{kind}") / _per_step(results, f"sequential_{kind}")
        for kind in TRAINERS
        if {f"lateral_{kind}", f"sequential_{kind}"} <= set(config.arms)
    }
    if not ratios:
        yield not_tested(
            "cost-spiking", statement, source=OURS, kind="own", expected="<= 3", why="no spiking arms"
        )
        return
    note = ", ".join(f"{kind} {ratio:.2f}" for kind, ratio in ratios.items())
    yield at_most(
        "cost-spiking",
        statement,
        source=OURS,
        kind="own",
        expected=3.0,
        measured=max(ratios.values()),
        note=note,
    )


def _per_step(results: Results, arm: str) -> float:
    """Return the processor time of a step (s), median of the tasks after the first, which compiles."""
    return float(np.median(results.array(f"{arm}/step_time")[1:]))


def _left_out() -> Iterable[Claim]:
    for id, statement, expected, why in (
        (
            "mnist",
            "Permuted MNIST, ten tasks: ACC and BWT",
            "95.15 / -1.30 (as remembered, unverified)",
            "MNIST is not part of this project, and the numbers have not been checked against the paper",
        ),
        (
            "split",
            "Tasks of other classes: CIFAR-100, miniImageNet, five data sets",
            "less forgetting than earlier methods",
            "the images are not at hand",
        ),
    ):
        yield not_tested(id, statement, source=PAPER, kind="paper-ordering", expected=expected, why=why)
