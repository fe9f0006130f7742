"""The two contracts of execution: an engine compiles a network, a simulation runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from threading import RLock
from typing import Any, ClassVar

import numba

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.compiler.equations.network import network_equations
from neurosim.engines import structure
from neurosim.engines.core import Core
from neurosim.engines.externals import ExternalFunction, check_externals
from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError, EngineRefusal
from neurosim.model.network import Network

_COMPILING = RLock()
_NUMBA: Any = numba.config


class Engine(ABC):
    """A way to run networks; engines of one precision agree as the contract of rules asks."""

    name: ClassVar[str]
    dtype: ClassVar[str] = "float64"

    def refuses(self, equations: NetworkEquations) -> list[str]:
        """Return the reasons why this engine cannot run the network, each with an engine that can; empty if it can."""
        return []

    def compile(
        self, network: Network, seed: int = 0, externals: Mapping[str, ExternalFunction] | None = None
    ) -> Simulation:
        """Return the network ready to run.

        Arguments: seed, of all random streams; externals, what stands behind each `External` of the network, by name.
        Raises DescriptionError if the description does not hold together, EngineRefusal if this engine cannot run it.
        """
        if not isinstance(network, Network):
            raise DescriptionError(f"a {type(network).__name__} cannot be run: put it into a Network")
        if _NUMBA.DISABLE_JIT:
            raise EngineRefusal(
                f"engine '{self.name}' cannot run: random numbers and loops are compiled, and NUMBA_DISABLE_JIT is "
                "set: unset it"
            )
        try:
            # One at a time: neither the parser of Python 3.11 nor Brian2 is safe in several threads.
            with _COMPILING:
                equations = network_equations(network.fixed(), seed, self.dtype)
                reasons = [*structure.needs_gradient(equations), *self.refuses(equations)]
                if reasons:
                    raise EngineRefusal(
                        f"engine '{self.name}' cannot run network '{network.name}': {'; '.join(reasons)}"
                    )
                return Simulation(
                    self._build(equations, check_externals(network, externals or {})), self.name
                )
        except RecursionError:
            raise DescriptionError(
                f"network '{network.name}': equations, with definitions written out, are nested too deep: simplify them"
            ) from None

    @abstractmethod
    def _build(self, equations: NetworkEquations, externals: Mapping[str, ExternalFunction]) -> Core:
        """Return what runs a network that is not refused."""
