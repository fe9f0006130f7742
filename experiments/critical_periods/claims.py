"""What the paper, its code and theory claim about critical periods, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering
from neurosim.experiments.critical_periods.config import SMALL, Config
from neurosim.experiments.critical_periods.networks import PATHS

Array = NDArray[np.float64]
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2308.12221", "kind": "paper-ordering"}
CODE: dict[str, Any] = {
    "source": "independent prototype with the settings of the authors' code",
    "kind": "code",
}
EXACT: dict[str, Any] = {"source": "derived for balanced weights", "kind": "theory"}
GROUPS = (slice(0, 1), slice(1, 2), slice(2, 4), slice(4, 8))
"""Modes of equal strength."""
SHARES: Mapping[tuple[int, int], tuple[float, ...]] = {
    (2, 0): (0.003, 0.005, 0.012, 0.059), (2, 400): (0.5, 0.5, 0.5, 0.495), (2, 750): (0.5, 0.5, 0.5, 0.5),
    (3, 0): (0.003, 0.005, 0.016, 0.067), (3, 400): (0.5, 0.5, 0.5, 0.41), (3, 750): (0.5, 0.5, 0.5, 0.5),
    (4, 0): (0.003, 0.006, 0.017, 0.065), (4, 400): (0.5, 0.5, 0.5, 0.21), (4, 750): (0.5, 0.5, 0.5, 0.5),
}  # fmt: skip
"""Share of path b by group of modes, at a depth and an onset."""
HALVES: Mapping[int, tuple[float, ...]] = {
    2: (75.7, 103, 145, 222), 3: (99.6, 144, 214, 358), 4: (115, 168, 256, 440),
}  # fmt: skip
"""Epoch of half-learning by group of modes, with a deficit from 0."""
PORTRAITS: Mapping[int, tuple[float, float]] = {
    2: (0.431, 0.447), 3: (0.332, 0.408), 4: (0.241, 0.446), 5: (0.177, 0.494),
}  # fmt: skip
EULER: Mapping[int, float] = {2: 0.318, 3: 0.163, 4: 0.098}
CLOSED: Mapping[int, float] = {2: 0.3100, 3: 0.1425, 4: 0.0784}
PUBLISHED_SETTINGS = (100, 0.01, 1000, 0.01, 150)


def shares(strength: Array) -> Array:
    """Return the share of path b at the end by group of modes (..., groups); strength (path, seed, sample, mode)."""
    end = strength[:, :, -1].mean(1)
    each = end[1] / end.sum(0)
    return np.array([each[group].mean() for group in GROUPS])


def halves(strength: Array, epoch: Array, targets: Array) -> Array:
    """Return the epoch at which half of a mode is learned, mean of a group; strength (path, seed, sample, mode)."""
    whole = strength.sum(0)
    found = np.array([
        [np.interp(0.5, course / target, epoch) for course, target in zip(one.T, targets, strict=True)]
        for one in whole
    ])  # fmt: skip
    return np.array([found[:, group].mean() for group in GROUPS])


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the two paths, portraits, what is conserved, competition and completion."""
    yield from _paths(config, results)
    yield from _conserved(results)
    yield from _portraits(config, results)
    yield from _competition(config, results)
    yield from _completion(config, results)
    yield not_tested(
        "nonlinear", "The same holds with tanh and with ReLU, and in convolutional networks", **ABSTRACT,
        expected="early deficits last", why="only linear networks are here",
    )  # fmt: skip


