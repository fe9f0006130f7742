"""The mechanics of the arm: skeleton, muscle paths and muscles as one set of differential equations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from jax import Array

from neurosim.bodies.arm.arm26 import FIBRES, PATHS
from neurosim.bodies.arm.fibres import Contraction, Fibres
from neurosim.bodies.arm.muscles import Hill, Muscle
from neurosim.bodies.arm.paths import Paths
from neurosim.bodies.arm.skeleton import TwoLink
from neurosim.errors import DescriptionError


class PlantState(NamedTuple):
    """Joint angles (rad) and velocities (rad/s) [..., 2], activation (1) [..., muscle], and the last contraction."""

    q: Array
    dq: Array
    activation: Array
    muscle: Contraction


@dataclass(frozen=True)
class Plant:
    """A two-link arm with muscles; the default is the six-muscle arm "arm26".

    Arguments:
        skeleton: the bones.
        paths: how the muscles run across the joints.
        fibres: the sizes of the muscles.
        muscle: the model of all muscles.

    Raises DescriptionError when paths and fibres differ in the number of muscles.
    """

    skeleton: TwoLink = field(default_factory=TwoLink)
    paths: Paths = PATHS
    fibres: Fibres = FIBRES
    muscle: Muscle = field(default_factory=Hill)

    def __post_init__(self) -> None:
        paths, fibres = len(self.paths.constant), len(self.fibres.optimum)
        if paths != fibres:
            raise DescriptionError(
                f"Plant: paths of {paths} muscles, fibres of {fibres}; give as many of each"
            )

    @property
    def n_muscles(self) -> int:
        """Number of muscles."""
        return len(self.fibres.optimum)

    def contract(self, q: Array, dq: Array, a: Array) -> Contraction:
        """Return what the muscles do at angles q, velocities dq [..., 2] and activations a [..., muscle]."""
        return self.muscle.contract(self.fibres, a, self.paths.length(q), self.paths.velocity(q, dq))

    def acceleration(self, q: Array, dq: Array, muscle_force: Array, hand_force: Array) -> Array:
        """Return ddq (rad/s^2) [..., 2] under forces of the muscles (N) [..., muscle] and on the hand (N) [..., 2]."""
        return self.skeleton.acceleration(q, dq, self.paths.torque(q, muscle_force), hand_force)
