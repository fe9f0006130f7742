"""Any task in a field of forces that depend on the velocity of the hand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from neurosim.errors import DescriptionError
from neurosim.rng.jax_keys import sub_key
from neurosim.tasks.centre_out import CentreOut
from neurosim.tasks.task import Limb, Task, Trials, require_fraction

Matrix = tuple[tuple[float, float], tuple[float, float]]


def curl(strength: float) -> Matrix:
    """Return the matrix of a curl field (N s/m): force = strength (v_y, -v_x), perpendicular to the velocity."""
    return ((0.0, strength), (-strength, 0.0))


@dataclass(frozen=True)
class ForceField(Task):
    """A task in the field force = matrix @ hand velocity, which is off in a random fraction of the trials.

    Arguments:
        task: the task in the field.
        matrix (N s/m): shape (2, 2), for example `curl(13)`.
        catch: fraction of trials without the field.

    Raises DescriptionError when the matrix is not 2 by 2 and finite, or catch is not in [0, 1].
    Source: Shadmehr & Mussa-Ivaldi 1994, J. Neurosci. 14:3208, doi:10.1523/JNEUROSCI.14-05-03208.1994 (the default
    matrix as quoted in public re-implementations of that study).
    """

    task: Task = field(default_factory=CentreOut)
    matrix: Matrix = ((-10.1, -11.2), (-11.2, 11.1))
    catch: float = 0.0
    name: ClassVar[str] = "force_field"

    def __post_init__(self) -> None:
        require_fraction(self, "catch")
        two_by_two = len(self.matrix) == 2 and all(len(row) == 2 for row in self.matrix)
        if not two_by_two or not all(math.isfinite(entry) for row in self.matrix for entry in row):
            raise DescriptionError(f"ForceField.matrix = {self.matrix}: must be 2 by 2 and finite (N s/m)")

    def check(self, limb: Limb) -> None:
        """Raise DescriptionError when the limb cannot do the task in the field."""
        self.task.check(limb)

    def trial(self, limb: Limb, key: Array, number: Array) -> Trials:
        """Return one trial; arguments as of `Task.trial`. Starts and targets are those of the task alone."""
        inner = self.task.trial(limb, key, number)
        on = jax.random.uniform(sub_key(key, "field")) >= self.catch
        return inner._replace(field=inner.field + jnp.where(on, jnp.array(self.matrix), 0))
