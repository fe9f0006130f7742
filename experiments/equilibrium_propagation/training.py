"""Stages with learning: groups of networks that share a structure and a response, in pairs of the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import optax
from numpy.typing import NDArray

from neurosim.circuits.equilibrium import EquilibriumCircuit
from neurosim.datasets import DataSet, digits, fashion_mnist
from neurosim.engines.jax import Cauchy, Exact, OnLine
from neurosim.engines.settling import Settle
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.equilibrium_propagation.config import Config
from neurosim.experiments.equilibrium_propagation.credit import Response, alignment, symmetry
from neurosim.experiments.equilibrium_propagation.learning import (
    HOMEOSTASIS,
    Rule,
    batch_of,
    right,
    unsettled,
)
from neurosim.learning.protocol import Evaluation, Every, Shuffled

Array = NDArray[np.float64]


class Arm(NamedTuple):
    """One kind of network: angle of its weights at the start, and whether there is homeostasis."""

    angle: float
    homeostasis: bool = False


class Group(NamedTuple):
    """Arms that learn in one program: how credit is found ('adjoint' is back-propagation), whether there is a loop."""

    response: str
    loop: bool
    arms: Mapping[str, Arm]


TIED, RANDOM, HELD = Arm(0.0), Arm(90.0), Arm(90.0, True)
GROUPS = {
    "adjoint": Group("adjoint", False, {"tied": TIED, "random": RANDOM}),
    "exact": Group("exact", False, {"tied": TIED, "random": RANDOM, "homeostasis": HELD}),
    "one_sided": Group("1", False, {"tied": TIED}),
    "centred": Group("2", False, {"tied": TIED}),
    "four": Group("4", False, {"tied": TIED}),
    "on_line": Group("on line", False, {"tied": TIED}),
    "loop": Group("exact", True, {"random": RANDOM, "homeostasis": HELD}),
}
CHECKED = 25  # test images for which credits are compared after learning


class Training:
    """The stages with learning of one run.

    Arguments: config; run, with its seed.
    """

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    @cached_property
    def sets(self) -> tuple[DataSet, DataSet]:
        """The images for training and test."""
        config = self.config
        if config.data == "digits":
            whole = digits()
            return whole.split(len(whole) - config.test_images, self.run.seed)
        train, test = fashion_mnist(config.folder or None)
        return train, test.some(config.test_images, self.run.seed)

    @property
    def seeds(self) -> list[int]:
        """The seeds of weights and of orders of batches."""
        return [self.run.seed + number for number in range(self.config.seeds)]

    def rule(self, group: Group) -> Rule:
        """Return what the networks of a group learn by."""
        config, (train, _) = self.config, self.sets
        sizes = (train.rows.shape[1], config.hidden, config.hidden, train.classes)
        how = Settle(config.tolerance, config.steps, 0.0, "leave out")
        responses: dict[str, Response | None] = {
            "adjoint": None,
            "exact": Exact(),
            "on line": OnLine(4, config.on_line_beta, config.stay, config.rounds),
        }
        known = group.response in responses
        response = responses[group.response] if known else Cauchy(int(group.response), config.beta)
        return Rule(EquilibriumCircuit(sizes, group.loop), response, how)

    def learned(self, name: str, stage: Stage) -> dict[str, Data]:
        """Train the networks of a group."""
        config, (train, test), group = self.config, self.sets, GROUPS[name]
        rule = self.rule(group)
        learner = rule.learner(train, config.batch, optax.sgd(config.rate, config.momentum))
        seeds = self.seeds * len(group.arms)
        drawn = [rule.circuit.initial(seed, arm.angle) for arm in group.arms.values() for seed in self.seeds]
        strength = config.loop_strength if group.loop else config.strength
        vary: dict[str, Any] = {
            parameter: np.stack([one[parameter] for one in drawn]) for parameter in drawn[0]
        }
        vary[HOMEOSTASIS] = np.repeat(
            [strength * arm.homeostasis for arm in group.arms.values()], config.seeds
        )
        kept = dict(stage.restored() or {})
        courses = [np.asarray(kept.pop("symmetry"))] if kept else []
        training = learner.restored(kept) if kept else learner.train(0, seeds, vary=vary)
        if not courses:
            courses.append(self.symmetries(rule.circuit, training.last))
        per = learner.every
        tested = Evaluation(
            Shuffled(batch_of(test), len(test)), {"accuracy": right, "unsettled": unsettled}, Every(per)
        )
        for epoch in range(training.step // per, config.epochs):
            training = learner.train((epoch + 1) * per, after=training, evaluations={"test": tested})
            courses.append(self.symmetries(rule.circuit, training.last))
            stage.checkpoint({**training.arrays(), "symmetry": np.concatenate(courses)})
            stage(epoch + 1, config.epochs, "epochs")
        measured = training.measures("test").values
        shape = (len(group.arms), config.seeds)
        found = {key: np.asarray(value).reshape(*shape, -1) for key, value in measured.items()}
        cosines, used = self.aligned(
            rule.circuit, training.last, test.some(min(CHECKED, len(test)), self.run.seed)
        )
        each = ("arm", "seed", "epoch")
        return {
            "arm": Data(np.array(list(group.arms)), ("arm",), "", "kind of network"),
            "accuracy": Data(found["accuracy"], each, "", "share of test images that were told apart"),
            "unsettled": Data(found["unsettled"], each, "", "share of test images that did not settle"),
            "symmetry": Data(
                np.concatenate(courses).T.reshape(*shape, -1), each, "", "|S|/(|S| + |A|) of J = W - 1"
            ),
            "cosine": Data(
                cosines.reshape(*shape, -1),
                ("arm", "seed", "layer"),
                "",
                "cosine of both credits after learning",
            ),
            "used": Data(used.reshape(shape), ("arm", "seed"), "", "share of the images that settled for it"),
        }

    def symmetries(self, circuit: EquilibriumCircuit, parameters: Mapping[str, Array]) -> Array:
        """Return the symmetry of each network, (1, networks)."""
        members = range(len(next(iter(parameters.values()))))
        return np.array([[symmetry(circuit, _member(parameters, one)) for one in members]])

    def aligned(
        self, circuit: EquilibriumCircuit, parameters: Mapping[str, Array], images: DataSet
    ) -> tuple[Array, Array]:
        """Return the cosines of exact responses and of back-propagation (networks, layers), and the shares used."""
        inputs = {name: value.T for name, value in batch_of(images)["inputs"].items()}
        how = Settle(1e-8, self.config.aligned_steps, 0.0, "leave out")
        found = [
            alignment(circuit, _member(parameters, one), inputs, Exact(), how)
            for one in range(len(next(iter(parameters.values()))))
        ]
        cosines, used = zip(*found, strict=True)
        return np.array(cosines), np.array(used)


def _member(parameters: Mapping[str, Array], one: int) -> dict[str, Array]:
    return {name: np.asarray(value[one]) for name, value in parameters.items()}
