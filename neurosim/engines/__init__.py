"""Engines: how a network runs. `brian2` is the reference, `fused` the fast one and the default."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from neurosim.registry import Registry

if TYPE_CHECKING:
    from neurosim.engines.engine import Engine

DEFAULT = "fused"


def _load_own() -> None:
    for module, cls in (("brian2_engine", "Brian2Engine"), ("fused.engine", "FusedEngine")):
        found = getattr(importlib.import_module(f"neurosim.engines.{module}"), cls)
        registry.add(found.name, found())


registry: Registry[Engine] = Registry("engine", "neurosim.engines", _load_own)


def engine(name: str = DEFAULT) -> Engine:
    """Return an engine by name; raises UnknownNameError with the nearest known name."""
    return registry.get(name)
