"""The JAX engine, in double and in single precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import jax

from neurosim.engines.cache import folder
from neurosim.engines.engine import Engine, ExternalFunction, Simulation
from neurosim.engines.expanded import Expanded
from neurosim.engines.jax_engine.context import Settings
from neurosim.engines.jax_engine.refusals import external_reasons, reasons
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


def keep_compiled() -> None:
    """Let JAX keep what takes it long to compile in the project's cache folder, unless the user has chosen one."""
    config: Any = jax.config
    if config.jax_compilation_cache_dir is None:
        config.update("jax_compilation_cache_dir", str(folder() / "jax"))
        config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
