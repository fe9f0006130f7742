"""What the papers, theory and an independent prototype claim about adaptive whitening, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from neurosim.analysis.paired import paired
from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering, within
from neurosim.experiments.adaptive_whitening.config import Config
from neurosim.experiments.adaptive_whitening.slow import SAME

GAINS = "arXiv 2301.11955"
SLOW = "arXiv 2308.13633"
OURS = "this project's acceptance value"
DERIVED = "derived from the fixed point of the rule"
FIELDS = "random fields in place of natural images"


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge each experiment of the two papers by this run."""
    yield from _online(config, results)
    for size in config.frame_sizes:
        yield from _frames(config, results, size)
    yield from _switches(config, results)
    yield from _ill_conditioned(config, results)
    yield from _subspace(config, results)
    yield from _patches(config, results)
    yield from _contexts(config, results)
    yield from _fields(config, results)
    yield from _left_out()


def _online(config: Config, results: Results) -> Iterable[Claim]:
    late, best = results.array("online/late"), results.array("online/optimum")
    away = np.abs(late - best[:, None])
    yield at_most(
        "online-gains",
        "On line the gains come to those of the closed form in both contexts: largest deviation of the mean over seeds",
        source=OURS,
        kind="own",
        expected=0.1,
        measured=float(np.abs(late.mean(axis=1) - best).max()),
        note=f"{config.seeds} seeds, mean of the last tenth; largest of a single seed {away.max():.3f}",
    )
    errors = np.median(results.array("online/late_error"), axis=1)
    yield at_most(
        "online-error",
        "On line the operator error of the last tenth falls below the threshold in both contexts: median over seeds",
        source=f"figure 2, {GAINS}",
        kind="paper-ordering",
        expected=config.threshold,
        measured=float(errors.max()),
        note=f"A {errors[0]:.3f}, B {errors[1]:.3f}; independent prototype, 1 seed: 0.045, 0.073",
    )


def _frames(config: Config, results: Results, size: int) -> Iterable[Claim]:
    steps = dict(
        zip(
            map(str, results.array(f"frames_{size}/frame")),
            results.array(f"frames_{size}/steps"),
            strict=True,
        )
    )
    # The quartiles of infinite numbers are taken without interpolation.
    quartiles = {name: np.quantile(all_, [0.25, 0.5, 0.75], method="lower") for name, all_ in steps.items()}
    shown = "; ".join(
        f"{name} {q[1]:g} ({q[0]:g} to {q[2]:g}), never in {np.isinf(steps[name]).sum()}"
        for name, q in quartiles.items()
    )
    median = {name: float(q[1]) for name, q in quartiles.items()}
    note = f"{config.frame_repeats} inputs, up to {config.frame_updates} updates; median (quartiles): {shown}"
    yield ordering(
        f"frames-{size}",
        f"Updates until the error is {config.threshold:g} depend on the frame, N = {size}: medians",
        source=f"figure 3, {GAINS}",
        kind="paper-ordering",
        measured=median,
        note=note,
    )
    yield at_least(
        f"frames-far-{size}",
        f"An optimised frame needs far fewer updates than a random one, N = {size}: ratio of medians",
        source=OURS,
        kind="own",
        expected=2.0,
        measured=median["random"] / median["optimised"],
    )
    # What is never reached counts as the last update: random frames then spread by at least what is shown.
    spread = {name: float(np.ptp(np.minimum(q, config.frame_updates))) for name, q in quartiles.items()}
    yield at_least(
        f"frames-spread-{size}",
        f"Random frames differ more than others, N = {size}: range of quartiles over the larger of the others",
        source=f"figure 3, {GAINS}",
        kind="paper-ordering",
        expected=1.0,
        measured=spread["random"] / max(spread["optimised"], spread["spectral"], 1.0),
    )
    if size == 2:
        yield _by_prototype(config, median)


