"""The contract of a body in the loop: what an engine requires of a plant that it drives and senses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BodyFunction = Callable[[IntArray, FloatArray, FloatArray], None]


class Body(Protocol):
    """A plant with vectors in and out that compiled code can advance without the interpreter.

    One call `function(handles, inputs, outputs)` applies the inputs, advances by one control step and writes the
    outputs. Engines see only these vectors and the names of their parts. The body owns the memory that `handles`
    points to: keep it alive while compiled code runs. Two threads may advance two bodies, but never the same one.
    An input that is not finite makes all outputs NaN and leaves the body unchanged. A body whose step can fail has a
    property `trouble` too: why the last one did and what to change, or None; all outputs are NaN then.
    """

    @property
    def function(self) -> BodyFunction:
        """Return the module-level `numba.njit(nogil=True)` function (handles, inputs, outputs) -> None."""

    @property
    def handles(self) -> IntArray:
        """Return addresses and counts for `function` (int64, contiguous), valid in this process only."""

    @property
    def n_inputs(self) -> int:
        """Return the length of the vector of inputs."""

    @property
    def outputs(self) -> Mapping[str, slice]:
        """Return the named parts of the vector of outputs."""

    @property
    def output_values(self) -> FloatArray:
        """Return the outputs of the present state, as a new vector (after a reset, those a controller sees first)."""

    def save(self) -> FloatArray:
        """Return the complete state, from which a body continues with the same bits after `load`."""

    def load(self, state: FloatArray) -> None:
        """Restore a state returned by `save` of a body of the same kind and size."""
