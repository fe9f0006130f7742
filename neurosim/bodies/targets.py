"""A swimmer among targets: where the next one lies as its head sees it, and how fast it approaches."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from neurosim.bodies.external import BodyFunction, FloatArray, IntArray
from neurosim.bodies.memory import address_of, view
from neurosim.bodies.mjcf import LINK_LENGTH
from neurosim.bodies.swimmer import Swimmer, advance
from neurosim.cache import jit
from neurosim.errors import DescriptionError

# Positions in the vector of handles, before those of the swimmer: addresses, then counts.
_COURSE, _COUNT, _PROGRESS, _NOSE, _HEADING, _REWARD, _SIZE, _OWN = range(8)
_NOSE_FROM_HEAD = -LINK_LENGTH / 2  # m, along y; the head turns about its nose


@jit()
def _aim(handles: IntArray, nose: FloatArray, outputs: FloatArray) -> None:
    """Write where the present target lies in the frame of the head, and how many have been reached."""
    course = view(handles[_COURSE], 2 + 2 * handles[_COUNT])[2:]
    passed = view(handles[_PROGRESS], 2)
    present = min(int(passed[0]), handles[_COUNT] - 1)
    dx, dy = course[2 * present] - nose[0], course[2 * present + 1] - nose[1] - _NOSE_FROM_HEAD
    heading = outputs[handles[_HEADING]]
    size = handles[_SIZE]
    outputs[size] = np.cos(heading) * dx + np.sin(heading) * dy
    outputs[size + 1] = np.cos(heading) * dy - np.sin(heading) * dx
    outputs[size + 2] = passed[0]


@jit()
def pursue(handles: IntArray, inputs: FloatArray, outputs: FloatArray) -> None:
    """Advance the swimmer by one control step and write its outputs, with the reward for approaching the target."""
    size = handles[_SIZE]
    nose, passed = view(handles[_NOSE], 2), view(handles[_PROGRESS], 2)
    course = view(handles[_COURSE], 2 + 2 * handles[_COUNT])
    reach, step = course[0], course[1]
    present = min(int(passed[0]), handles[_COUNT] - 1)
    x, y = course[2 + 2 * present], course[3 + 2 * present] - _NOSE_FROM_HEAD
    before = np.hypot(x - nose[0], y - nose[1])
    advance(handles[_OWN:], inputs, outputs[:size])
    if np.isnan(outputs[0]):
        outputs[:] = np.nan
        return
    after = np.hypot(x - nose[0], y - nose[1])
    passed[1] = (before - after) / step
    outputs[handles[_REWARD]] = passed[1]
    if after < reach and passed[0] < handles[_COUNT]:
        passed[0] += 1
    _aim(handles, nose, outputs)


class TargetSwimmer:
    """A swimmer with targets to be reached one after the other; it implements `neurosim.bodies.external.Body`.

    Each target lies at a given distance from the one before, the first from the origin, in a random direction. The
    present one is reached when the nose is within `reach` of it; the next one is then present, until all are reached.
    Inputs and outputs are those of `Swimmer`, but for the reward, and two more outputs:
      reward (1), shape (1,), speed of approach of the nose to the present target over target_speed, so that the sum of
      an episode depends on the distance that was covered, not on how;
      to_target (m), shape (2,), from the nose to the present target in the head frame: the nose points to -y, and -x is
      its right;
      reached (1), shape (1,), number of targets reached.

    Arguments:
        swimmer: the body, which is not to be used otherwise.
        targets: number of targets, at least 1.
        distance (m): from one target to the next.
        reach (m): distance of the nose at which a target is reached.

    Raises DescriptionError when an argument is out of range.
    """

    def __init__(
        self, swimmer: Swimmer, targets: int = 10, distance: float = 0.8, reach: float = 0.1
    ) -> None:
        if targets < 1:
            raise DescriptionError(f"TargetSwimmer.targets = {targets}: give at least 1")
        for name, value in (("distance", distance), ("reach", reach)):
            if not (math.isfinite(value) and value > 0):
                raise DescriptionError(f"TargetSwimmer.{name} = {value!r} m: give a positive number")
        self.swimmer = swimmer
        self.targets, self.distance = targets, distance
        self.n_inputs = swimmer.n_inputs
        self._progress = np.zeros(2)  # targets reached, last reward
        step = swimmer.target_speed * swimmer.control_dt
        self._course = np.array([reach, step, *np.zeros(2 * targets)])
        self._size = swimmer.outputs["observation"].stop
        self.outputs = {
            **swimmer.outputs,
            "to_target": slice(self._size, self._size + 2),
            "reached": slice(self._size + 2, self._size + 3),
        }
        self._place(np.zeros((targets, 2)))

    @property
    def course(self) -> FloatArray:
        """The positions of all targets (m), shape (targets, 2), as a copy."""
        return self._course[2:].reshape(-1, 2).copy()

    @property
    def function(self) -> BodyFunction:
        """Return the compiled control step `pursue(handles, inputs, outputs)`."""
        return pursue

    @property
    def handles(self) -> IntArray:
        """Return the addresses of this body's memory; computed at each call, so that a copied body has its own."""
        parts, inner = self.swimmer.outputs, self.swimmer.handles
        own = [
            address_of(self._course),
            self.targets,
            address_of(self._progress),
            address_of(self.swimmer.position),
            parts["heading"].start,
            parts["reward"].start,
            self._size,
        ]
        return np.array([*own, *inner], np.int64)

    @property
    def output_values(self) -> FloatArray:
        """Return the outputs of the present state, as a new vector."""
        values = np.zeros(self._size + 3)
        values[: self._size] = self.swimmer.output_values
        values[self.outputs["reward"]] = self._progress[1]
        _aim(self.handles, self.swimmer.position, values)
        return values

    def reset(self, rng: np.random.Generator, spread: float = 1.0) -> None:
        """Start again as `Swimmer.reset`, with new targets.

        Arguments:
            rng: the stream of random numbers for this start.
            spread (1): share of the joint range from which angles are drawn.
        """
        self.swimmer.reset(rng, spread)
        way = rng.uniform(-np.pi, np.pi, self.targets)
        self._place(np.cumsum(self.distance * np.stack([np.cos(way), np.sin(way)], 1), axis=0))

    def step(self, ctrl: ArrayLike) -> FloatArray:
        """Advance by one control step and return the outputs; argument and errors as of `Swimmer.step`."""
        values = np.empty(self._size + 3)
        pursue(self.handles, self.swimmer.checked(ctrl), values)
        return values

    def save(self) -> FloatArray:
        """Return the complete state, targets included, from which a body continues with the same bits."""
        return np.concatenate([self._progress, self._course[2:], self.swimmer.save()])

    def load(self, state: ArrayLike) -> None:
        """Restore a state that `save` returned for the same numbers of links and targets.

        Raises DescriptionError when it does not fit or a value is not finite; the body then keeps its state.
        """
        values, own = np.asarray(state, float), 2 + 2 * self.targets
        if values.ndim != 1 or values.size < own or not np.isfinite(values[:own]).all():
            raise DescriptionError(
                "TargetSwimmer.load: state is not of such a body: give what `save` returned"
            )
        self.swimmer.load(values[own:])
        self._progress[:], self._course[2:] = values[:2], values[2:own]

    def _place(self, course: FloatArray) -> None:
        self._progress[:], self._course[2:] = 0, course.ravel()