def _by_prototype(config: Config, median: Mapping[str, float]) -> Claim:
    facts = ("frames-prototype", "Updates until the error is 0.1, spectral frame, N = 2: median")
    source = "independent prototype, 30 seeds, quartiles 60 and 72"
    if (config.frame_eta, config.threshold) != (1e-2, 0.1):
        why = "run with frame_eta = 0.01 and threshold = 0.1"
        return not_tested(*facts, source=source, kind="code", expected="66 ± 6", why=why)
    return within(*facts, source=source, kind="code", expected=66, tolerance=6, measured=median["spectral"])


def _switches(config: Config, results: Results) -> Iterable[Claim]:
    last = results.array("switches/last")[-1]
    found = paired(np.log10(last[0]), np.log10(last[1]))
    yield ordering(
        "switches",
        "A frame that holds the eigenvectors of both contexts whitens them sooner than a random one: median error at "
        "the end of the last context",
        source=f"figure 4, {GAINS}",
        kind="paper-ordering",
        measured={"random": float(np.median(last[1])), "spectral": float(np.median(last[0]))},
        note=f"log10 of the error, spectral less random: {found}",
    )


def _ill_conditioned(config: Config, results: Results) -> Iterable[Claim]:
    error = results.array("ill_conditioned/error")
    condition = np.median(results.array("ill_conditioned/condition"), axis=1)
    yield at_most(
        "ill-any",
        "Gains of any sign whiten an ill-conditioned input: mean squared distance of eigenvalues from 1, worst seed",
        source=f"figure 5, {GAINS}",
        kind="paper-ordering",
        expected=config.threshold,
        measured=float(error[0, -1].max()),
    )
    first, last = error[1, 0], error[1, -1]
    yield ordering(
        "ill-one-sided",
        "Gains that are not negative lower variances above 1: one-sided error, worst seed",
        source=OURS,
        kind="own",
        measured={"first": float(first.max()), "last": float(last.max())},
        note="eigenvalues may end above 1, since interneurons bring their own inputs to 1, not the eigenvalues",
    )
    yield ordering(
        "ill-condition",
        "Without negative gains the response is better conditioned: median condition number of M",
        source=f"figure 5, {GAINS}",
        kind="paper-ordering",
        measured={"any sign": float(condition[0]), "not negative": float(condition[1])},
    )
    gains, variance = (
        results.array("ill_conditioned/gain")[1, -1],
        results.array("ill_conditioned/variance")[1],
    )
    clamped = variance[gains == 0]
    yield at_most(
        "ill-clamped",
        "An interneuron whose gain ends at 0 has an input of at most the target variance: largest variance",
        source=DERIVED,
        kind="theory",
        expected=1 + 1e-6,
        measured=float(clamped.max(initial=0.0)),
        note=f"{clamped.size} of {gains.size} gains end at 0",
    )  # fmt: skip


def _subspace(config: Config, results: Results) -> Iterable[Claim]:
    first, last = np.median(results.array("subspace/error"), axis=2)[:, [0, -1]].T
    yield at_most(
        "subspace",
        "Whitened neurons find the principal subspace: median error at the end over that at the start",
        source=f"appendix, {GAINS}",
        kind="paper-ordering",
        expected=0.5,
        measured=float(last[0] / first[0]),
        note=f"{config.subspace_repeats} repeats, {config.subspace_samples} samples; medians at the end: whitened "
        f"{last[0]:.3g}, neurons with normalised weights {last[1]:.3g}",
    )


def _patches(config: Config, results: Results) -> Iterable[Claim]:
    before, after = (np.mean((results.array("patches/eigenvalue")[k] - 1) ** 2) for k in (0, -1))
    given = np.mean((results.array("patches/input") - 1) ** 2)
    yield at_most(
        "patches",
        "Interneurons that see one pixel or two near ones whiten a patch: mean squared distance of eigenvalues from 1",
        source=f"figure 6, {GAINS}; {FIELDS}",
        kind="paper-ordering",
        expected=config.threshold,
        measured=float(after),
        note=f"patches of {config.patch} x {config.patch} pixels, {config.patch_updates} updates; {before:.3g} at the "
        f"start, {given:.3g} of the input",
    )


