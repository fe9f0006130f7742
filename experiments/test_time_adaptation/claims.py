"""What is claimed about adaptation at test time, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.paired import paired
from neurosim.datasets import CORRUPTIONS
from neurosim.experiment import Claim, Results, at_least, not_tested, ordering
from neurosim.experiments.test_time_adaptation.adapting import ARMS, errors
from neurosim.experiments.test_time_adaptation.config import Config

Array = NDArray[np.float64]
PAPER = "arXiv 2303.00914"
OURS = "this project's question"
NAMES = {
    "source": "no adaptation",
    "bn": "statistics of the batch",
    "tent": "entropy over all gains and offsets",
    "hebb": "Hebbian first layer",
    "nhl": "Hebbian first layer and its modulation",
}


def means(accuracy: Array) -> dict[str, Array]:
    """Return the error in % by arm, each seed's mean over corruptions; accuracy (seeds, corruptions, arms, batches)."""
    table = errors(accuracy)[:, 1:].mean(1)
    return dict(zip(ARMS, table.T, strict=True))


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the order of the arms, and how strong the corruptions are."""
    accuracy = results.array("adaptation/accuracy")
    mean, every = means(accuracy), errors(accuracy)
    about = f"{config.data}, {config.test_images} test images, {config.seeds} seeds, mean over {len(CORRUPTIONS)} kinds"
    clean = ", ".join(f"{arm} {value:.2f}" for arm, value in zip(ARMS, every[:, 0].mean(0), strict=True))
    order = list(ARMS)
    for worse, better in (("source", "bn"), ("bn", "tent"), ("bn", "hebb")):
        won = every[:, 1:, order.index(worse)].mean(0) > every[:, 1:, order.index(better)].mean(0)
        yield ordering(
            f"{better}-helps",
            f"Error in %: {NAMES[worse]} > {NAMES[better]}",
            source=OURS if better == "hebb" else f"order in the paper's comparison, {PAPER}",
            kind="own" if better == "hebb" else "paper-ordering",
            measured={arm: float(mean[arm].mean()) for arm in (worse, better)},
            note=f"{about}; difference {paired(mean[worse], mean[better])}; so in {won.sum()} of {won.size} kinds"
            + (f"; on clean images {clean}" if better == "bn" else ""),
        )
    gained = paired(mean["tent"], mean["nhl"])
    ahead = every[:, 1:, order.index("tent")].mean(0) >= every[:, 1:, order.index("nhl")].mean(0)
    yield at_least(
        "nhl-no-worse",
        f"Error of {NAMES['tent']} less that of {NAMES['nhl']}, in points",
        source=f"order in the paper's comparison, {PAPER}",
        kind="paper-ordering",
        expected=0.0,
        measured=gained.difference,
        note=f"{mean['tent'].mean():.2f} and {mean['nhl'].mean():.2f} %; difference {gained}; so in {ahead.sum()} of "
        f"{ahead.size} kinds",
    )
    raised = 100 * (
        results.array("severities/error").mean(0)[0, :, -1] - results.array("severities/clean").mean()
    )
    yield at_least(
        "strong",
        "At severity 5 of the benchmark every corruption raises the error of the source: least, in points",
        source=OURS,
        kind="own",
        expected=2.0,
        measured=float(raised.min()),
        note="; ".join(f"{name} {value:+.1f}" for name, value in zip(CORRUPTIONS, raised, strict=True))
        + f"; arms are compared with constants scaled by {config.scales}",
    )
    yield not_tested(
        "cifar",
        "CIFAR-10-C at severity 5: mean error",
        source=f"third party, of {PAPER}",
        kind="paper-number",
        expected="10.7 %",
        why="neither the images nor the trained networks are at hand; this study is a small analogue",
    )
