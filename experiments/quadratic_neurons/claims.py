"""What theory and the abstract claim about quadratic neurons, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neurosim.experiment import Claim, Results, at_least, at_most, not_tested
from neurosim.experiments.quadratic_neurons.config import Config

ABSTRACT = "abstract, arXiv 2110.06081"
SOLVED = 1e-3
TARGETS = (0.0, 1.0, 1.0, 0.0)


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge what is exact, XOR, depth and the ratio of rates."""
    yield at_most(
        "xor-by-hand", "One quadratic neuron computes XOR with weights set by hand: largest error", kind="theory",
        source="(x1 - x2)**2, exact", expected=0.0, measured=float(np.abs(results.array("exact/xor") - TARGETS).max()),
    )  # fmt: skip
    slope, loss = results.array("exact/difference").max(0)
    yield at_most(
        "identity", "At the conventional start gradients are those of the conventional network: largest difference",
        source="the equation of the neuron", kind="theory", expected=1e-12, measured=float(slope),
    )  # fmt: skip
    yield at_most(
        "frozen", "With a ratio of 0 the losses are those of the conventional network: largest relative difference "
        "over 200 steps", source="the equation of the neuron", kind="theory", expected=1e-9, measured=float(loss),
    )  # fmt: skip
    solved = (results.array("xor/loss") < SOLVED).mean(1)
    moving = solved[np.array(config.ratios) >= 1e-2]
    if len(moving):
        yield at_least(
            "xor-learned", "From the conventional start one neuron learns XOR at ratios >= 0.01: least share of starts",
            source="independent prototype, 20 of 20", kind="own", expected=0.8, measured=float(moving.min()),
            note="solved: mean square error below 1e-3; shares " + ", ".join(f"{value:g}" for value in solved),
        )  # fmt: skip
    if 0.0 in config.ratios:
        yield at_most(
            "xor-linear", "A conventional neuron does not: share of starts at a ratio of 0", source="XOR is not linear",
            kind="theory", expected=0.0, measured=float(solved[config.ratios.index(0.0)]),
        )  # fmt: skip
    deep = np.nan_to_num(results.array("deep/accuracy"), nan=0.1)
    yield at_least(
        "collapse", "A deep network trained from a random quadratic start does worse than from the conventional start: "
        "mean difference of accuracy", source=ABSTRACT, kind="paper-ordering", expected=0.0,
        measured=float((deep[1] - deep[2]).mean()),
        note=f"failed trainings count as chance: {int(np.isnan(results.array('deep/accuracy')[2]).sum())} of "
        f"{deep.shape[1]} from a random start; means {deep[1].mean():.3f}, {deep[2].mean():.3f}",
    )  # fmt: skip
    yield at_least(
        "deep-gain", "In the deep network a slow quadratic part adds to the conventional one: mean gain of accuracy",
        source=ABSTRACT, kind="paper-ordering", expected=0.0, measured=float((deep[1] - deep[0]).mean()),
        note=f"means {deep[1].mean():.3f}, {deep[0].mean():.3f}; better in {int((deep[1] > deep[0]).sum())} of "
        f"{deep.shape[1]} starts",
    )  # fmt: skip
    yield from _gains(config, results)
    yield not_tested(
        "cifar", "Quadratic residual networks are more accurate on CIFAR", source=ABSTRACT, kind="paper-ordering",
        expected="above", why="the data are not here",
    )  # fmt: skip


def _gains(config: Config, results: Results) -> Iterable[Claim]:
    if not {0.0, config.deep_ratio} <= set(config.ratios):
        return
    frozen, slow = (config.ratios.index(ratio) for ratio in (0.0, config.deep_ratio))
    for width in config.widths:
        found = np.nan_to_num(results.array(f"spirals_{width}/accuracy"), nan=0.5)
        yield at_least(
            f"gain-{width}", f"On the spirals, width {width}, a slow quadratic part adds to the conventional one: mean "
            "gain of accuracy", source=ABSTRACT, kind="paper-ordering", expected=0.0,
            measured=float((found[slow] - found[frozen]).mean()),
            note=f"ratio {config.deep_ratio:g}; better in {int((found[slow] > found[frozen]).sum())} of "
            f"{found.shape[1]} starts, failed trainings count as chance",
        )  # fmt: skip
