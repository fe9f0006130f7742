"""What the paper, others and theory claim about grokking, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neurosim.experiment import Claim, Results, at_least, at_most, not_tested
from neurosim.experiments.grokking.config import Config
from neurosim.experiments.grokking.measures import fallen

ABSTRACT = "abstract, arXiv 2310.06110"
DERIVED = "derived for Gaussian inputs"


def times(config: Config, results: Results) -> np.ndarray:
    """Return the step at which the error of training and of test has fallen (draws, sets, arms); nan if it has not."""
    found = []
    for number in range(config.seeds):
        error, step = (results.array(f"draw_{number}/{name}") for name in ("error", "step"))
        # Relative to the variance of the target in the set.
        share = error / results.array(f"draw_{number}/variance")[:, None, None]
        found.append([fallen(step, one.T, config.drop) for one in share])
    return np.array(found)


def delays(config: Config, results: Results) -> np.ndarray:
    """Return the steps between the two falls (draws, arms)."""
    found = times(config, results)
    return np.asarray(found[:, 1] - found[:, 0])


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge delays, kernels and the closed form."""
    alpha, epsilon = (results.array(f"draw_0/{name}") for name in ("alpha", "epsilon"))
    delay = delays(config, results)
    for id, statement, source, arms in (
        (
            "delay-alpha", "The delay from the fall of the training error to that of the test error grows with alpha",
            ABSTRACT, np.flatnonzero(epsilon == config.epsilon)[np.argsort(alpha[epsilon == config.epsilon])],
        ),
        (
            "delay-epsilon", "The delay shrinks as hidden units and target are better aligned, that is with curvature",
            "code of others that reuses the paper's supplement",
            np.flatnonzero(alpha == config.alpha)[np.argsort(-epsilon[alpha == config.alpha])],
        ),
    ):  # fmt: skip
        ordered = delay[:, arms]
        if len(arms) < 2 or not np.isfinite(ordered).all():
            why = "some errors have not fallen within these steps, or there is one arm"
            yield not_tested(id, statement, source=source, kind="paper-ordering", expected="> 0", why=why)
            continue
        yield at_least(
            id, f"{statement}: least difference from one arm to the next, over draws", source=source,
            kind="paper-ordering", expected=0.0, measured=float(np.diff(ordered, axis=1).min()), unit="steps",
            note="mean delays " + ", ".join(f"{value:.0f}" for value in ordered.mean(0)),
        )  # fmt: skip
    both = [
        int(np.flatnonzero((alpha == a) & (epsilon == 0.25))[0])
        for a in (0.5, 2.0)
        if ((alpha == a) & (epsilon == 0.25)).any()
    ]
    statement = "Delay at alpha = 2 over that at alpha = 0.5, epsilon 0.25: mean over draws"
    if len(both) == 2 and np.isfinite(delay[:, both]).all():
        yield at_least(
            "delay-ratio", statement, source="independent prototype of this size, one draw", kind="own", expected=3.0,
            measured=float((delay[:, both[1]] / delay[:, both[0]]).mean()),
        )  # fmt: skip
    rises, moved, errors = [], [], []
    for number in range(config.seeds):
        start, end = results.array(f"draw_{number}/target_alignment").T
        rises.append(end - start)
        moved.append(1 - results.array(f"draw_{number}/kernel_alignment"))
        errors.append(
            results.array(f"draw_{number}/sampled") / results.array(f"draw_{number}/closed_form") - 1
        )
    yield at_least(
        "alignment", "The tangent kernel is better aligned with the target at the end than at the start: least rise "
        "over arms and draws", source=ABSTRACT, kind="paper-ordering", expected=0.0, measured=float(np.min(rises)),
    )  # fmt: skip
    lazy = np.flatnonzero(epsilon == config.epsilon)
    lazy = lazy[np.argsort(alpha[lazy])]
    yield at_most(
        "kernel-moves-less", "The lazier, the less the kernel moves: greatest change of 1 - kernel alignment from one "
        "alpha to the next, over draws", source=ABSTRACT, kind="paper-ordering", expected=0.0,
        measured=float(np.diff(np.array(moved)[:, lazy], axis=1).max()) if len(lazy) > 1 else float("nan"),
    )  # fmt: skip
    yield at_most(
        "closed-form", "Test error of the trained network against its closed form: largest relative difference",
        source=DERIVED, kind="theory", expected=0.01, measured=float(np.abs(errors).max()),
    )  # fmt: skip
    yield not_tested(
        "modular-arithmetic", "The same holds for modular arithmetic, digits and a transformer", source=ABSTRACT,
        kind="paper-ordering", expected="delay", why="only the polynomial task is here",
    )  # fmt: skip
