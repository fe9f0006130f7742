"""What the paper, theory and this project claim about equilibrium propagation, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.paired import paired
from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering, within
from neurosim.experiments.equilibrium_propagation.config import Config
from neurosim.experiments.equilibrium_propagation.training import GROUPS

Array = NDArray[np.float64]
PAPER = "arXiv 2309.02214"
OURS = "this project's acceptance value"
DERIVED = "derived from the closed forms of both credits"


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge credit, nudges, homeostasis and learning by this run."""
    yield from _angles(config, results)
    yield from _nudges(results)
    yield from _homeostasis(config, results)
    yield from _learning(config, results)
    yield from _loop(config, results)
    yield from _left_out()


def last(results: Results, group: str, measure: str) -> dict[str, Array]:
    """Return a measure at the end of learning by arm of a group, (seeds,)."""
    values = results.array(f"{group}/{measure}")[..., -1]
    return dict(zip(map(str, results.array(f"{group}/arm")), values, strict=True))


def _angles(config: Config, results: Results) -> Iterable[Claim]:
    angle, cosine, used = (results.array(f"angles/{name}") for name in ("angle", "cosine", "used"))
    share = f"{config.seeds} networks, {config.aligned_hidden} neurons in each hidden layer"
    if 0.0 in angle:
        yield at_least(
            "tied",
            "With symmetric weights the response to a nudge is the credit of back-propagation: least cosine of a layer",
            source=DERIVED,
            kind="theory",
            expected=0.999,
            measured=float(cosine[angle == 0].min()),
            note=f"{share}; {used[angle == 0].mean():.0%} of the inputs settled and are used",
        )
    if 30.0 in angle:
        at = cosine[angle == 30][0].mean(axis=0)
        yield at_most(
            "thirty",
            "Weights back at 30 degrees to those ahead destroy the credit of the first layer: mean cosine",
            source=OURS,
            kind="own",
            expected=0.3,
            measured=float(at[0]),
            note=f"{share}; layer 2 {at[1]:.2f}, output {at[2]:.2f}; independent prototype, 1 seed: 0.17, 0.23, 0.93",
        )


def _nudges(results: Results) -> Iterable[Claim]:
    n, beta = results.array("nudges/n"), results.array("nudges/beta")
    error = np.exp(np.log(results.array("nudges/error")).mean(axis=2))
    for number, course in zip(n, error, strict=True):
        # Below 1e-8 the error is that of the fixed points.
        ends = np.flatnonzero(course > 1e-8)[-2:]
        slope = (
            np.diff(np.log(course[ends]))[0] / np.diff(np.log(beta[ends]))[0] if ends.size == 2 else np.nan
        )
        yield within(
            f"order-{number}",
            f"The error of {number} nudges on a circle falls as beta to the power of {number}",
            source=f"derived; section 2, {PAPER}",
            kind="theory",
            expected=float(number),
            tolerance=0.3,
            measured=float(slope),
            note=f"largest beta {beta[0]:g}: {course[0]:.2g}, least {beta[-1]:g}: {course[-1]:.2g}",
        )
    cosine = results.array("responses/cosine")[..., 0]
    names = [str(name) for name in results.array("responses/response")]
    found = dict(zip(names, cosine.mean(axis=1), strict=True))
    middle = ", ".join(
        f"{name} {value:.7f}" for name, value in zip(names, np.median(cosine, axis=1), strict=True)
    )
    yield ordering(
        "more-nudges",
        "More nudges bring the credit of the first layer nearer to back-propagation: mean cosine, beta = 0.05",
        source=f"section 2, {PAPER}",
        kind="paper-ordering",
        measured={name: float(found[name]) for name in ("4 nudges", "centred", "one-sided")},
        note=f"mean on line with 4 places at 0.5: {found['4 on line']:.4f}; medians: {middle}",
    )


def _homeostasis(config: Config, results: Results) -> Iterable[Claim]:
    estimate, exact = results.array("asymmetry/estimate"), results.array("asymmetry/exact")
    error = estimate.std(axis=1, ddof=1) / np.sqrt(estimate.shape[1])
    yield at_most(
        "estimator",
        "The asymmetry estimated from 5 draws has the closed form as its mean: largest deviation in standard errors",
        source=f"equation 12, {PAPER}",
        kind="theory",
        expected=4.0,
        measured=float((np.abs(estimate.mean(axis=1) - exact) / error).max()),
        note=f"{estimate.shape[1]} estimates of each of {len(exact)} networks",
    )
    for measure, words in (
        ("symmetry", "makes connections more symmetric"),
        ("cosine", "brings the credit of the first layer nearer to back-propagation"),
        ("accuracy", "raises the accuracy"),
    ):
        arms = (
            dict(zip(("tied", "random", "homeostasis"), results.array("exact/cosine")[..., 0], strict=True))
            if measure == "cosine"
            else last(results, "exact", measure)
        )
        held, free = arms["homeostasis"], arms["random"]
        yield ordering(
            f"homeostasis-{measure}",
            f"From weights at 90 degrees, homeostasis {words}: mean at the end",
            source=f"figure 4, {PAPER}",
            kind="paper-ordering",
            measured={"homeostasis": float(held.mean()), "without": float(free.mean())},
            note=f"in {np.sum(held > free)} of {held.size} seeds; difference {paired(held, free)}",
        )