def _paths(config: Config, results: Results) -> Iterable[Claim]:
    published = (config.width, config.rate, config.epochs, config.start, config.deficit) == PUBLISHED_SETTINGS
    targets = np.sqrt([15, 7, 3, 3, 1, 1, 1, 1])
    for depth in config.depths:
        found = {
            onset: shares(one)
            for onset, one in zip(config.onsets, results.array(f"paths_{depth}/strength"), strict=True)
        }
        known = [onset for onset in config.onsets if published and (depth, onset) in SHARES]
        shown = "; ".join(
            f"from {onset}: " + ", ".join(f"{v:.3f}" for v in one) for onset, one in found.items()
        )
        if known:
            yield at_most(
                f"shares-{depth}", f"Shares of path b by mode, {depth} layers: largest difference from the table, over "
                "modes and onsets", **CODE, expected=0.02,
                measured=max(float(np.abs(found[onset] - SHARES[depth, onset]).max()) for onset in known),
                note=f"modes 1, 2, 3-4, 5-8; {shown}",
            )  # fmt: skip
        if 0 in found:
            strength = results.array(f"paths_{depth}/strength")[config.onsets.index(0)]
            yield at_most(
                f"early-{depth}", f"A deficit from the start is for good, {depth} layers: largest share of path b in "
                "the strong modes 1-4, where equal parts are 0.5", **ABSTRACT, expected=0.03,
                measured=float(found[0][:3].max()),
            )  # fmt: skip
            if published and depth in HALVES:
                half = halves(strength, results.array(f"paths_{depth}/epoch"), targets)
                yield at_most(
                    f"half-{depth}", f"Epoch of half-learning with an early deficit, {depth} layers: largest relative "
                    "difference from the table", **CODE, expected=0.02,
                    measured=float(np.abs(half / HALVES[depth] - 1).max()),
                    note="epochs " + ", ".join(f"{value:.0f}" for value in half),
                )  # fmt: skip
        if 750 in found:
            yield at_most(
                f"late-{depth}", f"A late deficit is harmless, {depth} layers: largest distance of a share from 0.5, "
                "onset 750", **ABSTRACT, expected=0.05, measured=float(np.abs(found[750] - 0.5).max()),
            )  # fmt: skip
    yield at_most(
        "modes-alone", "A path in training does what its modes do alone: largest difference of strengths, over depths, "
        "onsets and epochs", **EXACT, expected=1e-6,
        measured=max(float(results.array(f"paths_{depth}/difference").max()) for depth in config.depths),
    )  # fmt: skip


def _conserved(results: Results) -> Iterable[Claim]:
    drift, share = results.array("conserved/drift"), results.array("conserved/share")
    small = results.array("conserved/large") == SMALL
    yield at_most(
        "conserved", "What a deficit does to F(p_a) - F(p_b) stays: largest relative change after it, small and large "
        "starts", **EXACT, expected=0.002, measured=float(drift.max()),
        note="by start " + ", ".join(f"{value:.1e}" for value in drift),
    )  # fmt: skip
    yield at_most(
        "closed-form", "The share at the end is that of the closed form: largest difference", **EXACT, expected=0.001,
        measured=float(np.abs(share[small, 0] - share[small, 1]).max()),
        note="shares " + ", ".join(f"{value:.4f}" for value in share[small, 0]),
    )  # fmt: skip


def _portraits(config: Config, results: Results) -> Iterable[Claim]:
    found = dict(zip(config.portraits, results.array("portraits/share").mean(-1), strict=True))
    for moment, name in enumerate(("early", "late")):
        known = [depth for depth in found if depth in PORTRAITS and config.points >= 100]
        if known:
            yield at_most(
                f"portraits-{name}", f"Portraits of large starts, {name} deficit: largest difference of mean shares "
                "from the table", **CODE, expected=0.02,
                measured=max(float(abs(found[d][moment] - PORTRAITS[d][moment])) for d in known),
                note=", ".join(f"{d} layers {found[d][moment]:.3f}" for d in found),
            )  # fmt: skip
    if len(found) > 1:
        yield ordering(
            "deeper", "The deeper, the less is left to path b after an early deficit: mean share", **ABSTRACT,
            measured={f"{depth} layers": float(found[depth][0]) for depth in sorted(found)},
        )  # fmt: skip
    small = dict(zip(config.small_depths, results.array("small/share"), strict=True))
    known = [depth for depth in small if depth in EULER and config.small_steps == 1_000_000]
    if known:
        yield at_most(
            "small-euler", "Portraits of small starts with the published steps, early deficit: largest difference of "
            "shares", **CODE, expected=0.001, measured=max(float(abs(small[d][0] - EULER[d])) for d in known),
            note="late " + ", ".join(f"{small[d][1]:.3f}" for d in known),
        )  # fmt: skip
        yield at_most(
            "small-exact", "The same without the error of these steps: largest difference from the closed form",
            **EXACT, expected=2e-4, measured=max(float(abs(small[d][2] - CLOSED[d])) for d in known),
        )  # fmt: skip


