"""What the paper and an independent prototype claim about timescales and curricula, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering, within
from neurosim.experiments.timescales import published
from neurosim.experiments.timescales.config import Config
from neurosim.experiments.timescales.solving import solved_at, when_solved

PROTOTYPE = "independent prototype, 64 neurons, 4 seeds"
SIZE = 64
PARITY, MATCH, FROM, BEFORE = 7, 16, 8, 12
"""The N of claims: of parity, of delayed match, and where trends of delayed match are measured from."""


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge speed, time constants, connectivity, and what the authors published."""
    measured = _Measured(config, results)
    yield from _parity(measured)
    yield from _match(measured)
    yield from _published(measured)
    yield from _robustness(measured)


class _Measured:
    """What a run measured of the curricula on a task, and why it cannot tell where it cannot."""

    def __init__(self, config: Config, results: Results) -> None:
        self.config, self.results = config, results

    def lacks(self, task: str, n: int, *curricula: str, size: int = SIZE) -> str:
        """Return why nothing can be said about curricula up to N, empty if it can."""
        if self.config.neurons != size:
            return f"for networks of {size} neurons; these have {self.config.neurons}"
        target, _, names = self.config.tasks.get(task, (0, 0, ()))
        if target < n:
            return f"networks are not trained up to N = {n}"
        absent = [name for name in curricula if name not in names]
        return f"no {absent[0]} curriculum in this run" if absent else ""

    def epochs(self, task: str, curriculum: str, n: int) -> np.ndarray:
        """Return the mini-epochs to N of each seed."""
        return solved_at(self.config, self.results, task, curriculum, n)

    def at(self, task: str, curriculum: str, n: int, name: str) -> np.ndarray:
        """Return a measure of each seed when it had learned N."""
        return when_solved(self.config, self.results, task, curriculum, n, name)

    def pair(self, task: str, n: int, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a measure of the single-head and of the multi-head networks."""
        return self.at(task, "single", n, name), self.at(task, "multi", n, name)


def _faster(measured: _Measured, task: str, n: int, other: str, bound: float, source: str) -> Claim:
    """Judge whether the single-head curriculum takes longer than another in every seed, by more than a factor."""
    id = f"{task}-speed" if other == "multi" else f"{task}-speed-{other}"
    statement = (
        f"{task.capitalize()}: mini-epochs to N = {n}, single-head over {other}{'-head' if other == 'multi' else ''}: "
        f"the ratio is above {bound:g} in every seed"
    )
    known: dict[str, Any] = {"source": source, "kind": "own"}
    if why := measured.lacks(task, n, "single", other):
        return not_tested(id, statement, expected="least ratio > bound", why=why, **known)
    single, fewer = (measured.epochs(task, name, n) for name in ("single", other))
    ratio = single / fewer
    note = f"mini-epochs {_listed(single)} against {_listed(fewer)}, mean ratio {ratio.mean():.2f}"
    return ordering(
        id, statement, measured={"least ratio": float(ratio.min()), "bound": bound}, note=note, **known
    )


def _parity(measured: _Measured) -> Iterator[Claim]:
    yield _faster(measured, "parity", PARITY, "multi", 1.2, PROTOTYPE)
    yield _faster(
        measured, "parity", PARITY, "sliding", 1.0, "a question of our own: sliding behaves like multi-head"
    )
    why = measured.lacks("parity", PARITY, "single", "multi")
    for id, name, what, sign in (
        ("parity-tau", "mean_tau", "a greater mean time constant", 1),
        ("parity-radius", "radius", "a larger spectral radius", 1),
        ("parity-weight", "mean_weight", "more negative mean weights", -1),
    ):
        statement = (
            f"Parity, N = {PARITY}: share of seeds in which single-head networks have {what} than multi-head"
        )
        known: dict[str, Any] = {"source": PROTOTYPE, "kind": "own"}
        if why:
            yield not_tested(id, statement, expected=">= 0.75", why=why, **known)
            continue
        single, multi = measured.pair("parity", PARITY, name)
        yield at_least(
            id, statement, expected=0.75, measured=float((sign * single > sign * multi).mean()),
            note=f"means {single.mean():.4g} and {multi.mean():.4g}", **known,
        )  # fmt: skip


def _match(measured: _Measured) -> Iterator[Claim]:
    yield _faster(measured, "match", MATCH, "multi", 1.2, PROTOTYPE)
    why = measured.lacks("match", MATCH, "single", "multi")
    known: dict[str, Any] = {"source": PROTOTYPE, "kind": "own"}
    apart = f"Match, N = {MATCH}: mean time constant of single-head less that of multi-head, least over seeds"
    rises = f"Match: mean time constant of single-head networks rises from N = {BEFORE} to {MATCH}, least over seeds"
    falls = f"Match: mean time constant of multi-head networks falls from N = {FROM} to {MATCH}, largest over seeds"
    if why:
        yield not_tested("match-tau", apart, expected=">= 0.2", why=why, **known)
        yield not_tested("match-rises", rises, expected=">= 0", why=why, **known)
        yield not_tested("match-falls", falls, expected="<= 0", why=why, **known)
        return
    single, multi = measured.pair("match", MATCH, "mean_tau")
    before = measured.at("match", "single", BEFORE, "mean_tau")
    first = measured.at("match", "multi", FROM, "mean_tau")
    yield at_least(
        "match-tau", apart, expected=0.2, measured=float((single - multi).min()), unit="step",
        note=f"means {single.mean():.3f} and {multi.mean():.3f}", **known,
    )  # fmt: skip
    yield at_least(
        "match-rises", rises, expected=0.0, measured=float((single - before).min()), unit="step",
        note=f"means {before.mean():.3f} and {single.mean():.3f}", **known,
    )  # fmt: skip
    yield at_most(
        "match-falls", falls, expected=0.0, measured=float((multi - first).max()), unit="step",
        note=f"means {first.mean():.3f} and {multi.mean():.3f}", **known,
    )  # fmt: skip


def _published(measured: _Measured) -> Iterator[Claim]:
    known: dict[str, Any] = {"source": published.SAVED, "kind": "code"}
    for (curriculum, n), values in published.NETWORKS.items():
        statement = f"Parity, N = {n}, {curriculum}: mean time constant, mean over seeds"
        id, expected = f"published-{curriculum}-{n}", values[0]
        if why := measured.lacks("parity", n, curriculum, size=published.NEURONS):
            yield not_tested(id, statement, expected=f"{expected:g} ± 0.03", why=why, **known)
            continue
        found = {name: measured.at("parity", curriculum, n, name).mean() for name in published.MEASURES}
        others = ", ".join(
            f"{name} {found[name]:.3g} ({value:g})"
            for name, value in zip(published.MEASURES[1:], values[1:], strict=True)
        )
        yield within(
            id, statement, expected=expected, tolerance=0.03, measured=float(found["mean_tau"]), unit="step",
            note=f"here (authors'): {others}", **known,
        )  # fmt: skip
    for curriculum, epochs in published.EPOCHS.items():
        n = 11 if curriculum == "single" else 12
        statement = f"Parity, {curriculum}: epochs to N = {n}, mean over seeds"
        if why := measured.lacks("parity", n, curriculum, size=published.NEURONS):
            yield not_tested(
                f"published-epochs-{curriculum}", statement, expected=f"{epochs[n]}", why=why, **known
            )
            continue
        yield within(
            f"published-epochs-{curriculum}", statement, expected=epochs[n], tolerance=0.3 * epochs[n],
            measured=float(measured.epochs("parity", curriculum, n).mean()), **known,
        )  # fmt: skip


def _robustness(measured: _Measured) -> Iterator[Claim]:
    config, results, n = measured.config, measured.results, 30
    why = measured.lacks("parity", n, "single", "multi", size=published.NEURONS)
    known: dict[str, Any] = {"source": published.NOTEBOOKS, "kind": "code"}
    places = {name: place for place, name in enumerate(config.tasks["parity"][2])}
    for curriculum, (short, long) in published.ABLATED.items():
        id = f"ablation-{curriculum}"
        order = ("shortest", "longest") if short > long else ("longest", "shortest")
        statement = (
            f"Parity, N = {n}, {curriculum}: accuracy without a neuron of the shortest and of the longest tau"
        )
        lacking = why or ("" if config.ablated and curriculum in places else "nothing is ablated in this run")
        if lacking:
            yield not_tested(id, statement, expected=" > ".join(order), why=lacking, **known)
            continue
        whole = results.array("parity_robustness/accuracy")[places[curriculum]]
        ablated = results.array("parity_robustness/ablated")[places[curriculum]].mean(2) / whole[:, None]
        found = dict(zip(("shortest", "longest"), map(float, ablated.mean(0)), strict=True))
        yield ordering(
            id, statement, measured={name: found[name] for name in order},
            note=f"relative to the whole network; authors: shortest {short:g}, longest {long:g}", **known,
        )  # fmt: skip
    for (parameter, size), values in published.PERTURBED.items():
        id = f"perturbation-{parameter.lower()}"
        statement = f"Parity, N = {n}: accuracy after a perturbation of {parameter} by {size:g}"
        lacking = why or ("" if size in config.perturbations else "this perturbation is not in this run")
        if lacking:
            yield not_tested(id, statement, expected="multi > single", why=lacking, **known)
            continue
        every = results.array("parity_robustness/perturbed")
        row, column = ("W", "tau").index(parameter), config.perturbations.index(size)
        found = {name: float(every[places[name], :, row, column].mean()) for name in ("multi", "single")}
        yield ordering(
            id, statement, measured=found,
            note=f"authors: multi {values['multi']:g}, single {values['single']:g}", **known,
        )  # fmt: skip


def _listed(values: np.ndarray) -> str:
    return "/".join(f"{value:.0f}" for value in values)
