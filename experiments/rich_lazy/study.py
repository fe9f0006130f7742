"""Rich or lazy learning by initial connectivity: the lower the rank of recurrent weights, the more learning changes."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from neurosim.analysis.learning import alignment, effective_rank, tangent_kernel, target_alignment
from neurosim.experiment import Data, Experiment, RunContext, Stage
from neurosim.experiments.rich_lazy import theory
from neurosim.experiments.rich_lazy.claims import claims
from neurosim.experiments.rich_lazy.config import PRESETS, Config
from neurosim.experiments.rich_lazy.figure import figure
from neurosim.experiments.rich_lazy.network import initial, recurrent
from neurosim.experiments.rich_lazy.tasks import CHANNELS, MAKERS, STEPS
from neurosim.learning.bptt import accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Fresh, Learner, Shuffled, Training
from neurosim.rng.jax_keys import jax_key

CITATION = (
    "Liu, Baratin, Cornford, Mihalas, Shea-Brown, Lajoie 2024, How connectivity structure shapes rich and lazy "
    "learning in neural circuits, ICLR, arXiv 2310.08513"
)
PIECES = 10  # of a training, between which it may be continued
TERM = softmax_cross_entropy("y.output", mask="counted")


def decision(outcome: Any, batch: Any) -> Any:
    """Return the activity after the decision step (trials, neurons)."""
    return outcome["h.r"][:, STEPS - 1]


def answered(outcome: Any, batch: Any) -> Any:
    """Return the share of decisions that are right."""
    last = {"y": outcome["y.output"][:, -1:]}
    return accuracy("y")(last, {"label": batch["label"][:, -1]})


class Recurrent:
    """The recurrent networks of one run, all arms and draws at once."""

    def __init__(self, config: Config, run: RunContext, task: str) -> None:
        self.config, self.run = config, run
        make = MAKERS[task]
        names = ("in.w", "rec.w", "out.w")
        self.model = network_model(recurrent(CHANNELS[task], config.neurons), names)
        self.learner = Learner(
            self.model,
            Descend(TERM, optax.sgd(config.rate, momentum=config.momentum)),
            batches=Fresh(lambda key: make(key, config.batch)),
            every=-(-config.iterations // PIECES),
        )
        key = jax_key(run.seed, "rich_lazy", f"probes of {task}")
        self.probes = jax.tree.map(np.asarray, make(key, config.probes))
        seeds = [1000 * run.seed + draw for draw in range(config.seeds)]
        self.start = np.array([[initial(config, arm, seed) for seed in seeds] for arm in config.arms])
        # Other inputs, read-outs and trials in each arm: only the draw of recurrent weights is shared.
        self.seeds = [seed * 100 + arm for arm in range(len(config.arms)) for seed in seeds]

    def learned(self, stage: Stage) -> dict[str, Data]:
        """Train all arms, and compare the networks before and after."""
        config, n = self.config, self.config.neurons
        rows = self.start.reshape(-1, n, n).swapaxes(1, 2).reshape(len(self.seeds), -1)
        before = self.learner.train(0, self.seeds, vary={"rec.w": rows})
        kept = stage.restored()
        after = self.learner.restored(kept) if kept else before
        while after.step < config.iterations:
            until = min(after.step + self.learner.every, config.iterations)
            after = self.learner.train(until, after=after)
            stage(until, config.iterations, "updates")
            stage.checkpoint(after.arrays())
        moments = [before, after]
        found = [self._seen(training) for training in moments]
        kernels = [self._kernels(training) for training in moments]
        change = np.linalg.norm(after.last["rec.w"] - rows, axis=1)
        ends = after.losses["loss"][:, -100:].mean(1)
        grams = [np.einsum("sti,sui->stu", h, h) for h in (one["activity"] for one in found)]
        label = self.probes["label"][: config.kernel_probes, -1]
        return {
            **self._connectivity(),
            "change": self._data(change, "norm of the change of recurrent weights"),
            "representation": self._data(_alike(*grams), "alignment of activity, before and after"),
            "kernel": self._data(_alike(*kernels), "alignment of tangent kernels, before and after"),
            "signs": self._data(
                ((found[0]["activity"] > 0) == (found[1]["activity"] > 0)).mean((1, 2)), "share of equal signs"
            ),
            "task": self._data(
                np.stack([[_task(k, label) for k in of] for of in kernels], -1),
                "alignment of tangent kernel and decision, before and after", "moment",
            ),
            "loss": self._data(ends, "mean loss of the last 100 updates"),
            "accuracy": self._data(found[1]["accuracy"], "share of right decisions"),
        }  # fmt: skip

    def _seen(self, training: Training) -> dict[str, np.ndarray]:
        """Return activity and accuracy on the probes (arms * draws, ...)."""
        probes = Shuffled(self.probes, self.config.probes)
        return self.learner.evaluate(
            training, Evaluation(probes, {"activity": decision, "accuracy": answered})
        )

    def _kernels(self, training: Training) -> np.ndarray:
        """Return tangent kernels by the recurrent weights, of all outputs of some probes."""
        first = jax.tree.map(lambda x: jnp.asarray(x[: self.config.kernel_probes]), self.probes)
        key, last = jax_key(0, "rich_lazy", "kernel"), training.last

        def outputs(trained: Any, held: Any) -> Any:
            return self.model.outcome({**held, **trained}, first, key)["y.output"][:, 1:]

        held = {name: jnp.asarray(last[name]) for name in ("in.w", "out.w")}
        return tangent_kernel(outputs, {"rec.w": jnp.asarray(last["rec.w"])}, self._fixed(held), several=True)

    def _fixed(self, held: dict[str, Any]) -> dict[str, Any]:
        """Return all that the outputs depend on beside the recurrent weights, for each network."""
        initial = {
            n: jnp.asarray(v) for n, v in self.model.initial(0).items() if n not in self.model.trainable
        }
        count = len(self.seeds)
        return {**{n: jnp.broadcast_to(v, (count, *v.shape)) for n, v in initial.items()}, **held}

    def _connectivity(self) -> dict[str, Data]:
        """Return what the initial recurrent weights are like."""
        each = self.start.reshape(-1, *self.start.shape[2:])
        values = np.linalg.svd(each, compute_uv=False)
        radius = np.abs(np.linalg.eigvals(each)).max(1)
        return {
            "arm": Data(np.array(self.config.arms), ("arm",), "", "initial recurrent weights"),
            "norm": self._data(np.linalg.norm(each, axis=(1, 2)), "Frobenius norm at the start"),
            "radius": self._data(radius, "spectral radius at the start"),
            "rank": self._data((values > 1e-9 * values[:, :1]).sum(1), "rank at the start"),
            "effective_rank": self._data(np.array([effective_rank(w) for w in each]), "effective rank at the start"),
            "nuclear": self._data(
                values.sum(1) / values[:, 0], "sum of singular values over the largest, at the start"
            ),
        }  # fmt: skip

    def _data(self, values: np.ndarray, name: str, *more: str) -> Data:
        shape = (len(self.config.arms), self.config.seeds)
        return Data(values.reshape(*shape, *values.shape[1:]), ("arm", "draw", *more), "", name)


def _alike(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    return np.array([alignment(a, b) for a, b in zip(first, last, strict=True)])


def _task(kernel: np.ndarray, label: np.ndarray) -> float:
    """Return the alignment of the decision with the kernel of what tells its two answers apart."""
    last = kernel.reshape(len(label), STEPS, 3, len(label), STEPS, 3)[:, -1, :, :, -1]
    contrast = np.array([0.0, 1.0, -1.0])
    return target_alignment(
        np.einsum("aibj,i,j->ab", last, contrast, contrast), np.where(label == 1, 1.0, -1.0)
    )


def _learned(config: Config, run: RunContext, task: str, stage: Stage) -> dict[str, Data]:
    """Return what came of a task, whose networks are built only now."""
    return Recurrent(config, run, task).learned(stage)


def run(config: Config, run: RunContext) -> None:
    """Run the linear theory, then each task."""
    config.require_sense()
    run.cite(CITATION)
    run.stage("theory", partial(theory.learned, config, run))
    for task in config.tasks:
        run.stage(task, partial(_learned, config, run, task))


experiment = Experiment(
    name="rich_lazy",
    title="Initial connectivity and rich against lazy learning",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
