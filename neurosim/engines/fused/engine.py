"""The fused engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.compiler.schedule.order import lower
from neurosim.engines.batches import needs_batches
from neurosim.engines.core import Core
from neurosim.engines.engine import Engine
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.fused.core import FusedCore


class FusedEngine(Engine):
    """Compiles the blocks of a step into loops with numba: spiking and rate networks, no C++ compiler needed."""

    name: ClassVar[str] = "fused"
    dtype: ClassVar[str] = "float64"

    def refuses(self, equations: NetworkEquations) -> list[str]:
        """Return the reasons why this engine cannot run the network, each with an engine that can; empty if it can."""
        return list(needs_batches(equations))

    def _build(self, equations: NetworkEquations, externals: Mapping[str, ExternalFunction]) -> Core:
        return FusedCore(lower(equations), externals, self.dtype)


class FusedFloat32Engine(FusedEngine):
    """The same with variables and constants in single precision: half the memory traffic, spikes part after a while."""

    name: ClassVar[str] = "fused-float32"
    dtype: ClassVar[str] = "float32"
