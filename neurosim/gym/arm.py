"""The arm with six muscles as an environment, for any task of reaching."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box

from neurosim.bodies.arm import Effector, EffectorState
from neurosim.bodies.external import FloatArray
from neurosim.errors import DescriptionError, UsageError
from neurosim.rng.jax_keys import jax_key
from neurosim.tasks import RandomReach, Task, Trials


class ArmEnv(gymnasium.Env[FloatArray, FloatArray]):
    """One trial of a task per episode: reward = -|hand - aim| - effort mean(u^2) after each step.

    Actions u (1): excitations of the muscles, in [0, 1]. Observations: fibre length over optimum and velocity over its
    maximum for each muscle (1), the hand (m), the target (m), 0 while it is hidden, and whether it is visible and
    whether to go there (0 or 1). An episode is truncated at the end of the trial and never terminates. `info` has
    distance, from the hand to where it should be (m).

    Arguments:
        effector: the arm; the reference arm if omitted.
        task: of which an episode is a trial; reaching between random postures if omitted.
        effort (1): weight of the mean squared excitation.

    Raises DescriptionError for an effort below 0, or a task that the arm cannot do.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(
        self, effector: Effector | None = None, task: Task | None = None, effort: float = 0.01
    ) -> None:
        if not effort >= 0:
            raise DescriptionError(f"ArmEnv.effort = {effort}: give a number that is not negative")
        self.effector = effector or Effector()
        self.task = task or RandomReach()
        self.effort = effort
        self.task.check(self.effector.plant.skeleton)
        self._muscles = muscles = self.effector.plant.n_muscles
        self.action_space = Box(0.0, 1.0, (muscles,), np.float64)
        self.observation_space = Box(-np.inf, np.inf, (2 * muscles + 6,), np.float64)
        self._trials: Trials | None = None
        self._state: EffectorState | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Start a trial that is drawn from the task.

        Arguments:
            seed: of all random numbers from here on.
            options: there are none.

        Raises UsageError for an option.
        """
        super().reset(seed=seed)
        if options:
            raise UsageError(f"ArmEnv.reset: options {sorted(options)}: there are none")
        self._key = jax_key(int(self.np_random.integers(2**31)), "arm environment", "episode")
        self._trials, self._state, seen, distance = self._begin(self._key)
        self._done = 0
        return np.asarray(seen, np.float64), {"distance": float(distance)}

    def step(self, action: FloatArray) -> tuple[FloatArray, float, bool, bool, dict[str, Any]]:
        """Return (observation, reward, False, whether the trial is over, info) after one step.

        Arguments:
            action (1): excitations, shape (muscles,), clipped to those that the muscles allow.

        Raises DescriptionError for another shape or values that are not finite, UsageError when the trial is over.
        """
        if self._trials is None or self._done >= self._trials.go.shape[1]:
            raise UsageError("ArmEnv.step: no trial is running: reset")
        excitation = np.asarray(action, float)
        if excitation.shape != (self._muscles,) or not np.isfinite(excitation).all():
            raise DescriptionError(f"ArmEnv.step: action {action!r}: give {self._muscles} numbers")
        self._state, seen, distance = self._advance(
            self._state, self._trials, self._done, excitation, self._key
        )
        self._done += 1
        spent = float(np.mean(np.clip(excitation, 0, 1) ** 2))
        reward = -float(distance) - self.effort * spent
        over = self._done >= self._trials.go.shape[1]
        return np.asarray(seen, np.float64), reward, False, over, {"distance": float(distance)}

    @cached_property
    def _begin(self) -> Any:
        def begin(key: Any) -> Any:
            trials = self.task.trials(self.effector.plant.skeleton, jax.random.fold_in(key, 0), 1)
            state = self.effector.init(1, trials.q, trials.dq, jax.random.fold_in(key, 1))
            distance = jnp.linalg.norm(self.effector.hand(state)[0] - trials.aim[0, 0])
            return trials, state, self._observed(state, trials, 0), distance

        return jax.jit(begin)

    @cached_property
    def _advance(self) -> Any:
        def advance(state: Any, trials: Any, t: Any, excitation: Any, key: Any) -> Any:
            load = trials.load[:, t] + jnp.einsum(
                "bij,bj->bi", trials.field, self.effector.hand_velocity(state)
            )
            after = self.effector.step(state, excitation[None], load, jax.random.fold_in(key, 2 + t))
            distance = jnp.linalg.norm(self.effector.hand(after)[0] - trials.aim[0, t])
            last = trials.go.shape[1] - 1
            return after, self._observed(after, trials, jnp.minimum(t + 1, last)), distance

        return jax.jit(advance)

    def _observed(self, state: Any, trials: Any, t: Any) -> Any:
        felt, visible = self.effector.observe(state), trials.visible[0, t]
        told = (trials.target[0] * visible, visible[None], trials.go[0, t][None])
        return jnp.concatenate([felt.length[0], felt.velocity[0], felt.hand[0], *told])
