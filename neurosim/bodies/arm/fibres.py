"""The sizes of muscles, and what a contraction consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from jax import Array

from neurosim.bodies.arm.checks import require_above, require_from
from neurosim.errors import DescriptionError


class Contraction(NamedTuple):
    """What muscles do: force (N), fibre length (m), fibre velocity (m/s, positive in lengthening), [..., muscle]."""

    force: Array
    length: Array
    velocity: Array


@dataclass(frozen=True)
class Fibres:
    """The sizes of each muscle; the muscle model is the same for all.

    Arguments:
        max_force (N): isometric force at the optimum, one number per muscle.
        tendon (m): length of the tendon, one number per muscle.
        optimum (m): fibre length of the greatest force, one number per muscle.
        max_speed (optimum lengths per second): the unit of sensed velocity.

    Raises DescriptionError when the sizes differ in number or are not positive.
    """

    max_force: tuple[float, ...]
    tendon: tuple[float, ...]
    optimum: tuple[float, ...]
    max_speed: float = 10.0

    def __post_init__(self) -> None:
        require_above(self, 0, "max_force", "optimum", "max_speed")
        require_from(self, 0, "tendon")
        if not len(self.max_force) == len(self.tendon) == len(self.optimum):
            raise DescriptionError("Fibres: max_force, tendon and optimum differ in the number of muscles")
