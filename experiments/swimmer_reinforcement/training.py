"""Controllers that learn by a clipped policy gradient, each from the same code, and what is measured of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import optax

from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.circuits.mlp import MLPController
from neurosim.experiment import Data, Stage
from neurosim.learning.arena import Arena, Controller, Episode
from neurosim.learning.policy import Exploration, PolicyGradient, Progressed
from neurosim.learning.protocol import Training
from neurosim.rng import generator

LAST_LAYER = 0.1
"""Factor on the initial weights of the last layer of an MLP, so that it begins near rest."""


@dataclass(frozen=True)
class Kind:
    """A kind of controller: its network, initial weights by seed, what is observed and read by the value, its rate."""

    controller: Controller
    initial: Callable[[int], np.ndarray]
    observe: tuple[str, ...]
    value_reads: tuple[str, ...]
    rate: float


def circuit_kind(n_links: int, rate: float, constant: bool = True) -> Kind:
    """Return the motor circuit, with its constant initial weights or with weights drawn from its signs."""
    circuit = SwimmerCircuit(n_links - 1, constant=constant)
    return Kind(circuit, circuit.initial, ("angle",), ("angle", "oscillator"), rate)


def mlp_kind(n_links: int, width: int, rate: float) -> Kind:
    """Return a perceptron with two hidden layers, which observes the whole body."""
    mlp = MLPController(n_links - 1, (width, width))

    def initial(seed: int) -> np.ndarray:
        weights = mlp.weights(mlp.initial(seed))
        layers = len(weights) // 2
        last = {f"weights{layers}", f"biases{layers}"}
        return np.concatenate(
            [value * (LAST_LAYER if name in last else 1) for name, value in weights.items()]
        )

    return Kind(mlp, initial, ("observation",), ("observation",), rate)


class Trained:
    """One kind of controller in one body: its training, resumable, and its evaluation without noise.

    Arguments: kind; config, with the settings of a policy gradient, of episodes and of evaluation; engine, by name;
    optimiser, of the policy, by default Adam at the kind's rate; medium, keyword arguments of `Swimmer`.
    """

    def __init__(
        self,
        kind: Kind,
        config: Any,
        engine: str,
        optimiser: optax.GradientTransformation | None = None,
        **medium: float,
    ) -> None:
        self.kind, self.config = kind, config
        self._optimiser = optimiser or optax.adam(kind.rate)
        self._engine, self._medium = engine, medium

    def arena(self, explore: Exploration | None = None, **medium: float) -> Arena:
        """Return an arena of the body in its medium, or in another one."""
        config = self.config
        body = partial(Swimmer, config.n_links, config.physics_dt, **{**self._medium, **medium})
        return Arena(self.kind.controller, body, self._engine, explore=explore)

    @cached_property
    def policy(self) -> PolicyGradient:
        """The learner, which all seeds share."""
        config, kind = self.config, self.kind
        names = tuple(kind.controller.weights(kind.initial(0)))
        return PolicyGradient(
            self.arena(Exploration("torque", config.noise, kind.observe)),
            names,
            self._optimiser,
            optax.adam(config.value_rate),
            value_reads=kind.value_reads,
            episodes=config.episodes,
            steps=config.steps,
            iterations=config.iterations,
            discount=config.discount,
            decay=config.decay,
            clip=config.clip,
            trust=config.trust,
        )

    def vector(self, training: Training) -> np.ndarray:
        """Return the weights of a training in the order of the controller."""
        return np.concatenate([np.ravel(training.last[name]) for name in self.policy.trained])

    def measured(self, arena: Arena, vector: np.ndarray, seed: int) -> list[Episode]:
        """Return episodes without noise from the same starts for every controller."""
        config = self.config
        return [
            arena.episode(vector, generator(seed, f"evaluation, start {k}"), config.steps)
            for k in range(config.starts)
        ]

    def learned(self, seed: int, stage: Stage) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Train from a seed, from the last checkpoint if there is one.

        Returns (returns with noise of each roll-out, marked vectors (marks, weights), the initial one first, number of
        weights that are 0 at the end of each roll-out).
        """
        config, kind, policy = self.config, self.kind, self.policy
        first = kind.initial(seed)
        kept, log, marked = stage.restored(), np.zeros((0, 2)), first[None]
        after = None
        if kept is not None:
            log, marked = np.asarray(kept.pop("log")), np.asarray(kept.pop("marked"))
            after = policy.learner.restored(kept)
        weights = kind.controller.weights(first)

        def told(progress: Progressed) -> None:
            nonlocal log, marked
            now = self.vector(progress.training)
            log = np.vstack([log, [progress.mean_return, np.count_nonzero(now == 0)]])
            if progress.number + 1 in config.marks:
                marked = np.vstack([marked, now])
            stage.checkpoint({**progress.training.arrays(), "log": log, "marked": marked})
            stage(progress.number + 1, config.rollouts)

        policy.train(config.rollouts, seed, initial=weights, after=after, progress=told)
        return log[:, 0], marked, log[:, 1]

    def results(self, seed: int, starts: int, stage: Stage) -> dict[str, Data]:
        """Train, then measure the policy without noise at every mark.

        Arguments: seed, of the training; starts, seed of the starts of evaluations; stage.
        """
        noisy, marked, zero = self.learned(seed, stage)
        arena = self.arena()
        episodes = [self.measured(arena, vector, starts) for vector in marked]
        total = [[episode.total for episode in row] for row in episodes]
        speed = [[episode.net_speed for episode in row] for row in episodes]
        each = self.config.steps_per_rollout
        return {
            "steps": Data(each * np.arange(1, len(noisy) + 1), ("rollout",), "", "environment steps used"),
            "noisy": Data(noisy, ("rollout",), "", "mean return with noise"),
            "zero": Data(zero, ("rollout",), "", "weights that are 0"),
            "marks": Data(
                each * np.array([0, *self.config.marks]), ("mark",), "", "steps before an evaluation"
            ),
            "returns": Data(np.array(total), ("mark", "start"), "", "return without noise"),
            "speed": Data(np.array(speed), ("mark", "start"), "m/s", "net speed of the centre of mass"),
            "weights": Data(marked, ("mark", "weight"), "", "weights at each mark"),
        }
