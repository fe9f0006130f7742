"""The JAX engine, in double and in single precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from neurosim.engines.engine import Engine, ExternalFunction, Simulation
from neurosim.engines.expanded import Expanded
from neurosim.engines.jax_engine.context import Settings
from neurosim.engines.jax_engine.refusals import external_reasons, reasons
from neurosim.engines.jax_engine.shared import keep_compiled
from neurosim.engines.jax_engine.simulation import JaxSimulation
from neurosim.engines.lowering import lower


class JaxEngine(Engine):
    """Runs a network by functions that JAX compiles; for gradients and batches use these: `compile_functions`."""

    name: ClassVar[str] = "jax"
    dtype: ClassVar[str] = "float64"

    def refuses(self, expanded: Expanded) -> list[str]:
        """Return the reasons why JAX cannot run the network, each with an engine that can; empty if it can."""
        program = lower(expanded)
        return [*external_reasons(program), *reasons(program)]

    def _build(self, expanded: Expanded, externals: Mapping[str, ExternalFunction]) -> Simulation:
        keep_compiled()
        return JaxSimulation(lower(expanded), Settings(self.dtype))


class JaxFloat32Engine(JaxEngine):
    """The same in single precision, the default of JAX."""

    name: ClassVar[str] = "jax-float32"
    dtype: ClassVar[str] = "float32"
