"""A chain of rods without inertia, as a body in the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import ArrayLike

from neurosim.bodies.chain import step
from neurosim.bodies.external import BodyFunction, FloatArray, IntArray
from neurosim.bodies.memory import address_of
from neurosim.errors import DescriptionError

_TOLERANCE, _MOST = 1e-12, 30


@dataclass(frozen=True)
class Element:
    """A damped spring between ends of two rods, which a muscle may stiffen and shorten.

    The force that pushes the ends apart is, with the length L, the rest length R, the shortest S and the activation A
    of the muscle, F = k (R - L) - d dL/dt + A k_A (R - A (R - S) - L) - A d_A dL/dt.

    Arguments:
        a: index of the first rod.
        side_a: its end, 1 for the dorsal one and -1 for the ventral one.
        b: index of the other rod.
        side_b: its end.
        rest (m): rest length R.
        stiffness (N/m): k.
        damping (N s/m): d.
        muscle: index of the input that is A, each index once, or None.
        pull (N/m): k_A.
        pull_damping (N s/m): d_A.
        shortest (m): S, the rest length at full activation.
    """

    a: int
    side_a: int
    b: int
    side_b: int
    rest: float
    stiffness: float
    damping: float = 0.0
    muscle: int | None = None
    pull: float = 0.0
    pull_damping: float = 0.0
    shortest: float = 0.0


class OverdampedChain:
    """Rods across a body, joined by elements, in a medium whose drag differs along and across the body.

    A rod (x, y, p) has a dorsal end at (x + R cos p, y + R sin p) and a ventral one opposite. It moves without inertia:
    the force along the rod over C_N is its velocity that way, the force along the body over C_L the one that way, and
    dp/dt is the difference of the ventral and the dorsal force along the body over 4 pi R C_L. Steps are by backward
    Euler, solved by Newton's method with an analytic Jacobian. It implements `neurosim.bodies.external.Body`.

    Inputs: the activation of each muscle (1); below 0 it acts as 0.
    Outputs:
      length (m), shape (muscles,), the length of the element of each muscle;
      com (m), shape (2,), the mean of the rods' positions;
      rods (m, m, rad), shape (3 rods,), x, y and angle of each rod.

    Arguments:
        radius (m): half length of each rod, shape (rods,), rods >= 2.
        elements: between their ends; every muscle from 0 on moves one.
        normal (kg/s): drag C_N across the body, one for all rods or one each.
        longitudinal (kg/s): drag C_L along it, likewise.
        start (m, m, rad): x, y and angle of each rod at the start, shape (rods, 3).
        dt (s): of a step, which is that of the network.

    Raises DescriptionError when an argument is out of range.
    Source: equations of motion after Boyle, Berri & Cohen 2012, doi:10.3389/fncom.2012.00010.
    """

    def __init__(
        self,
        radius: ArrayLike,
        elements: Sequence[Element],
        normal: ArrayLike,
        longitudinal: ArrayLike,
        start: ArrayLike,
        dt: float = 1e-3,
    ) -> None:
        radii = _positive(radius, "radius", "m")
        n = radii.size
        if radii.ndim != 1 or n < 2:
            raise DescriptionError(
                f"chain: radius has shape {radii.shape}: give one for each of 2 rods or more"
            )
        drags = [
            _positive(v, name, "kg/s") for v, name in ((normal, "normal"), (longitudinal, "longitudinal"))
        ]
        if any(drag.shape not in ((), (n,)) for drag in drags):
            raise DescriptionError(
                f"chain: drag of shape {drags[0].shape}, {drags[1].shape}: give one or {n}"
            )
        self._rods = np.ascontiguousarray(np.stack([radii, *(np.broadcast_to(d, n) for d in drags)], axis=1))
        self._elements = _table(elements, n)
        self.dt = float(_positive(dt, "dt", "s"))
        self._numbers = np.array([self.dt, float(radii.mean()), _TOLERANCE, _MOST])
        self._start = _finite(start, (n, 3), "start").copy()
        self.n_rods = n
        self.n_inputs = int(np.count_nonzero(self._elements[:, step.MUSCLE] >= 0))
        self._width = 3 * int(np.abs(np.diff(self._elements[:, [step.A, step.B]])).max()) + 2
        edges = accumulate((self.n_inputs, 2, 3 * n), initial=0)
        self.outputs: Mapping[str, slice] = {
            name: slice(*edge) for name, edge in zip(("length", "com", "rods"), pairwise(edges), strict=True)
        }
        self._state = np.zeros(6 * n + 3)
        self.reset()

    @property
    def function(self) -> BodyFunction:
        """Return the compiled step `advance(handles, inputs, outputs)`."""
        return step.advance

    @property
    def handles(self) -> IntArray:
        """Return the addresses of this body's memory."""
        arrays = (self._numbers, self._rods, self._elements, self._state)
        counts = (self.n_rods, len(self._elements), self.n_inputs, self._width)
        return np.array([*map(address_of, arrays), *counts], np.int64)

    @property
    def output_values(self) -> FloatArray:
        """Return the outputs of the present state, as a new vector."""
        values = np.empty(self.outputs["rods"].stop)
        step.observe(self.handles, values)
        return values

    @property
    def trouble(self) -> str | None:
        """Return why the last step could not be taken, and what to change; None if it was."""
        failed, rod, correction = self._state[-3:]
        if not failed:
            return None
        return (
            f"the implicit step of the chain did not converge at rod {rod:.0f} (last correction {correction:.2g} m "
            f"after {_MOST} iterations): lower dt, or weaken what acts on its elements"
        )

    def reset(self) -> None:
        """Return to the start, at rest."""
        self._state[:] = 0.0
        self._state[: self._start.size] = self._start.reshape(-1)

    def step(self, activation: ArrayLike) -> FloatArray:
        """Advance by one step and return the outputs, NaN if the step did not converge.

        Arguments:
            activation (1): of each muscle, shape (muscles,).

        Raises DescriptionError when the shape is wrong or a value is not finite.
        """
        inputs, values = (
            _finite(activation, (self.n_inputs,), "activation"),
            np.empty(self.outputs["rods"].stop),
        )
        step.advance(self.handles, inputs, values)
        return values

    def save(self) -> FloatArray:
        """Return the complete state, from which a body continues with the same bits after `load`."""
        return self._state.copy()

    def load(self, state: ArrayLike) -> None:
        """Restore a state that `save` returned for the same number of rods.

        Raises DescriptionError when the length is wrong or a value is not finite; the body then keeps its state.
        """
        self._state[:] = _finite(state, self._state.shape, "state")


