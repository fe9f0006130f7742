"""What ablations of single neurons and random perturbations do to the accuracy of the newest head."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurosim.experiment import Data, RunContext, Stage, parallel_map
from neurosim.experiments.timescales.config import Config
from neurosim.experiments.timescales.curricula import streams
from neurosim.experiments.timescales.sequences import newest_accuracy
from neurosim.experiments.timescales.training import NETWORK, Trainings
from neurosim.learning.protocol import Evaluation
from neurosim.rng import generator

Parameters = dict[str, np.ndarray]
ENDS = ("shortest", "longest")
PERTURBED = ("rec.w", "h.tau")


class Robustness:
    """Ablations and perturbations of the last networks of a task, measured on the newest head alone."""

    def __init__(self, config: Config, run: RunContext, trainings: Trainings) -> None:
        self.config, self.run, self.trainings = config, run, trainings

    def task(self, task: str, trained: dict[str, Data], stage: Stage) -> dict[str, Data]:
        """Return accuracies of all networks of a task."""
        config = self.config
        curricula, seeds, _ = trained["h_tau"].array.shape
        jobs = [(c, s) for c in range(curricula) for s in range(seeds)]
        self.trainings.learner(1)

        def one(job: tuple[int, int]) -> tuple[float, np.ndarray, np.ndarray]:
            parameters = {name: trained[name.replace(".", "_")].array[job] for name in NETWORK}
            newest = trained["newest"].array[job]
            span, seed = int(newest[np.isfinite(newest)][-1]), 1000 * self.run.seed + job[1]
            ablated = [self.accuracy(task, span, seed, p) for p in ablations(parameters, config.ablated)]
            draws = generator(seed, "perturbations")
            perturbed = [
                self.accuracy(task, span, seed, perturbed_by(parameters, name, size, draws))
                for name in PERTURBED
                for size in config.perturbations
                for _ in range(config.repeats)
            ]
            return self.accuracy(task, span, seed, parameters), np.array(ablated), np.array(perturbed)

        found = parallel_map(one, jobs, self.run.workers, lambda done, total: stage(done, total, "networks"))
        base, ablated, perturbed = (np.array(values) for values in zip(*found, strict=True))
        of, sizes = (curricula, seeds), len(config.perturbations)
        dims = ("curriculum", "seed")
        return {
            "accuracy": Data(base.reshape(of), dims, "", "accuracy of the newest head of whole networks"),
            "ablated": Data(
                ablated.reshape(*of, 2, config.ablated), (*dims, "end", "neuron"), "",
                "accuracy without one neuron, of those with the shortest and with the longest tau",
            ),
            "end": Data(np.array(ENDS), ("end",), "", "which neurons are ablated"),
            "perturbed": Data(
                perturbed.reshape(*of, 2, sizes, config.repeats), (*dims, "parameter", "size", "draw"), "",
                "accuracy after a perturbation",
            ),
            "parameter": Data(np.array(["W", "tau"]), ("parameter",), "", "what is perturbed"),
            "size": Data(np.array(config.perturbations, float), ("size",), "", "relative size"),
        }  # fmt: skip

    def accuracy(self, task: str, span: int, seed: int, parameters: Parameters) -> float:
        """Return the accuracy of a network with one head."""
        learner = self.trainings.learner(1)
        network = learner.train(0, seed, vary={name: value[None] for name, value in parameters.items()})
        test = Evaluation(streams(self.config, task, 1, (span,))[1], {"accuracy": newest_accuracy})
        return float(learner.evaluate(network, test, name="robustness")["accuracy"][0])


def ablations(parameters: Parameters, count: int) -> Iterator[Parameters]:
    """Yield networks without one neuron each: the `count` with the shortest tau, then those with the longest."""
    order = np.argsort(parameters["h.tau"], kind="stable")
    for neuron in (*order[:count], *order[len(order) - count :]):
        yield without(parameters, int(neuron))


def without(parameters: Parameters, neuron: int) -> Parameters:
    """Return a network whose neuron receives nothing and is not heard: row, column, input and read-out are 0."""
    n = len(parameters["h.tau"])
    found = {name: np.array(value) for name, value in parameters.items()}
    weights = found["rec.w"].reshape(n, n)
    weights[neuron], weights[:, neuron] = 0, 0
    found["in.w"][neuron] = 0
    found["out.w"].reshape(n, -1)[neuron] = 0
    return found


def perturbed_by(parameters: Parameters, name: str, size: float, draws: np.random.Generator) -> Parameters:
    """Return a network with a parameter p changed to p + size |p| d/|d|, d Gaussian, its magnitude for tau."""
    value = parameters[name]
    way = draws.normal(size=value.shape)
    way = np.abs(way) if name == "h.tau" else np.where(value == 0, 0, way)
    change = size * np.linalg.norm(value) / np.linalg.norm(way) * way
    return {**parameters, name: (value + change).astype(value.dtype)}
