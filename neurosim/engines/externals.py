"""Compiled functions behind the externals of a network, such as a body, and whether they fit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.network import Network
from neurosim.registry import suggest


class ExternalFunction(Protocol):
    """What stands behind an `External`: a compiled function on flat arrays, with its own state.

    function(handles, inputs, outputs) is numba-compiled, applies `inputs` (n_inputs,), advances by one step of the
    network and fills `outputs`; `outputs` maps names to slices of that vector; `output_values` are its values now. It
    may have a property `trouble`: why its last step failed and what to change, or None; its outputs are NaN then.
    """

    @property
    def function(self) -> Any:
        """The compiled function."""

    @property
    def handles(self) -> np.ndarray:
        """What the function works on, as int64."""

    @property
    def n_inputs(self) -> int:
        """Length of `inputs`."""

    @property
    def outputs(self) -> Mapping[str, slice]:
        """The named parts of the outputs."""

    @property
    def output_values(self) -> np.ndarray:
        """The outputs now."""

    def save(self) -> np.ndarray:
        """Return the complete state."""

    def load(self, state: np.ndarray) -> None:
        """Go on from a state."""


def check_externals(network: Network, given: Mapping[str, ExternalFunction]) -> dict[str, ExternalFunction]:
    """Return the externals in the network's order, refusing missing ones, unknown outputs and wrong sizes."""
    for name in given:
        if name not in network.externals:
            raise UnknownNameError(
                f"external '{name}' is not in the network: {suggest(name, network.externals)}"
            )
    for name, external in network.externals.items():
        if name not in given:
            raise DescriptionError(
                f"external '{name}' has nothing behind it: compile with externals={{'{name}': ...}}"
            )
        function = given[name]
        width = sum(network.populations[read.partition(".")[0]].size for read in external.reads)
        if width != function.n_inputs:
            raise DescriptionError(
                f"external '{name}' takes {function.n_inputs} inputs, the network gives {width}: match them"
            )
        for target, output in external.writes.items():
            if output not in function.outputs:
                raise UnknownNameError(
                    f"external '{name}' has no output '{output}': {suggest(output, function.outputs)}"
                )
            part = function.outputs[output]
            if part.stop - part.start != network.populations[target].size:
                raise DescriptionError(
                    f"external '{name}': output '{output}' does not fit the size of '{target}'"
                )
    return {name: given[name] for name in network.externals}
