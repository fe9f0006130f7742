"""The swimmer as an environment: swim, follow commands, reach targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from neurosim.bodies.external import FloatArray
from neurosim.bodies.swimmer import Swimmer
from neurosim.bodies.targets import TargetSwimmer
from neurosim.errors import DescriptionError, UsageError


class SwimmerEnv(gymnasium.Env[FloatArray, FloatArray]):
    """Swim forward: reward = forward_weight r - control_weight mean(a^2), r = clip(forward speed/target speed, 0, 1).

    Actions a (1): torques of the N = n_links - 1 joints over 5e-4 N m, in [-1, 1]. Observations (4 N + 3,): the joint
    angles (rad), then for each link its velocity x, y (m/s) and turning rate (rad/s) in its own frame; with
    `time_feature` also the time, from -1 at the start to 1 at the end of an episode. An episode is truncated after
    `steps`, and never terminates. `info` has forward_speed and com_speed, of the centre of mass (m/s).

    Arguments:
        n_links: of the body.
        dt (s): physics step.
        control_dt (s): time between actions.
        density (kg/m^3), viscosity (Pa s): of the medium.
        target_speed (m/s): forward speed of full reward.
        steps: of an episode.
        forward_weight, control_weight (1): weights of the reward.
        reset_noise (1): share of the joint range from which initial angles are drawn.
        time_feature: whether the time is observed.

    Raises DescriptionError when an argument is out of range.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(
        self,
        n_links: int = 6,
        dt: float = 0.005,
        control_dt: float = 0.030,
        density: float = 3000.0,
        viscosity: float = 0.0,
        target_speed: float = 0.1,
        steps: int = 1000,
        forward_weight: float = 1.0,
        control_weight: float = 0.0,
        reset_noise: float = 1.0,
        time_feature: bool = False,
    ) -> None:
        if steps < 1:
            raise DescriptionError(f"{type(self).__name__}.steps = {steps}: give at least 1")
        if not 0 <= reset_noise <= 1:
            raise DescriptionError(
                f"{type(self).__name__}.reset_noise = {reset_noise}: give a number from 0 to 1"
            )
        self.body = self._make(Swimmer(n_links, dt, control_dt, density, viscosity, target_speed))
        self.steps, self.reset_noise, self.time_feature = steps, reset_noise, time_feature
        self.forward_weight, self.control_weight = forward_weight, control_weight
        self.target_speed, self.control_dt = target_speed, control_dt
        self._done = 0
        self._outputs = self.body.output_values
        self.action_space = Box(-1.0, 1.0, (self.body.n_inputs,), np.float64)
        self.observation_space = Box(-np.inf, np.inf, self._observation().shape, np.float64)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Start an episode: at the origin, at rest, with random joint angles and heading.

        Arguments:
            seed: of all random numbers from here on.
            options: there are none, but for the commands of `CommandedSwimmerEnv`.

        Raises UsageError for an option that does not exist.
        """
        super().reset(seed=seed)
        self.body.reset(self.np_random, self.reset_noise)
        self._outputs, self._done = self.body.output_values, 0
        self._started(options or {})
        return self._observation(), self._info(0.0)

    def step(self, action: FloatArray) -> tuple[FloatArray, float, bool, bool, dict[str, Any]]:
        """Return (observation, reward, False, whether time is over, info) after one control step.

        Arguments:
            action (1): torques, shape (N,), clipped to [-1, 1].

        Raises DescriptionError for another shape or values that are not finite, UsageError when time is over.
        """
        if self._done >= self.steps:
            raise UsageError(f"{type(self).__name__}.step: the episode of {self.steps} steps is over: reset")
        before = self._part("com").copy()
        controls = np.clip(np.asarray(action, float), -1, 1)
        self._outputs = self.body.step(controls)
        self._done += 1
        reward = self.forward_weight * self._earned() - self.control_weight * float(np.mean(controls**2))
        speed = float(np.hypot(*(self._part("com") - before))) / self.control_dt
        return self._observation(), reward, False, self._done >= self.steps, self._info(speed)

    # What a task of its own changes

    def _make(self, swimmer: Swimmer) -> Swimmer | TargetSwimmer:
        return swimmer

    def _started(self, options: Mapping[str, Any]) -> None:
        if options:
            raise UsageError(f"{type(self).__name__}.reset: options {sorted(options)}: there are none")

    def _earned(self) -> float:
        return float(self._part("reward")[0])

    def _seen(self) -> FloatArray:
        return np.zeros(0)

    def _info(self, com_speed: float) -> dict[str, Any]:
        return {"forward_speed": float(self._part("forward_speed")[0]), "com_speed": com_speed}

    # Common

    def _part(self, name: str) -> FloatArray:
        return self._outputs[self.body.outputs[name]]

    def _observation(self) -> FloatArray:
        time = [2 * self._done / self.steps - 1] if self.time_feature else []
        return np.concatenate([self._part("observation"), self._seen(), time])


class CommandedSwimmerEnv(SwimmerEnv):
    """Follow commands of turn and speed, which are drawn again every `hold` steps.

    r = 1 - |v/target_speed - s| / 2 - |w/target_turn - (left - right)| / 2, with forward speed v (m/s) and turning rate
    w (rad/s, left positive) as means over the last `average` steps since the command. Three more observations, in the
    order of the commands of `SwimmerCircuit`: right and left in [0, 1], of which one is 0, and speed s in [0, 1].
    `reset(options={"right": 0.5, "left": 0.0, "speed": 1.0})` gives commands for a whole episode; they are in `info`.

    Arguments, in addition to those of `SwimmerEnv`:
        hold: steps of each command.
        average: steps of the running mean of speed and turning rate; 60 are a period of the circuit.
        target_turn (rad/s): turning rate at a command of 1.
    """

    def __init__(
        self, *, hold: int = 300, average: int = 60, target_turn: float = 0.5, **of_swimmer: Any
    ) -> None:
        for name, value in (("hold", hold), ("average", average), ("target_turn", target_turn)):
            if not value > 0:
                raise DescriptionError(f"CommandedSwimmerEnv.{name} = {value}: give a positive number")
        self.hold, self.average, self.target_turn = hold, average, target_turn
        self._given = False
        self._command = np.array([0.0, 0.0, 1.0])
        self._recent: list[tuple[float, float]] = []
        super().__init__(**of_swimmer)

    def _started(self, options: Mapping[str, Any]) -> None:
        names = ("right", "left", "speed")
        if wrong := set(options) - set(names):
            raise UsageError(f"CommandedSwimmerEnv.reset: options {sorted(wrong)}: give {', '.join(names)}")
        given = np.array(
            [float(options.get(name, default)) for name, default in zip(names, (0, 0, 1), strict=True)]
        )
        if not ((given >= 0) & (given <= 1)).all():
            raise UsageError(f"CommandedSwimmerEnv.reset: options {dict(options)}: give numbers from 0 to 1")
        self._given = bool(options)
        self._command = given if options else self._drawn()
        self._recent = []
        self._heading = float(self._part("heading")[0])

    def _drawn(self) -> FloatArray:
        turn, speed = self.np_random.uniform(-1, 1), self.np_random.uniform(0, 1)
        return np.array([max(-turn, 0.0), max(turn, 0.0), speed])

    def _earned(self) -> float:
        heading = float(self._part("heading")[0])
        rate, self._heading = (heading - self._heading) / self.control_dt, heading
        self._recent = [*self._recent, (float(self._part("forward_speed")[0]), rate)][-self.average :]
        speed, turn = np.mean(self._recent, axis=0)
        right, left, wanted = self._command
        missed = abs(speed / self.target_speed - wanted) + abs(turn / self.target_turn - (left - right))
        if not self._given and self._done % self.hold == 0:
            self._command, self._recent = self._drawn(), []
        return float(1 - missed / 2)

    def _seen(self) -> FloatArray:
        return self._command

    def _info(self, com_speed: float) -> dict[str, Any]:
        commands = dict(zip(("right", "left", "speed"), map(float, self._command), strict=True))
        return {**super()._info(com_speed), **commands}


class TargetSwimmerEnv(SwimmerEnv):
    """Reach targets one after the other: r = speed of approach of the nose over target_speed (see `TargetSwimmer`).

    Two more observations: the place of the present target (m) in the head frame, whose nose points to -y. `info` has
    reached, the number of targets reached.

    Arguments, in addition to those of `SwimmerEnv`:
        targets: number of targets.
        distance (m): from one target to the next.
        reach (m): distance of the nose at which a target is reached.
    """

    def __init__(
        self, *, targets: int = 10, distance: float = 0.8, reach: float = 0.1, **of_swimmer: Any
    ) -> None:
        self._course = (targets, distance, reach)
        super().__init__(**of_swimmer)

    def _make(self, swimmer: Swimmer) -> TargetSwimmer:
        return TargetSwimmer(swimmer, *self._course)

    def _seen(self) -> FloatArray:
        return self._part("to_target")

    def _info(self, com_speed: float) -> dict[str, Any]:
        return {**super()._info(com_speed), "reached": int(self._part("reached")[0])}
