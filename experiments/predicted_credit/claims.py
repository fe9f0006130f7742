"""What is claimed of predicted credit, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurosim.analysis.paired import paired
from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering
from neurosim.experiments.predicted_credit.config import Config
from neurosim.experiments.predicted_credit.modulated import CREDITS

CITATION = (
    "Fernando, Denman, Sridharan, Fookes 2020, Fast & Slow Learning: Incorporating Synthetic Gradients in Neural "
    "Memory Controllers, arXiv 2011.05438"
)
PROTOTYPE: dict[str, Any] = {"source": "independent prototype, two seeds", "kind": "own"}
LARGE = 0.1
"""Share of the first error above which a cosine is counted: below it the derivative itself is near 0."""


def while_large(results: Results, segment: int) -> np.ndarray:
    """Return the cosine by seed and part of the training (seeds, parts), nan where the error is small."""
    error = results.array(f"segment_{segment}/mean_square")[1]
    found: np.ndarray = np.where(error > LARGE, results.array(f"segment_{segment}/cosine")[1], np.nan)
    return found


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge recall with cut gradients, cosines, and local rules."""
    yield from _recall(config, results)
    error = results.array("modulated/error")
    last = max(config.patterns // 4, 1)
    final = dict(zip(CREDITS, error[:, :, -last:].mean(-1), strict=True))
    told = ", ".join(f"{name} {value.mean():.4f} ± {value.std():.4f}" for name, value in final.items())
    yield ordering(
        "modulator", "Local rules: predicted credit is better than credit that is true but late, error in the last "
        "quarter", source="abstract", kind="paper-ordering",
        measured={name: float(final[name].mean()) for name in ("late", "predicted")},
        note=f"late minus predicted {paired(final['late'], final['predicted'])}; {told}",
    )  # fmt: skip
    fixed = results.array("modulated/cosine")[1, :, -last:].mean()
    yield at_least(
        "converges", "A linear module under the delta rule converges to the true credit when nothing else learns: mean "
        "cosine in the last quarter", source="linear regression", kind="theory", expected=0.99, measured=float(fixed),
    )  # fmt: skip
    yield at_most(
        "engines", "Local rules give the same weights on fused and brian2: largest difference",
        source="agreement of engines", kind="theory", expected=1e-9,
        measured=float(results.array("modulated/engines").max()),
    )  # fmt: skip
    yield not_tested(
        "few-shot", "Memory controllers with predicted gradients learn few-shot classification better than without",
        source="abstract", kind="paper-ordering", expected="with > without",
        why="neither the paper's networks nor its data are here",
    )  # fmt: skip


def _recall(config: Config, results: Results) -> Iterable[Claim]:
    for segment in config.segments:
        none, module = results.array(f"segment_{segment}/mean_square")
        if segment > config.lag:
            yield ordering(
                f"ceiling-{segment}", f"Without a module, segments of {segment} steps, longer than the lag, learn "
                "faster than the shortest: mean squared error in the first fifth",
                source="gradients that reach the input", kind="theory",
                measured={
                    "shortest": float(results.array(f"segment_{min(config.segments)}/mean_square")[0, :, 0].mean()),
                    "long": float(none[:, 0].mean()),
                },
            )  # fmt: skip
            continue
        note = "by fifth, without " + ", ".join(f"{value:.3f}" for value in none.mean(0))
        note += "; with " + ", ".join(f"{value:.3f}" for value in module.mean(0))
        yield ordering(
            f"faster-{segment}", f"Gradients cut after {segment} steps: the module makes learning faster, mean squared "
            "error in the first two fifths", **PROTOTYPE,
            measured={"none": float(none[:, :2].mean()), "module": float(module[:, :2].mean())},
            note=f"none minus module {paired(none[:, :2].mean(1), module[:, :2].mean(1))}; {note}",
        )  # fmt: skip
        ahead = int((none[:, :2].mean(1) > module[:, :2].mean(1)).sum())
        yield at_least(
            f"every-{segment}", f"Gradients cut after {segment} steps: seeds of {config.seeds} in which it does",
            **PROTOTYPE, expected=float(config.seeds), measured=float(ahead),
        )  # fmt: skip
    segment = min(config.segments)
    mean = while_large(results, segment).mean(0)
    large = np.flatnonzero(np.isfinite(mean))
    about = (
        "cosine", "The cosine of predicted and true derivative rises while the error is large: last such fifth minus "
        "first, mean over seeds",
    )  # fmt: skip
    told: dict[str, Any] = {"source": "what such a module is trained for", "kind": "own"}
    if len(large) < 2:
        why = f"the error is above {LARGE} in all seeds in {len(large)} fifth of the training alone"
        yield not_tested(*about, **told, expected=">= 0", why=why)
    else:
        yield at_least(*about, **told, expected=0.0, measured=float(mean[large[-1]] - mean[large[0]]))