def _table(elements: Sequence[Element], n: int) -> FloatArray:
    if not elements:
        raise DescriptionError("chain: no elements: give those that join the rods")
    for number, element in enumerate(elements):
        where = f"chain: element {number}"
        if not {element.a, element.b} <= set(range(n)) or element.a == element.b:
            raise DescriptionError(
                f"{where} joins rods {element.a} and {element.b}: give two of 0 ... {n - 1}"
            )
        if not {element.side_a, element.side_b} <= {-1, 1}:
            raise DescriptionError(
                f"{where} has sides {element.side_a} and {element.side_b}: give 1 (dorsal) or -1 (ventral)"
            )
        _positive(element.rest, f"rest of element {number}", "m")
        for name in ("stiffness", "damping", "pull", "pull_damping", "shortest"):
            value = getattr(element, name)
            if not (np.isfinite(value) and value >= 0):
                raise DescriptionError(f"{where}: {name} is {value!r}: give 0 or more")
    muscles = sorted(element.muscle for element in elements if element.muscle is not None)
    if muscles != list(range(len(muscles))):
        raise DescriptionError(
            f"chain: muscles {muscles[:8]} of elements: number them 0, 1, ..., one element each"
        )
    rows = [(*astuple(e)[:7], -1 if e.muscle is None else e.muscle, *astuple(e)[8:]) for e in elements]
    return np.array(rows, dtype=float)


def _positive(value: ArrayLike, name: str, unit: str) -> FloatArray:
    numbers = np.asarray(value, dtype=float)
    if not (np.isfinite(numbers).all() and np.all(numbers > 0)):
        raise DescriptionError(f"chain: {name} has {numbers.min()!r} {unit}: give positive numbers")
    return numbers


def _finite(values: ArrayLike, shape: tuple[int, ...], name: str) -> FloatArray:
    numbers = np.ascontiguousarray(values, np.float64)
    if numbers.shape != shape:
        raise DescriptionError(f"chain: {name} has shape {numbers.shape}: give {shape}")
    if not np.isfinite(numbers).all():
        raise DescriptionError(f"chain: {name} has a value that is not finite: give finite numbers")
    return numbers