def _competition(config: Config, results: Results) -> Iterable[Claim]:
    end = results.array("competition/strength")[:, :, -1]
    share = end[1] / end.sum(0)
    others = np.delete(share, config.lost, axis=1)
    yield at_least(
        "taken-over", "The path that kept a mode takes it over, and keeps it when the other has it back: least share "
        "over draws", **ABSTRACT, expected=0.98, measured=float(share[:, config.lost].min()),
        note=", ".join(f"K_{path} {end[n][:, config.lost].mean():.2f}" for n, path in enumerate(PATHS)),
    )  # fmt: skip
    yield at_most(
        "others-equal", "All other modes are split in equal parts: largest distance of a share from 0.5", **CODE,
        expected=0.02, measured=float(np.abs(others - 0.5).max()),
    )  # fmt: skip


def _completion(config: Config, results: Results) -> Iterable[Claim]:
    gains = {}
    for depth in config.completed:
        error = results.array(f"completion_{depth}/error")
        gains[depth] = error[:, -1] - error[:, 0]
        moments = results.array(f"completion_{depth}/epochs")
        told: dict[str, Any] = {
            "note": ", ".join(
                f"after {m}: {e.mean():.3f} ± {e.std():.3f}" for m, e in zip(moments, error.T, strict=True)
            ),
            "source": "independent prototype, three draws", "kind": "code",
        }  # fmt: skip
        if depth == 1:
            yield at_most(
                "completion-1", "One factor does not generalise, whatever was learned first: largest difference of the "
                "error on the second matrix", **told, expected=0.01, measured=float(np.abs(gains[1]).max()),
            )  # fmt: skip
        elif depth == 2:
            yield at_least(
                "completion-2", "Two factors: learning another matrix first for long raises the error on the second, "
                "least difference over draws", **told, expected=0.3, measured=float(gains[2].min()),
            )  # fmt: skip
        else:
            yield at_least(
                f"completion-{depth}", f"{depth} factors: learning another matrix first raises the error on the "
                "second, least difference over draws", **told, expected=0.0, measured=float(gains[depth].min()),
            )  # fmt: skip
    if len(gains) > 1:
        yield ordering(
            "completion-depth", "The more factors, the more is lost: mean difference of errors",
            source="authors' code", kind="paper-ordering",
            measured={f"{depth}": float(gains[depth].mean()) for depth in sorted(gains, reverse=True)},
        )  # fmt: skip
    for id, name, own, others, up in (
        ("rank", "rank of the first matrix", config.first_rank, config.ranks, True),
        ("seen", "number of entries that are seen", config.seen, config.entries, False),
    ):
        statement = f"What is lost {'grows' if up else 'falls'} with the {name}: mean difference of errors"
        about: dict[str, Any] = {"source": "authors' code", "kind": "paper-ordering"}
        if not others or 2 not in gains:
            yield not_tested(
                id, statement, **about, expected="in order", why="one value: see the preset `paper`"
            )
            continue
        lost = {own: gains[2].mean()}
        for other in others:
            error = results.array(f"{id}_{other}/error")
            lost[other] = (error[:, -1] - error[:, 0]).mean()
        yield ordering(
            id, statement, **about, measured={f"{k}": float(lost[k]) for k in sorted(lost, reverse=up)}
        )
