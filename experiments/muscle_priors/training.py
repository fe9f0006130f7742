"""The arm, its policy and what they learn: one compiled step for every prior and every task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import optax
from jax import Array

from neurosim.bodies.arm import Effector
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.muscle_priors.config import Config
from neurosim.experiments.muscle_priors.tasks import PRIORS, mixture
from neurosim.learning.bptt import GRU, Model, Objective
from neurosim.learning.protocol import Descend, Evaluation, Every, Learner, Phase, Training
from neurosim.tasks import Trials, rollout
from neurosim.tasks.rollout import Cue, Episode

SENSES = 18
"""Lengths and velocities of six muscles, hand, target, whether it is shown, whether to go."""
EVERY = 50


def end_error(episode: Episode, trials: Trials) -> Array:
    """Return the mean distance of the hand from its aim at the end of trials (m)."""
    return jnp.linalg.norm(episode.hand[:, -1] - trials.aim[:, -1], axis=-1).mean()


def dimension(episode: Episode, trials: Trials) -> Array:
    """Return the participation ratio of muscle activations over trials and steps, (sum l)**2/sum l**2.

    l are the eigenvalues of their covariance: 6 for muscles that vary alike and independently, 1 for one synergy.
    """
    activation = episode.state.plant.activation.reshape(-1, episode.excitation.shape[-1])
    covariance = jnp.cov(activation.T)
    return jnp.trace(covariance) ** 2 / jnp.square(covariance).sum()


class Arms:
    """The stages of one run; every prior has the same initial weights and, on a new task, the same trials."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run
        self.seeds = [1000 * run.seed + k for k in range(config.seeds)]
        arm, policy = Effector(), GRU(inputs=SENSES, units=config.units, outputs=6)

        def outcome(weights: Any, trials: Trials, key: Array) -> Episode:
            def control(memory: Array, seen: Any, cue: Cue) -> tuple[Array, Array]:
                told = jnp.stack([cue.visible, cue.go], axis=-1)
                return policy.step(weights, memory, jnp.concatenate([*seen, cue.target, told], axis=-1))

            return rollout(arm, control, trials, policy.start(trials.q.shape[0]))

        terms = {
            "error": lambda episode, trials: jnp.linalg.norm(episode.hand - trials.aim, axis=-1).mean(),
            "effort": lambda episode, trials: jnp.square(episode.excitation).mean(),
            "end": end_error,  # measured, not minimised
        }
        objective = Objective(terms, {"loss": {"error": 1.0, "effort": config.effort}})
        optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(config.learning_rate))
        self.learner = Learner(
            Model(policy.initial, outcome),
            Descend(objective, optimiser),
            batches=mixture(config, PRIORS["multi"], config.batch),
            every=EVERY,
        )

    def prior(self, name: str, stage: Stage) -> dict[str, Data]:
        """Train on the tasks of a prior, and keep its weights."""
        training = self.trained(PRIORS[name], self.config.prior_updates, {}, stage)
        weights = {}
        for weight, value in training.last.items():
            axes = tuple(f"{_kept(weight)}_{k}" for k in range(value.ndim - 1))
            weights[_kept(weight)] = Data(value, ("seed", *axes), "", f"{weight} after it")
        return weights | self.measured(training, PRIORS[name])

    def transfer(self, task: str, prior: Mapping[str, Data], stage: Stage) -> dict[str, Data]:
        """Train on a new task from the weights of a prior, the initial ones if it has none."""
        names = self.learner.model.initial(0) if prior else ()
        training = self.trained(
            (task,), self.config.updates, {name: prior[_kept(name)].array for name in names}, stage
        )
        return self.measured(training, (task,))

    def trained(
        self, names: tuple[str, ...], updates: int, start: Mapping[str, Any], stage: Stage
    ) -> Training:
        """Return a training on tasks; continues from the last checkpoint."""
        phase = Phase(batches=mixture(self.config, names, self.config.batch))
        test = Evaluation(
            mixture(self.config, names, self.config.tests),
            {"end": end_error, "dimension": dimension},
            Every(updates),
        )
        kept = stage.restored()
        training = self.learner.restored(kept) if kept else None
        done = 0 if training is None else training.step
        while training is None or done < updates:
            done = min(done + EVERY, updates)
            training = self.learner.train(
                done,
                self.seeds,
                vary=None if training else start,
                after=training,
                phase=phase,
                evaluations={"test": test},
            )
            stage(done, updates, "updates")
            stage.checkpoint(training.arrays())
        return training

    def measured(self, training: Training, names: tuple[str, ...]) -> dict[str, Data]:
        """Return the course of a training and what its evaluations found, before and after it."""
        test, what = training.measures("test").values, " and ".join(names)
        return {
            "course": Data(training.terms["end"], ("seed", "update"), "m", f"mean end error of each batch, {what}"),
            "end": Data(test["end"], ("seed", "moment"), "m", "mean end error on other trials, before and after"),
            "dimension": Data(
                test["dimension"], ("seed", "moment"), "", "participation ratio of muscle activations in them"
            ),
        }  # fmt: skip


def _kept(name: str) -> str:
    """Return the name under which a weight is stored."""
    return f"weight_{name.replace('.', '_')}"
