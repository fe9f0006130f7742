"""A learngene: layers learned as a combination of two matrices, unfolded into networks of other depths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import optax
from matplotlib.figure import Figure

from neurosim import (
    AllToAll,
    NamedParameter,
    Network,
    Normal,
    OneToOne,
    Population,
    Projection,
    Recorder,
    Tied,
)
from neurosim.datasets import digits
from neurosim.experiment import Claim, Data, Experiment, Results, RunContext, Stage, at_least, setting
from neurosim.learning.bptt import accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Every, Learner, Shuffled
from neurosim.neurons import GradedUnit, Signal
from neurosim.palette import colour
from neurosim.rng import generator
from neurosim.synapses import Graded

CITATION = "Xia et al. 2024, Transformer as linear expansion of learngene, AAAI, arXiv 2312.05614"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2312.05614", "kind": "paper-ordering"}


@dataclass(frozen=True)
class Config:
    """Settings; a residual perceptron stands for the transformer."""

    width: int = setting(32, "units of a layer", low=1)
    depth: int = setting(4, "layers of the network in which the gene is learned", low=1)
    updates: int = setting(1500, "updates of the gene", low=1)
    depths: tuple[int, ...] = setting((2, 4, 8), "layers of the networks that it is unfolded into", low=1)
    tuning: int = setting(60, "updates of an unfolded network, and of a random one", low=1)
    every: int = setting(10, "updates between measurements", low=1)
    rate: float = setting(0.1, "learning rate", low=1e-4)
    seeds: int = setting(5, "initial weights", low=1)


def residual(width: int, depth: int, gene: bool) -> tuple[Network, tuple[str, ...]]:
    """Return h <- h + relu(W_l h)/L, l = 1..L, and its trainable weights; with a gene W_l = B + (l/L) A."""
    flat = GradedUnit(transfer="identity")
    network = Network("residual").add(Population("x", 64, Signal()), Population("h0", width, flat))
    network.add(Projection("in", "x", "h0", Graded(), AllToAll(), Normal(0, 1 / 8)))
    names = ["in.w", "out.w"]
    if gene:
        network.add(NamedParameter("B", np.zeros(width**2)), NamedParameter("A", np.zeros(width**2)))
        names += ["B", "A"]
    for n in range(1, depth + 1):
        before, unit, after = f"h{n - 1}", f"r{n}", f"h{n}"
        network.add(Population(unit, width, GradedUnit(transfer="relu")), Population(after, width, flat))
        if gene:
            each = tuple(range(width**2))
            network.add(
                Population(f"s{n}", width, flat),
                Projection(f"part{n}", before, f"s{n}", Graded(), OneToOne(), n / depth),
                Projection(f"B{n}", before, unit, Graded(), AllToAll(), Tied("B", each)),
                Projection(f"A{n}", f"s{n}", unit, Graded(), AllToAll(), Tied("A", each)),
            )
        else:
            network.add(
                Projection(f"w{n}", before, unit, Graded(), AllToAll(), Normal(0, (2 / width) ** 0.5))
            )
            names.append(f"w{n}.w")
        network.add(
            Projection(f"keep{n}", before, after, Graded(), OneToOne(), 1.0),
            Projection(f"add{n}", unit, after, Graded(), OneToOne(), 1 / depth),
        )
    network.add(
        Population("y", 10, flat),
        Projection("out", f"h{depth}", "y", Graded(), AllToAll(), Normal(0, width**-0.5)),
        Recorder("y", "output"),
    )
    return network, tuple(names)


class Study:
    """The data of one run, and what is done with them."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config = config
        train, test = digits().split(1437, run.seed)
        self.batches = Shuffled(train.batch("x"), min(64, len(train)))
        self.test = Evaluation(
            Shuffled(test.batch("x"), len(test)), {"accuracy": accuracy("y.output")}, Every(config.every)
        )
        self.seeds = [1000 * run.seed + n for n in range(config.seeds)]

    def learner(self, depth: int, gene: bool) -> Learner:
        """Return a learner of all weights of a network."""
        network, names = residual(self.config.width, depth, gene)
        descend = Descend(softmax_cross_entropy("y.output"), optax.sgd(self.config.rate))
        return Learner(network_model(network, names, steps=1), descend, batches=self.batches)

    def gene(self, stage: Stage) -> dict[str, Data]:
        """Learn the gene."""
        draw = [generator(seed, "gene").normal(size=self.config.width**2) for seed in self.seeds]
        start = {"B": np.array(draw) * (2 / self.config.width) ** 0.5}
        training = self.learner(self.config.depth, True).train(
            self.config.updates, self.seeds, vary=start, progress=lambda p: stage(p.step, p.steps, "updates")
        )
        return {
            name.replace(".", "_"): Data(value, ("seed", f"{name}_edge"))
            for name, value in training.last.items()
        }

    def unfold(self, found: dict[str, Data], depth: int, stage: Stage) -> dict[str, Data]:
        """Unfold the gene into a network of another depth, tune it and a random one on the same batches."""
        config, learner = self.config, self.learner(depth, False)
        of = {name: data.array for name, data in found.items()}
        start = {"in.w": of["in_w"], "out.w": of["out_w"]}
        start |= {f"w{n}.w": of["B"] + n / depth * of["A"] for n in range(1, depth + 1)}
        curves = [
            learner.train(config.tuning, self.seeds, vary=vary, evaluations={"test": self.test}).measures(
                "test"
            )
            for vary in (start, None)
        ]
        return {
            "accuracy": Data(
                np.array([c.values["accuracy"] for c in curves]),
                ("start", "seed", "update"),
                "",
                "test accuracy",
            ),
            "update": Data(curves[0].steps, ("update",), "", "updates after unfolding"),
        }


def run(config: Config, run: RunContext) -> None:
    """Learn the gene and unfold it."""
    run.cite(CITATION)
    study = Study(config, run)
    found = run.stage("gene", study.gene)
    for depth in config.depths:
        run.stage(f"depth_{depth}", partial(study.unfold, found, depth))


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the start by the gene against a random one."""
    for depth in config.depths:
        gene, random = results.array(f"depth_{depth}/accuracy")
        for where, words in ((0, "before any tuning"), (-1, f"after {config.tuning} updates")):
            yield at_least(
                f"depth-{depth}-{'start' if where == 0 else 'tuned'}",
                f"Unfolded to depth {depth}, {words}: accuracy above that of a random start, least of the seeds",
                **ABSTRACT, expected=0.0, measured=float((gene[:, where] - random[:, where]).min()),
                note=f"gene {gene[:, where].mean():.3f}, random {random[:, where].mean():.3f}",
            )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy over updates for each depth and start."""
    drawn = Figure(figsize=(3 * len(config.depths), 3.2), layout="constrained")
    for axes, depth in zip(
        drawn.subplots(1, len(config.depths), sharey=True, squeeze=False)[0], config.depths, strict=True
    ):
        found, update = results.array(f"depth_{depth}/accuracy"), results.array(f"depth_{depth}/update")
        for k, name in enumerate(("unfolded gene", "random start")):
            axes.plot(update, found[k].T, color=colour(k), linewidth=0.6, alpha=0.5)
            axes.plot(update, found[k].mean(0), color=colour(k), linewidth=2, label=name)
        axes.set(xlabel="updates", title=f"depth {depth}", ylim=(0, 1.02))
    drawn.axes[0].set_ylabel("test accuracy")
    drawn.axes[0].legend(frameon=False)
    return drawn


experiment = Experiment(
    name="dynamics_learngene",
    title="A learngene unfolded into networks of other depths",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
