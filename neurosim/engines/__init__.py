"""Engines: how a network runs. `brian2` is the reference, `fused` fast and the default, `jax` differentiable."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import TYPE_CHECKING

from neurosim.errors import MissingExtra
from neurosim.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neurosim.engines.engine import Engine
    from neurosim.engines.externals import ExternalFunction
    from neurosim.engines.simulation import Simulation
    from neurosim.model.network import Network

DEFAULT = "fused"
_OWN = {
    "brian2": ("brian2.engine", "Brian2Engine"),
    "fused": ("fused.engine", "FusedEngine"),
    "fused-float32": ("fused.engine", "FusedFloat32Engine"),
    "jax": ("jax.engine", "JaxEngine"),
    "jax-float32": ("jax.engine", "JaxFloat32Engine"),
}


def _load(name: str) -> None:
    module, cls = _OWN[name]
    registry.add(name, getattr(importlib.import_module(f"neurosim.engines.{module}"), cls)(), replace=True)


def _load_own() -> None:
    for name in _OWN:
        with suppress(MissingExtra):  # an engine that is not installed is not listed
            _load(name)


registry: Registry[Engine] = Registry("engine", "neurosim.engines", _load_own)


def get_engine(name: str = DEFAULT) -> Engine:
    """Return an engine by name, importing no other; raises UnknownNameError with the nearest known name."""
    if name in _OWN and registry.held(name) is None:
        _load(name)
    return registry.get(name)


def simulate(
    network: Network,
    engine: str = DEFAULT,
    seed: int = 0,
    externals: Mapping[str, ExternalFunction] | None = None,
) -> Simulation:
    """Return a network ready to run.

    Arguments: network, the description; engine, 'fused', 'brian2' or another registered one; seed, of all random
    streams; externals, what stands behind each External of the network, by name.
    Raises DescriptionError if the description does not hold together, EngineRefusal if the engine cannot run it.
    """
    return get_engine(engine).compile(network, seed, externals)
