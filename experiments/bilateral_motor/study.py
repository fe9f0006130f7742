"""Left and right hemispheres, joined by a callosum, learn to reach and to hold with one muscled arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from neurosim.analysis.paired import paired
from neurosim.errors import UsageError
from neurosim.experiment import Data, Experiment, RunContext, Stage, parallel_map, setting
from neurosim.experiments.bilateral_motor.claims import COMPARED, claims
from neurosim.experiments.bilateral_motor.figure import figure, movie
from neurosim.experiments.bilateral_motor.measures import (
    PATHS,
    Performance,
    measures,
    performance,
    rest,
    spread,
)
from neurosim.experiments.bilateral_motor.training import MODELS, REGULARISERS, TASKS, Family
from neurosim.learning.protocol import Training

CITATION = (
    "Rinaldo, Friedman, Kuhlmann, Kowadlo 2024, Left/Right Brain, human motor control and the implications for "
    "robotics, arXiv 2401.14057"
)
ENGINE = "jax-float32"
ARM = "Codol, Michaels, Kashefi, Pruszynski, Gribble 2024, MotorNet, eLife, doi:10.7554/eLife.88591"


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    seeds: int = setting(5, "training runs of each model on each task", low=1, high=20)
    updates: int = setting(1000, "updates of the weights in each run", low=1)
    batch: int = setting(16, "new trials per update", low=1)
    learning_rate: float = setting(5e-3, "step of Adam, at first", low=1e-6)
    schedule: str = setting(
        "cosine",
        "whether the step of Adam falls to 0 along a cosine, or stays",
        choices=("cosine", "constant"),
    )
    clip: str = setting(
        "global",
        "norm that is clipped to 1: of all gradients, or of each parameter's",
        choices=("global", "each"),
    )
    regulariser: str = setting(
        "intended", "what the regulariser of hidden activity acts on", choices=tuple(REGULARISERS)
    )
    units: int = setting(10, "units of a layer, of both hemispheres together, even", low=4)
    layers: int = setting(2, "hidden layers", low=1)
    slack: float = setting(
        1.0, "fibre length at which passive force begins, in optimum lengths", low=0.5, high=1.6
    )
    steps: int = setting(50, "control steps of 10 ms in a trial", low=4)
    trials: int = setting(64, "test trials per run", low=2)
    every: int = setting(50, "updates between checkpoints", low=1)

    def __post_init__(self) -> None:
        self.families(0)[1].loop  # noqa: B018  an odd number of units is refused before anything runs

    def families(self, seed: int) -> tuple[Family, Family]:
        """Return the unilateral and the bilateral models of a run."""
        seeds = tuple(1000 * seed + k for k in range(self.seeds))
        shared = (
            "units",
            "layers",
            "slack",
            "steps",
            "batch",
            "learning_rate",
            "clip",
            "regulariser",
            "every",
        )
        options: dict[str, Any] = {name: getattr(self, name) for name in shared}
        options["decay"] = self.updates if self.schedule == "cosine" else 0
        return Family(1, seeds, **options), Family(2, seeds, **options)


PRESETS = {
    "quick": Config(),
    "medium": Config(seeds=10, batch=64, trials=256, every=100),
    "paper": Config(seeds=10, updates=10_000, batch=64, trials=256, every=250),
}


class _Study:
    """The pieces of one run."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run
        self.families = config.families(run.seed)

    @cached_property
    def both(self) -> list[tuple[int, str]]:
        """Every (family, task), in an order in which two workers seldom compile the same program."""
        return [(family, task) for task in TASKS for family in (1, 0)]

    # Stages ---------------------------------------------------------------------------------------------------

    def training(self, stage: Stage) -> dict[str, Data]:
        """Train all models; goes on from the last checkpoint."""
        kept: dict[str, Any] = dict(stage.restored() or {})
        lock, total = Lock(), self.config.updates * len(self.both)

        def one(job: tuple[int, str]) -> Training:
            family, task = job
            head = f"{family}{task}/"
            before = {n.removeprefix(head): v for n, v in kept.items() if n.startswith(head)}

            def keep(training: Training) -> None:
                with lock:
                    kept.update({head + name: value for name, value in training.arrays().items()})
                    done = sum(int(v) for n, v in kept.items() if n.endswith("/step"))
                    stage.checkpoint(kept)
                    stage(done, total, "updates")

            return self.families[family].train(task, self.config.updates, before or None, keep)

        found = dict(zip(self.both, parallel_map(one, self.both, self.run.workers), strict=True))
        return self._curves(found) | self._weights(found)

    def _curves(self, found: Mapping[tuple[int, str], Training]) -> dict[str, Data]:
        texts = {
            "P1": "mean absolute error per component (m)",
            "P2": "10 times the mean squared error",
            "A": "mean squared excitation",
            "H": "regulariser, summed over hidden layers",
        }
        dims = ("task", "model", "seed", "update")
        curves = {
            name: Data(self._together(found, lambda t, name=name: t.terms[name]), dims, "", text)
            for name, text in texts.items()
        }
        names = {
            "task": Data(np.array(TASKS), ("task",), "", "task trained and tested on"),
            "model": Data(np.array(list(MODELS)), ("model",), "", "model"),
            "seed": Data(np.array(self.families[0].seeds), ("seed",), "", "seed of weights and trials"),
        }
        return names | curves

    def _together(self, found: Mapping[tuple[int, str], Training], part: Any) -> np.ndarray:
        """Return what each training has (members, ...) as (task, model, seed, ...), models in the order of MODELS."""
        return np.stack(
            [
                np.concatenate([f.by_model(part(found[k, task])) for k, f in enumerate(self.families)])
                for task in TASKS
            ]
        )

    def _weights(self, found: Mapping[tuple[int, str], Training]) -> dict[str, Data]:
        result = {}
        for k, family in enumerate(self.families):
            kind = ("unilateral", "bilateral")[k]
            for name in found[k, TASKS[0]].last:
                array = np.stack([family.by_model(found[k, task].last[name]) for task in TASKS])
                key = _key(kind, name)
                dims = ("task", f"{kind}_model", "seed", *[f"{key}_{axis}" for axis in range(array.ndim - 3)])
                result[key] = Data(array, dims, "", f"{name} of the {kind} models")
        return result

    def test(self, trained: Mapping[str, Data], stage: Stage) -> dict[str, Data]:
        """Measure all models in trials that are new to them, the same for every model."""
        trials = self.config.trials

        def one(k: int) -> Performance:
            return performance(self.families[k], self.parameters(k, trained), trials)

        parts = parallel_map(one, (1, 0), self.run.workers, stage)[::-1]
        found = parts[0]._replace(
            **{n: np.concatenate([getattr(p, n) for p in parts], axis=1) for n in ("hand", "effort", "force")}
        )
        dims, dt = ("model", "seed", "trial"), self.families[0].loop.arm.dt
        result = {
            f"{task}_{name}": Data(m.values.astype(np.float32), dims, m.unit, m.text)
            for task in TASKS
            for name, m in measures(found, task, dt).items()
        }
        error = 100 * np.linalg.norm(found.hand - found.target[:, None, :, :, None], axis=-1)
        biases = spread(found)
        shown = slice(0, PATHS)
        still = rest(self.families[0], trials)
        return result | {
            "time": Data(np.arange(self.config.steps + 1) * dt, ("step",), "s", "time in the trial"),
            "error": Data(
                error.mean(3), ("task", "model", "seed", "step"), "cm", "mean distance from the target"
            ),
            "hand": Data(
                found.hand[:, :, 0, shown].astype(np.float32),
                ("task", "model", "shown", "step", "xy"),
                "m",
                "hand paths of the first seed",
            ),
            "target": Data(found.target[:, 0, shown], ("task", "shown", "xy"), "m", "their targets"),
            "constant_error": Data(
                biases["constant"], ("task", "model", "seed"), "cm", "length of the mean error at the end"
            ),
            "variable_error": Data(
                biases["variable"], ("task", "model", "seed"), "cm", "spread of the errors at the end"
            ),
            "rest_end_error": Data(
                np.array([still[t][0] for t in TASKS]),
                ("task",),
                "cm",
                "end error of an arm without excitation",
            ),
            "rest_mean_error": Data(
                np.array([still[t][1] for t in TASKS]),
                ("task",),
                "cm",
                "mean error of an arm without excitation",
            ),
        }

    def lesions(self, trained: Mapping[str, Data], stage: Stage) -> dict[str, Data]:
        """Measure the bilateral models after each lesion."""
        family, p = self.families[1], self.parameters(1, trained)
        names = list(family.loop.circuit.lesions)

        def one(lesion: str) -> np.ndarray:
            found = performance(family, p, self.config.trials, lesion)
            error = 100 * np.linalg.norm(found.hand[..., 1:, :] - found.target[:, None, :, :, None], axis=-1)
            return np.stack([error[..., -1].mean(-1), error.mean((-1, -2))])

        each = np.stack(parallel_map(one, names, self.run.workers, stage), axis=1)
        # A lesion of the callosum says nothing about models without one.
        for row, lesion in enumerate(names):
            if lesion.startswith("cc"):
                each[:, row, :, [n for n, m in enumerate(family.models) if not MODELS[m].callosum]] = np.nan
        dims = ("lesion", "task", "model", "seed")
        return {
            "lesion": Data(np.array(names), ("lesion",), "", "what is silenced"),
            "model": Data(np.array(family.models), ("model",), "", "model"),
            "end_error": Data(each[0], dims, "cm", "distance from the target at the end, mean over trials"),
            "mean_error": Data(each[1], dims, "cm", "mean distance from the target, mean over trials"),
        }

    def statistics(self, tests: Mapping[str, Data], stage: Stage) -> dict[str, Data]:
        """Compare models in pairs over the seeds, by every measure."""
        rows = []
        for task in TASKS:
            for name in (n.removeprefix(f"{task}_") for n in tests if n.startswith(f"{task}_")):
                values = _finite_mean(tests[f"{task}_{name}"].array)
                for a, b in COMPARED:
                    one, two = (values[list(MODELS).index(m)] for m in (a, b))
                    if np.isfinite(one).all() and np.isfinite(two).all():
                        rows.append((task, name, f"{a} - {b}", paired(one, two)))
        columns = {
            "difference": "mean over seeds, in the unit of the measure",
            "low": "lower end of the 95 % confidence interval",
            "high": "upper end of the 95 % confidence interval",
            "effect": "effect size, Hedges' g of the differences",
            "p": "two-sided p of the paired t test",
            "p_signs": "two-sided p of the exact sign-flip test",
        }
        texts = ("task", "measure", "models")
        return {
            name: Data(np.array([row[k] for row in rows]), ("comparison",), "", f"{name} compared")
            for k, name in enumerate(texts)
        } | {
            name: Data(np.array([getattr(row[3], name) for row in rows], float), ("comparison",), "", text)
            for name, text in columns.items()
        }

    def parameters(self, k: int, trained: Mapping[str, Data]) -> dict[str, np.ndarray]:
        """Return the trained parameters of a family by name (task, model, seed, ...)."""
        names, kind = self.families[k].loop.circuit.initial(), ("unilateral", "bilateral")[k]
        return {name: trained[_key(kind, name)].array for name in names}


def _key(kind: str, name: str) -> str:
    return f"{kind}_{name.replace('.', '_')}"


def _finite_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over trials of those that have the measure; NaN where none has."""
    kept = np.isfinite(values)
    total, count = np.where(kept, values, 0).sum(-1, dtype=float), kept.sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def run(config: Config, run: RunContext) -> None:
    """Run all stages; raises UsageError for an engine without gradients."""
    if run.engine != ENGINE:
        raise UsageError(f"bilateral_motor: engine '{run.engine}': training takes gradients: use '{ENGINE}'")
    study = _Study(config, run)
    run.cite(CITATION, ARM)
    trained = run.stage("training", study.training)
    tests = run.stage("test", lambda stage: study.test(trained, stage))
    run.stage("lesions", lambda stage: study.lesions(trained, stage))
    if config.seeds > 1:
        run.stage("statistics", lambda stage: study.statistics(tests, stage))


experiment = Experiment(
    name="bilateral_motor",
    title="Two hemispheres and a callosum learn to reach and to hold",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
    movie=movie,
    engine=ENGINE,
)

__all__ = ["Config", "experiment"]
