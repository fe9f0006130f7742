"""Quadratic neurons: what one of them computes, what a random start costs, and slow rates of the quadratic part."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import optax

from neurosim import simulate
from neurosim.datasets import digits
from neurosim.errors import RunFailed
from neurosim.experiment import Data, Experiment, RunContext, Stage
from neurosim.experiments.quadratic_neurons.claims import claims
from neurosim.experiments.quadratic_neurons.config import PRESETS, Config
from neurosim.experiments.quadratic_neurons.figure import figure
from neurosim.experiments.quadratic_neurons.network import SOURCE, conventional, quadratic, trainable
from neurosim.learning.bptt import accuracy, mean_square, network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase, Shuffled
from neurosim.rng import generator

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([0.0, 1.0, 1.0, 0.0])
BY_HAND = {"r1.w": [-2.0, 0.0], "g1.w": [0.0, 1.0], "q1.w": [1.0, 1.0], "y.b_g": 0.0}
"""(r)(g) + q = -2 x1 x2 + x1**2 + x2**2 = (x1 - x2)**2."""
CROSS_ENTROPY, ACCURACY = softmax_cross_entropy("y.output"), accuracy("y.output")


def slowed(ratio: float) -> Phase:
    """Return the phase in which quadratic parameters change by a share of what they would."""
    return Phase(rates={**dict.fromkeys(("g*.w", "q*.w", "*.b_g", "*.c"), ratio), "*": 1.0})


def spirals(config: Config, count: int, seed: int, purpose: str) -> dict[str, Any]:
    """Return points of two spirals, and which."""
    rng = generator(seed, purpose)
    label = np.arange(count) % 2
    t = np.sqrt(rng.random(count))
    angle = 2 * np.pi * config.turns * t + np.pi * label
    x = t[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]) + config.noise * rng.normal(
        size=(count, 2)
    )
    return {"inputs": {"x": x}, "label": label.astype(np.int32)}


class Study:
    """The stages of one run."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    def seeds(self, count: int) -> list[int]:
        """Return the seeds of initial weights, the same for every arm."""
        return [1000 * self.run.seed + n for n in range(count)]

    def learner(
        self, network: Any, term: Any, rate: float, batches: Shuffled, dtype: str = "float32"
    ) -> Learner:
        """Return a learner of all weights and biases."""
        model = network_model(network, trainable(network), steps=1, dtype=dtype)
        descend = Descend(term, optax.sgd(rate, momentum=self.config.momentum))
        return Learner(model, descend, batches=batches, every=1000)

    def exact(self, stage: Stage) -> dict[str, Data]:
        """Compute XOR by one neuron with weights set by hand, and compare its start with a conventional network."""
        network = quadratic((2, 1), linear=False)
        simulation = simulate(network, engine=self.run.engine)
        for name, value in BY_HAND.items():
            simulation.set(name, np.asarray(value))
        simulation.run(len(XOR) * network.dt, {"x": XOR})
        recorded: Any = simulation.recordings()["y.output"]
        outputs = recorded.values[:, 0]
        batch = spirals(self.config, self.config.points, self.run.seed, "identity")
        stream = Shuffled(batch, self.config.points)
        sizes, differences = (2, 6, 6, 2), []
        both = [
            self.learner(of, CROSS_ENTROPY, self.config.spiral_rate, stream, "float64")
            for of in (quadratic(sizes), conventional(sizes))
        ]
        for seed in self.seeds(self.config.seeds):
            starts = [
                one.train(0, seed, phase=phase)
                for one, phase in zip(both, (slowed(0.0), Phase()), strict=True)
            ]
            slopes = [one.gradient(start) for one, start in zip(both, starts, strict=True)]
            last = [
                one.train(200, seed, phase=phase).losses["loss"]
                for one, phase in zip(both, (slowed(0.0), Phase()), strict=True)
            ]
            pairs = [(slopes[0][_twin(name)], value) for name, value in slopes[1].items()]
            slope = max(float(np.abs(a - b).max()) for a, b in pairs)
            differences.append([slope, float(np.abs(last[0] / last[1] - 1).max())])
        return {
            "xor": Data(outputs, ("input",), "", "output of one quadratic neuron"),
            "difference": Data(
                np.array(differences), ("seed", "measure"), "", "of gradients; of losses over 200 steps"
            ),
        }

    def xor(self, stage: Stage) -> dict[str, Data]:
        """Train one quadratic neuron on XOR at each ratio of rates."""
        config = self.config
        batch = {"inputs": {"x": XOR}, "target": TARGETS[:, None, None]}
        learner = self.learner(
            quadratic((2, 1), linear=False), mean_square("y.output"), config.xor_rate, Shuffled(batch, 4)
        )
        found = []
        for number, ratio in enumerate(config.ratios):
            trainings = self.trained(learner, config.xor_steps, config.xor_seeds, slowed(ratio))
            found.append([np.inf if t is None else float(t.losses["loss"][-1]) for t in trainings])
            stage(number + 1, len(config.ratios), "ratios")
        return {
            "loss": Data(np.array(found), ("ratio", "start"), "", "mean square error at the end"),
            "ratio": Data(
                np.array(config.ratios), ("ratio",), "", "rate of quadratic parameters over the others'"
            ),
        }

    def spiral(self, width: int, stage: Stage) -> dict[str, Data]:
        """Train two hidden layers of one width on the spirals at each ratio of rates."""
        config, found = self.config, []
        train = spirals(config, config.points, self.run.seed, "training")
        test = Evaluation(Shuffled(spirals(config, 2000, self.run.seed, "test"), 2000), {"it": ACCURACY})
        learner = self.learner(
            quadratic((2, width, width, 2)), CROSS_ENTROPY, config.spiral_rate, Shuffled(train, config.points)
        )
        for number, ratio in enumerate(config.ratios):
            trainings = self.trained(learner, config.spiral_steps, config.seeds, slowed(ratio))
            found.append(
                [np.nan if t is None else float(learner.evaluate(t, test)["it"][0]) for t in trainings]
            )
            stage(number + 1, len(config.ratios), "ratios")
        return {
            "accuracy": Data(
                np.array(found), ("ratio", "seed"), "", "test accuracy; nan where training failed"
            )
        }

    def deep(self, stage: Stage) -> dict[str, Data]:
        """Train a deep network from the conventional start, from a random one, and without its quadratic part."""
        config, found = self.config, []
        train, test = digits().split(1437, self.run.seed)
        stream = Shuffled(train.batch("x"), 64)
        whole = Evaluation(Shuffled(test.batch("x"), len(test)), {"it": ACCURACY})
        sizes = (64, *(config.units,) * config.layers, 10)
        start = self.learner(quadratic(sizes), CROSS_ENTROPY, config.deep_rate, stream)
        random = self.learner(quadratic(sizes, spread=1.0), CROSS_ENTROPY, config.deep_rate, stream)
        arms = ((start, 0.0), (start, config.deep_ratio), (random, 1.0))
        for number, (learner, ratio) in enumerate(arms):
            trainings = self.trained(learner, config.deep_steps, config.seeds, slowed(ratio))
            found.append(
                [np.nan if t is None else float(learner.evaluate(t, whole)["it"][0]) for t in trainings]
            )
            stage(number + 1, len(arms), "arms")
        return {
            "accuracy": Data(
                np.array(found), ("arm", "seed"), "", "test accuracy; nan where training failed"
            ),
            "arm": Data(
                np.array(["conventional", "slow quadratic part", "random start"]),
                ("arm",),
                "",
                "what is trained",
            ),
        }

    def trained(self, learner: Learner, steps: int, count: int, phase: Phase) -> list[Any]:
        """Return a training for each seed, None where its loss exploded or was not finite."""
        found: list[Any] = []
        for seed in self.seeds(count):
            try:
                found.append(learner.train(steps, seed, phase=phase))
            except RunFailed:
                found.append(None)
        return found


def _twin(name: str) -> str:
    """Return the name in a quadratic network of a parameter of the conventional one."""
    return name if name.endswith(".w") or name == "y.bias" else name.replace(".bias", ".b_r")


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    run.cite(SOURCE)
    study = Study(config, run)
    run.stage("exact", study.exact)
    run.stage("xor", study.xor)
    for width in config.widths:
        run.stage(f"spirals_{width}", partial(study.spiral, width))
    run.stage("deep", study.deep)


experiment = Experiment(
    name="quadratic_neurons",
    title="Quadratic neurons, trained from conventional ones",
    citation=SOURCE,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
