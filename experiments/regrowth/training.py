"""Arms of the study: the same networks on the same batches, with rules that prune and regrow between steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import optax
from brian2 import ms
from numpy.typing import NDArray

from neurosim import AllToAll, Network, Normal, Population, Projection, Recorder
from neurosim.datasets import digits
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.regrowth.config import Config
from neurosim.learning.bptt import accuracy, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Rewire, Shuffled, Training
from neurosim.model.selection import erk_densities
from neurosim.model.structural import StructuralRule
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.rules import SET, GraNet, RigL
from neurosim.synapses import Graded

METHODS = ("one-shot", "random", "SET", "RigL", "GMP", "GraNet", "GraNet from 0.5")
SOURCES = (
    "Liu, Chen, Chen, Atashgahi, Yin, Kou, Shen, Pechenizkiy, Wang, Mocanu 2021, NeurIPS, arXiv 2106.10404",
    "Evci, Gale, Menick, Castro, Elsen 2020, ICML, arXiv 1911.11134",
    "Mocanu, Mohr, Curry, Nguyen, Liu, Gibescu, Liotta 2018, Nat. Commun. 9:2383, doi:10.1038/s41467-018-04316-3",
)


def layered(sizes: tuple[int, ...], rule: StructuralRule) -> Network:
    """Return layers of rectified units, x, h1, h2, ..., y, all of whose connections a rule may drop and grow."""
    network = Network("layers", 1 * ms).add(Population("x", sizes[0], Signal()))
    names = ["x", *(f"h{k}" for k in range(1, len(sizes) - 1)), "y"]
    for (source, name), (n, m) in zip(pairwise(names), pairwise(sizes), strict=True):
        transfer = "identity" if name == "y" else "relu"
        start = Normal(0, (2 / n) ** 0.5)
        network.add(
            Population(name, m, GradedUnit(transfer=transfer, bias=np.zeros(m))),
            Projection(f"to_{name}", source, name, Graded(), AllToAll(), start, rules=(rule,)),
        )
    return network.add(Recorder("y", "output"))


class Arms:
    """The stages of one run: one compiled program, of which every arm is a branch with masks of its own.

    Arguments: config; run, with its seed.
    """

    def __init__(self, config: Config, run: RunContext) -> None:
        config.require_sense()
        self.config, self.run = config, run
        self.seeds = [1000 * run.seed + n for n in range(config.seeds)]
        self.sizes = (64, *config.hidden, 10)
        self.network = layered(self.sizes, GraNet(density=1.0))
        # Updates are made where the protocol of an arm says so, by the rule of that arm.
        self.rewire = Rewire(self.network, None)
        self.names = tuple(self.network.projections)

    @cached_property
    def learner(self) -> Learner:
        """What learns: descent with momentum, at a rate that falls twice."""
        config, biases = self.config, [name for name in self.network.populations if name != "x"]
        steps = config.epochs * self.per_epoch
        rate = optax.piecewise_constant_schedule(config.rate, {steps // 2: 0.1, 3 * steps // 4: 0.1})
        optimiser = optax.chain(
            optax.add_decayed_weights(config.decay), optax.sgd(rate, momentum=config.momentum, nesterov=True)
        )
        trained = (*(f"{name}.w" for name in self.names), *(f"{name}.bias" for name in biases))
        model = network_model(self.network, trained, steps=1)
        descend = Descend(softmax_cross_entropy("y.output"), optimiser)
        return Learner(model, descend, self.rewire, batches=self.images[0], every=self.per_epoch)

    @cached_property
    def images(self) -> tuple[Shuffled, Evaluation]:
        """Batches of training images, and accuracy on the others."""
        train, test = digits().split(self.config.images, self.run.seed)
        whole = Shuffled(test.batch("x"), len(test))
        return Shuffled(train.batch("x"), self.config.batch), Evaluation(whole, {"it": accuracy("y.output")})

    @property
    def per_epoch(self) -> int:
        """Updates of the weights in an epoch; structural rules act once in an epoch."""
        return self.images[0].per_epoch

    def accuracy(self, training: Training) -> NDArray[np.float32]:
        """Return the test accuracy of each seed."""
        return self.learner.evaluate(training, self.images[1])["it"]

    def started(self, density: float = 1.0) -> Training:
        """Return the start, with a random mask of Erdos-Renyi densities."""
        shapes = list(pairwise(self.sizes))
        places = [n * m for n, m in shapes]
        vary: dict[str, Any] = {}
        densities = erk_densities(shapes, places, density)
        for name, count, share in zip(self.names, places, densities, strict=True):
            masks = np.zeros((len(self.seeds), count))
            for row, seed in zip(masks, self.seeds, strict=True):
                row[generator(seed, f"mask of {name}").permutation(count)[: round(share * count)]] = 1
            vary[f"{name}.mask"] = masks
            own = [np.asarray(self.learner.model.initial(seed)[f"{name}.w"]) for seed in self.seeds]
            vary[f"{name}.w"] = np.stack(own) * masks
        return self.learner.train(0, self.seeds, vary=vary)

    def trained(
        self, start: Training, until: int, rule: StructuralRule | None = None, first: int = 1
    ) -> Training:
        """Return a training at the end of an epoch; the rule acts at the ends of all epochs before, from `first` on."""
        training, rules = start, None if rule is None else dict.fromkeys(self.names, rule)
        begun = start.step // self.per_epoch
        for epoch in range(begun + 1, until + 1) if rules else (until,):
            training = self.learner.train(epoch * self.per_epoch, after=training)
            if rules and first <= epoch < until:
                training = self.rewire.updated(self.learner, training, epoch, rules)
        return training

    def cut(self, training: Training, sparsity: float, replaced: float = 0.0) -> Training:
        """Return a branch with only the largest weights of the network, of which a share is then replaced."""
        # At the end of its schedule.
        rule = GraNet(
            s_final=sparsity, start=0.0, stop=1.0, r_initial=replaced, r_final=replaced, density=1.0
        )
        return self.rewire.updated(self.learner, training, 1, dict.fromkeys(self.names, rule))

    def connections(self, training: Training) -> NDArray[np.int64]:
        """Return how many connections are there, of each seed."""
        found: NDArray[np.int64] = sum(mask.sum(1) for mask in self.rewire.masks(training).values())
        return found

    def methods(self, sparsity: float) -> dict[str, Callable[[], Training]]:
        """Return the arms of one sparsity at the end, by name."""
        config, density = self.config, 1 - sparsity
        ends = {
            "start": 0.0,
            "stop": float(config.pruned),
            "updates": float(config.epochs),
            "s_final": sparsity,
        }
        first, last = config.replaced

        def granet(begun: float, replaced: tuple[float, float]) -> Training:
            rule = GraNet(density=begun, r_initial=replaced[0], r_final=replaced[1], **ends)
            return self.trained(self.started(begun), config.epochs, rule)

        def sparse(rule: StructuralRule | None) -> Training:
            return self.trained(self.started(density), config.epochs, rule)

        return {
            "one-shot": lambda: self.cut(self.trained(self.started(), config.epochs), sparsity),
            "random": lambda: sparse(None),
            "SET": lambda: sparse(SET(density=density, zeta=config.zeta)),
            "RigL": lambda: sparse(RigL(density=density, alpha=config.alpha, updates=float(config.epochs))),
            "GMP": lambda: granet(1.0, (0.0, 0.0)),
            "GraNet": lambda: granet(1.0, (first, last)),
            "GraNet from 0.5": lambda: granet(0.5, (first, last)),
        }

    def compared(self, number: int, stage: Stage) -> dict[str, Data]:
        """Train by every method to one sparsity."""
        accuracies, counts = [], []
        for done, method in enumerate(self.methods(self.config.sparsities[number]).values()):
            training = method()
            accuracies.append(self.accuracy(training))
            counts.append(self.connections(training))
            stage(done + 1, len(METHODS), "methods")
        return {
            "accuracy": Data(np.array(accuracies), ("method", "seed"), "", "test accuracy after training"),
            "connections": Data(np.array(counts), ("method", "seed"), "", "connections after training"),
            "method": Data(np.array(METHODS), ("method",), "", "how it became sparse"),
        }

    def plasticity(self, stage: Stage) -> dict[str, Data]:
        """Train densely, and cut branches of it: without and with regrowth, each trained for some more epochs."""
        config, training, rows = self.config, self.started(), []
        intact = []
        for number, epoch in enumerate(config.cuts):
            training = self.trained(training, epoch)
            whole = self.trained(training, epoch + config.after)
            intact.append([self.accuracy(training), self.accuracy(whole)])
            for rate in config.rates:
                pruned = self.cut(training, rate)
                # The gradient that chooses what grows is that of the network after the cut.
                branches = (pruned, self.cut(pruned, rate, config.regrown))
                for branch in branches:
                    later = self.trained(branch, epoch + config.after)
                    rows.append([self.accuracy(branch), self.accuracy(later), self.connections(later)])
            stage(number + 1, len(config.cuts), "epochs")
        shape = (len(config.cuts), len(config.rates), 2, 3, config.seeds)
        found, both = np.array(rows).reshape(shape), np.array(intact)
        final = self.accuracy(self.trained(training, config.epochs))
        dims = ("cut", "rate", "regrowth", "seed")
        return {
            "at_once": Data(found[:, :, :, 0], dims, "", "test accuracy right after the cut"),
            "after": Data(found[:, :, :, 1], dims, "", "test accuracy after the epochs that follow"),
            "connections": Data(found[:, :, :, 2].astype(int), dims, "", "connections after them"),
            "intact": Data(
                both, ("cut", "moment", "seed"), "", "test accuracy without a cut, before and after them"
            ),
            "dense": Data(final, ("seed",), "", "test accuracy of the dense network after training"),
            "cut": Data(np.array(config.cuts), ("cut",), "", "epoch of the cut"),
            "rate": Data(np.array(config.rates), ("rate",), "", "share that is cut"),
        }
