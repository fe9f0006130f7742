"""Reaching from one centre to targets on a circle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.errors import DescriptionError
from neurosim.tasks.task import Limb, Task, Trials, plain_trial, require_steps


@dataclass(frozen=True)
class CentreOut(Task):
    """Reach from one posture to targets evenly spaced on a circle, in turn: trial i goes in direction i mod directions.

    Arguments:
        steps: length of a trial.
        posture (rad): joint angles of the centre.
        distance (m): of the targets from the centre.
        directions: number of targets, the first along +x, then counter-clockwise.

    Raises DescriptionError when steps or directions is below 1 or distance is not positive; for a limb, when a target
    or the centre is out of reach.
    """

    steps: int = 50
    posture: tuple[float, float] = (math.radians(45), math.radians(90))
    distance: float = 0.1
    directions: int = 8
    name: ClassVar[str] = "centre_out"

    def __post_init__(self) -> None:
        require_steps(self, self.steps)
        if self.directions < 1:
            raise DescriptionError(f"CentreOut.directions = {self.directions}: must be at least 1")
        if not (math.isfinite(self.distance) and self.distance > 0):
            raise DescriptionError(f"CentreOut.distance = {self.distance} m: must be finite and above 0")

    def targets(self, limb: Limb) -> Array:
        """Return the positions of all targets (m) [directions, 2]."""
        angle = 2 * math.pi * np.arange(self.directions) / self.directions
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return jax.jit(limb.hand)(np.array(self.posture)) + self.distance * circle

    def check(self, limb: Limb) -> None:
        """Raise DescriptionError when a target or the centre is out of reach."""
        limits = zip(limb.lower, self.posture, limb.upper, strict=True)
        if not all(low <= angle <= high for low, angle, high in limits):
            raise DescriptionError(
                f"CentreOut.posture = {self.posture} rad: outside the joint limits {limb.lower} to {limb.upper} rad"
            )
        with jax.ensure_compile_time_eval():  # the values are known, even while a caller is being traced
            targets = self.targets(limb)
            missed = np.isnan(jax.jit(limb.angles)(targets)).any(-1)
        if missed.any():
            first = int(np.argmax(missed))
            x, y = np.asarray(targets)[first]
            raise DescriptionError(
                f"CentreOut.distance = {self.distance} m: target {first} at ({x:.3f}, {y:.3f}) m is out of reach; "
                "give a smaller distance or another posture"
            )

    def trial(self, limb: Limb, key: Array, number: Array) -> Trials:
        """Return one trial; arguments as of `Task.trial`."""
        target = self.targets(limb)[number % self.directions]
        return plain_trial(limb, jnp.array(self.posture), target, self.steps)
