"""The reference engine: Brian2's runtime on numpy, built from the equations of a network.

Source of Brian2: Stimberg, Brette, Goodman 2019, eLife 8:e47314, doi:10.7554/eLife.47314.
"""

from __future__ import annotations

from collections.abc import Mapping

from brian2.core.base import BrianObjectException

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.engines.brian2.core import Brian2Core
from neurosim.engines.brian2.refusals import reasons
from neurosim.engines.engine import Engine
from neurosim.engines.externals import ExternalFunction
from neurosim.errors import EngineRefusal


class Brian2Engine(Engine):
    """The engine that all others are checked against: Brian2's semantics, at the speed of numpy."""

    name = "brian2"

    def refuses(self, equations: NetworkEquations) -> list[str]:
        """Return the reasons why Brian2 cannot run the network, each with what to do; empty if it can."""
        return list(reasons(equations))

    def _build(self, equations: NetworkEquations, externals: Mapping[str, ExternalFunction]) -> Brian2Core:
        try:
            return Brian2Core(equations, externals)
        except BrianObjectException as error:
            cause = " ".join(str(error.__cause__ or error).split())
            raise EngineRefusal(
                f"engine 'brian2' cannot run network '{equations.network.name}': {cause[:300]}"
            ) from error
