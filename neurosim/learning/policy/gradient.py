"""Learning from roll-outs: collect, work out advantages, descend the clipped objective, again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import ArrayLike

from neurosim.errors import UsageError
from neurosim.learning.arena import Arena
from neurosim.learning.bptt.network import network_model
from neurosim.learning.bptt.objective import Objective
from neurosim.learning.exploration import Exploration
from neurosim.learning.policy.readout import with_value
from neurosim.learning.policy.terms import clipped, value_error
from neurosim.learning.protocol import Descend, Learner, Phase, Shuffled, Training
from neurosim.learning.rollout import Rollout


class Progressed(NamedTuple):
    """What is known after a roll-out: its number, its mean return with noise, and the training after it."""

    number: int
    mean_return: float
    training: Training


def resting(optimiser: optax.GradientTransformation) -> optax.GradientTransformation:
    """Return an optimiser that does nothing, and keeps its state, where the whole gradient is exactly 0."""

    def update(gradient: Any, state: Any, parameters: Any = None) -> tuple[Any, Any]:
        there = jnp.stack([jnp.any(slope != 0) for slope in jax.tree.leaves(gradient)]).any()
        updates, after = optimiser.update(gradient, state, parameters)
        still = jax.tree.map(lambda x: jnp.where(there, x, jnp.zeros_like(x)), updates)
        return still, jax.tree.map(lambda new, old: jnp.where(there, new, old), after, state)

    return optax.GradientTransformation(optimiser.init, update)


@dataclass(frozen=True)
class PolicyGradient:
    """A clipped policy gradient with a value read-out, for a network in the loop with a body.

    Each roll-out is collected with noise on the actions; then its observations are replayed without the body, and the
    policy and the value read-out descend their terms on the whole roll-out, `iterations` times, the policy only until
    it has moved by `trust`. The body needs no gradient.
    Arguments: arena, with `explore`; trained, names of the parameters of the policy; optimiser and value_optimiser, of
    optax; value_reads, the populations that the value read-out reads, by default what is observed; hidden, its neurons;
    episodes and steps, of a roll-out; iterations; discount, decay, clip, as of `advantages` and `clipped`; trust, the
    mean log-ratio.
    Raises UsageError for an arena without exploration, or no trained parameters.
    """

    arena: Arena
    trained: tuple[str, ...]
    optimiser: optax.GradientTransformation
    value_optimiser: optax.GradientTransformation
    value_reads: tuple[str, ...] = ()
    hidden: int = 32
    episodes: int = 4
    steps: int = 1000
    iterations: int = 30
    discount: float = 0.99
    decay: float = 0.97
    clip: float = 0.2
    trust: float = 0.015

    def __post_init__(self) -> None:
        if self.arena.explore is None:
            raise UsageError("PolicyGradient.arena: it does not explore: give it explore=Exploration(...)")
        if not self.trained:
            raise UsageError("PolicyGradient.trained: there are none: name parameters of the policy")

    @property
    def explore(self) -> Exploration:
        """How the arena explores."""
        assert self.arena.explore is not None
        return self.arena.explore

    @cached_property
    def learner(self) -> Learner:
        """The learner of the open loop."""
        explore, sd = self.explore, self.explore.sd
        network, critic = with_value(
            explore.open_loop(self.arena.controller_network), self.value_reads or explore.observe, self.hidden
        )
        model = network_model(network, (*self.trained, *critic))
        labels = {**dict.fromkeys(self.trained, "policy"), **dict.fromkeys(critic, "value")}
        optimiser = optax.multi_transform(
            {"policy": resting(self.optimiser), "value": self.value_optimiser},
            lambda parameters: {name: labels[name] for name in parameters},
        )
        terms = {
            "policy": clipped(explore.recording, sd, self.clip, self.trust),
            "value": value_error(),
        }
        sizes = {name: network.populations[name].size for name in (*explore.observe, explore.action)}
        nothing = np.zeros((self.episodes, self.steps + 1))
        empty = Rollout(
            {name: np.repeat(nothing[..., None], sizes[name], -1) for name in explore.observe},
            np.repeat(nothing[:, 1:, None], sizes[explore.action], -1),
            np.repeat(nothing[:, 1:, None], sizes[explore.action], -1),
            nothing[:, 1:],
        )
        return Learner(
            model,
            Descend(Objective(terms), optimiser, (*self.trained, *critic)),
            batches=self._stream(empty, nothing),
            every=self.iterations,
            limit=1e12,
        )

    def train(
        self,
        rollouts: int,
        seed: int = 0,
        *,
        initial: Mapping[str, ArrayLike] | None = None,
        after: Training | None = None,
        progress: Callable[[Progressed], None] | None = None,
    ) -> Training:
        """Return the training after a number of roll-outs from the start.

        Arguments: seed, of starts, noise and the value read-out; initial, values of parameters by name, in place of
        those of the network; after, a training to continue, with its seed: the
        result has the same bits as if it had not stopped; progress, called after each roll-out. The returns of the
        roll-outs, with noise, are what `progress` is told; those without are what `arena.episode` gives.
        """
        if after is None:
            given = {name: np.asarray(value)[None] for name, value in (initial or {}).items()}
            training = self.learner.train(0, seed, vary=given)
        else:
            training = after
        for number in range(training.step // self.iterations, rollouts):
            rollout = self.arena.collect(
                {name: training.last[name] for name in self.trained},
                self.episodes,
                seed=int(training.seeds[0]),
                number=number,
                steps=self.steps,
            )
            outcome = self.learner.model.run(
                training.last, {"inputs": dict(rollout.observations)}, seed=int(training.seeds[0])
            )
            values = np.asarray(outcome["value.output"], float)[..., 0]
            phase = Phase(batches=self._stream(rollout, values))
            training = self.learner.train((number + 1) * self.iterations, after=training, phase=phase)
            if progress is not None:
                progress(Progressed(number, float(rollout.returns.mean()), training))
        return training

    def _stream(self, rollout: Rollout, values: np.ndarray) -> Shuffled:
        return Shuffled(rollout.batch(values, self.discount, self.decay), self.episodes)
