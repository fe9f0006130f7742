"""The JAX engine, in double and in single precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.compiler.schedule.order import lower
from neurosim.engines.core import Core
from neurosim.engines.engine import Engine
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.jax.compiled import keep_compiled
from neurosim.engines.jax.context import Settings
from neurosim.engines.jax.core import JaxCore
from neurosim.engines.jax.refusals import external_reasons, reasons


class JaxEngine(Engine):
    """Runs a network by functions that JAX compiles; for gradients and batches use these: `compile_functions`."""

    name: ClassVar[str] = "jax"
    dtype: ClassVar[str] = "float64"

    def refuses(self, equations: NetworkEquations) -> list[str]:
        """Return the reasons why JAX cannot run the network, each with an engine that can; empty if it can."""
        program = lower(equations)
        return [*external_reasons(program), *reasons(program)]

    def _build(self, equations: NetworkEquations, externals: Mapping[str, ExternalFunction]) -> Core:
        keep_compiled()
        return JaxCore(lower(equations), Settings(self.dtype))


class JaxFloat32Engine(JaxEngine):
    """The same in single precision, the default of JAX."""

    name: ClassVar[str] = "jax-float32"
    dtype: ClassVar[str] = "float32"