def _contexts(config: Config, results: Results) -> Iterable[Claim]:
    slow, fixed = (
        results.array(f"{name}/error")[-SAME:].mean(axis=0) for name in ("contexts", "contexts_fixed")
    )
    yield ordering(
        "contexts-fixed",
        "The same circuits with fixed synapses whiten the last ten contexts less well: mean error",
        source=f"figure 3, {SLOW}",
        kind="paper-ordering",
        measured={"fixed": float(fixed.mean()), "slow": float(slow.mean())},
        note=f"higher in {np.sum(fixed > slow)} of {slow.size} copies",
    )
    for name, eta, samples in (
        ("contexts", config.slow_eta, config.slow_samples),
        ("repeated", config.repeated_eta, config.repeated_samples),
    ):
        error = results.array(f"{name}/error")
        first, last = error[:SAME].mean(axis=0), error[-SAME:].mean(axis=0)
        fell = int(np.count_nonzero(last < first))
        setting = f"eta_w = {eta:g}, {config.slow_shown} contexts of {samples} samples"
        yield ordering(
            f"{name}-error",
            "With slow synapses the same contexts are whitened better after experience: mean error",
            source=f"figure 3, {SLOW}",
            kind="paper-ordering",
            measured={"first": float(first.mean()), "last": float(last.mean())},
            note=f"fell in {fell} of {first.size} copies; {setting}",
        )
        before, after = results.array(f"{name}/alignment").T
        yield ordering(
            f"{name}-alignment",
            "Slow synapses turn to the basis that contexts share: mean |cos|",
            source=f"figure 3, {SLOW}",
            kind="paper-ordering",
            measured={"after": float(after.mean()), "before": float(before.mean())},
            note=f"rose in {np.sum(after > before)} of {after.size} copies; least {after.min():.3f}; {setting}",
        )
        before, after = results.array(f"{name}/distance").T
        yield ordering(
            f"{name}-distance",
            "Slow synapses come closer to the basis that contexts share: median distance of weights",
            source=f"appendix, {SLOW}",
            kind="paper-ordering",
            measured={"before": float(np.median(before)), "after": float(np.median(after))},
            note=setting,
        )


def _fields(config: Config, results: Results) -> Iterable[Claim]:
    source = f"figures of natural patches, {SLOW}; " + ("given covariances" if config.covariances else FIELDS)
    course = results.array("fields/alignment")
    yield ordering(
        "fields-alignment",
        "Weights learned over contexts of patches turn to the cosine-like basis of their mean: mean |cos|",
        source=source,
        kind="paper-ordering",
        measured={"after": float(course[-1].mean()), "before": float(course[0].mean())},
        note=f"rose in {np.count_nonzero(course[-1] > course[0])} of {course.shape[1]} seeds",
    )
    error = np.median(results.array("fields/error"), axis=1)
    random, learned, cosine = error
    yield ordering(
        "fields-error",
        "With learned weights gains alone whiten contexts not seen before better than with random ones: error, median "
        "over contexts, then seeds",
        source=source,
        kind="paper-ordering",
        measured={"random": float(np.median(random)), "learned": float(np.median(learned))},
        note=f"lower in {np.count_nonzero(learned < random)} of {random.size} seeds; cosine basis "
        f"{np.median(cosine):.3g}, input {np.median(results.array('fields/before')):.3g}",
    )


def _left_out() -> Iterable[Claim]:
    for id, statement, expected, why in (
        (
            "images",
            "Patches of natural images are whitened, and weights learned on them become cosine-like",
            "as with random fields",
            "the images are not part of this project; covariances can be given as covariances=PATH",
        ),
        (
            "lines",
            "Weights learned on patches of 16 x 1 pixels serve contexts of the same eigenbasis and not of others",
            "error with the shared basis < with random bases",
            "it asks for a hundred thousand contexts with gains solved exactly, which no rule of a circuit does",
        ),
        (
            "decoupled",
            "Synapses ahead and back that learn apart, all of one sign, come to mirror each other",
            "the distance falls",
            "its third variable reads products of two projections' weights, which no signal of a rule offers",
        ),
    ):
        yield not_tested(id, statement, source=SLOW, kind="paper-ordering", expected=expected, why=why)
