"""What papers claim about sparse training and pruning plasticity, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.paired import paired
from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering
from neurosim.experiments.regrowth.config import Config
from neurosim.experiments.regrowth.training import METHODS

Array = NDArray[np.float64]
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2106.10404", "kind": "paper-ordering"}


def plasticity(results: Results) -> Array:
    """Return accuracy after a cut and further training minus that without a cut (cuts, rates, regrowth, seeds)."""
    found: Array = results.array("plasticity/after") - results.array("plasticity/intact")[:, None, None, 1]
    return found


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge methods at equal density, and plasticity against the moment and the size of a cut."""
    places = sum(n * m for n, m in zip((64, *config.hidden), (*config.hidden, 10), strict=True))
    spread = 0
    for number, sparsity in enumerate(config.sparsities):
        found = dict(zip(METHODS, results.array(f"sparsity_{number}/accuracy"), strict=True))
        counts = results.array(f"sparsity_{number}/connections")
        spread = max(spread, int(np.abs(counts - np.floor((1 - sparsity) * places + 1e-9)).max()))
        told = ", ".join(f"{name} {value.mean():.3f} ± {value.std():.3f}" for name, value in found.items())
        name = f"{sparsity * 100:g} %"
        yield ordering(
            f"order-{number}", f"Without {name} of the connections: GraNet above RigL above SET, mean accuracy",
            **ABSTRACT, measured={arm: float(found[arm].mean()) for arm in ("GraNet", "RigL", "SET")}, note=told,
        )  # fmt: skip
        gain = paired(found["GraNet"], found["GMP"])
        yield at_least(
            f"regrowth-{number}", f"Without {name}: gradual pruning with regrowth is above gradual pruning alone, mean "
            "difference of accuracy", **ABSTRACT, expected=0.0, measured=gain.difference, note=f"difference {gain}",
        )  # fmt: skip
        yield at_least(
            f"gradual-{number}", f"Without {name}: gradual pruning is above pruning at once after training, mean "
            "difference of accuracy", source="independent prototype, five seeds", kind="own", expected=0.0,
            measured=float((found["GMP"] - found["one-shot"]).mean()),
        )  # fmt: skip
    yield at_most(
        "equal-density", "All methods end with as many connections: largest difference from the number asked for",
        source="rounding in three projections", kind="theory", expected=2.0, measured=float(spread),
    )  # fmt: skip
    yield from _plasticity(config, results)
    yield not_tested(
        "convolutional", "The same holds for ResNet-50 and VGG-19 on CIFAR and ImageNet", **ABSTRACT,
        expected="GraNet first", why="networks and images of that size are not here",
    )  # fmt: skip


def _plasticity(config: Config, results: Results) -> Iterable[Claim]:
    found = plasticity(results)
    pruned, regrown = found[:, :, 0], found[:, :, 1]
    means = pruned.mean((1, 2))
    about = f"accuracy {config.after} epochs after a cut minus that without one; mean over rates and seeds"
    if len(config.cuts) > 1:
        yield at_least(
            "early", "Early cuts are made good better than late ones: mean plasticity at the first cut minus that at "
            "the last", **ABSTRACT, expected=0.0, measured=float(means[0] - means[-1]),
            note=f"{about}; " + ", ".join(
                f"epoch {epoch}: {value:.3f}" for epoch, value in zip(config.cuts, means, strict=True)
            ),
        )  # fmt: skip
    if len(config.rates) > 1:
        by_rate = pruned.mean((0, 2))
        yield at_least(
            "small", "Small cuts are made good better than large ones: mean plasticity at the smallest rate minus that "
            "at the largest", **ABSTRACT, expected=0.0, measured=float(by_rate[0] - by_rate[-1]),
            note=", ".join(
                f"rate {rate:g}: {value:.3f}" for rate, value in zip(config.rates, by_rate, strict=True)
            ),
        )  # fmt: skip
    gain = (regrown - pruned).mean((0, 1))
    yield at_least(
        "regeneration", "Plasticity is larger with regrowth, at equal numbers of connections: mean difference",
        **ABSTRACT, expected=0.0, measured=float(gain.mean()),
        note=f"by seed {', '.join(f'{value:+.4f}' for value in gain)}; at the largest rate "
        f"{(regrown - pruned)[:, -1].mean():+.4f}",
    )  # fmt: skip