def _learning(config: Config, results: Results) -> Iterable[Claim]:
    exact, adjoint = (last(results, name, "accuracy") for name in ("exact", "adjoint"))
    epochs = f"{config.data}, {config.epochs} epochs, {config.seeds} seeds"
    yield ordering(
        "asymmetric",
        "Without homeostasis learning suffers from weights at 90 degrees: accuracy",
        source=f"figure 3, {PAPER}",
        kind="paper-ordering",
        measured={"tied at the start": float(exact["tied"].mean()), "random": float(exact["random"].mean())},
        note=f"{epochs}; difference {paired(exact['tied'], exact['random'])}",
    )
    yield ordering(
        "asymmetric-adjoint",
        "With weights at 90 degrees back-propagation at the fixed point learns more than the nudge: accuracy",
        source=f"figure 3, {PAPER}",
        kind="paper-ordering",
        measured={
            "back-propagation": float(adjoint["random"].mean()),
            "nudge": float(exact["random"].mean()),
        },
        note=f"{epochs}; difference {paired(adjoint['random'], exact['random'])}",
    )
    centred, one = (last(results, name, "accuracy")["tied"] for name in ("centred", "one_sided"))
    yield ordering(
        "centred",
        "Two nudges teach better than one: accuracy with weights tied at the start",
        source=f"table 1, {PAPER}, whose numbers are not known here",
        kind="paper-ordering",
        measured={"centred": float(centred.mean()), "one-sided": float(one.mean())},
        note=f"{epochs}; difference {paired(centred, one)}; exact {exact['tied'].mean():.3f}, 4 nudges "
        f"{last(results, 'four', 'accuracy')['tied'].mean():.3f}, back-propagation {adjoint['tied'].mean():.3f}",
    )
    round_ = last(results, "on_line", "accuracy")["tied"]
    yield at_least(
        "on-line",
        "A nudge that goes round on line teaches as the exact response does: difference of accuracy, weights tied at "
        "the start",
        source=OURS,
        kind="own",
        expected=-0.05,
        measured=float(round_.mean() - exact["tied"].mean()),
        note=f"{epochs}; {round_.mean():.3f}; difference {paired(round_, exact['tied'])}",
    )
    drift = results.array("exact/symmetry")[0]
    yield ordering(
        "drift",
        "Weights tied at the start untie while they learn: mean symmetry",
        source="independent prototype, 2 seeds: 0.91 after 12 epochs",
        kind="code",
        measured={"start": float(drift[:, 0].mean()), "end": float(drift[:, -1].mean())},
        note=epochs,
    )
    shares = {f"{n}, {arm}": v.mean() for n in GROUPS for arm, v in last(results, n, "unsettled").items()}
    worst = max(shares, key=lambda name: shares[name])
    yield at_most(
        "settled",
        "Networks still settle after learning: largest share of an arm's test images that do not",
        source=OURS,
        kind="own",
        expected=0.05,
        measured=float(shares[worst]),
        note=f"{worst}; within {config.steps} steps to {config.tolerance:g}; they count as wrong",
    )


def _loop(config: Config, results: Results) -> Iterable[Claim]:
    arms = last(results, "loop", "accuracy")
    held, free = arms["homeostasis"], arms["random"]
    yield ordering(
        "loop",
        "In a loop, where no two connections face each other, homeostasis raises the accuracy: mean at the end",
        source=f"figure 4, {PAPER}",
        kind="paper-ordering",
        measured={"homeostasis": float(held.mean()), "without": float(free.mean())},
        note=f"lambda = {config.loop_strength:g}; in {np.sum(held > free)} of {held.size} seeds; difference "
        f"{paired(held, free)}",
    )


def _left_out() -> Iterable[Claim]:
    yield not_tested(
        "cifar",
        "A convolutional network with homeostasis on CIFAR-10: accuracy with exact responses, and with two nudges",
        source=f"as quoted for {PAPER} by others",
        kind="paper-number",
        expected="84.3 %, 81.4 %",
        why="neither CIFAR-10 nor the computing time are at hand",
    )
    yield not_tested(
        "imagenet",
        "Homeostasis lets a convolutional network learn ImageNet at 32 x 32 pixels nearly as with symmetric weights",
        source=f"abstract, {PAPER}",
        kind="paper-ordering",
        expected="with homeostasis > without",
        why="neither the images nor the computing time are at hand",
    )
