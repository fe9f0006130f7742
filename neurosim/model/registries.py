"""The registries of neuron models, synapse models, rules and circuits; a model or rule enters its own when defined."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from neurosim.errors import DescriptionError
from neurosim.registry import Registry


def _own(package: str) -> Callable[[], None]:
    # Imported at the first use, by name, so that this layer does not import the layers above it.
    return lambda: (importlib.import_module(package), None)[1]


neurons: Registry[type] = Registry("neuron model", "neurosim.neurons", _own("neurosim.neurons"))
synapses: Registry[type] = Registry("synapse model", "neurosim.synapses", _own("neurosim.synapses"))
rules: Registry[type] = Registry("rule", "neurosim.rules", _own("neurosim.rules"))
circuits: Registry[type] = Registry("circuit", "neurosim.circuits")
distributions: Registry[type] = Registry(
    "distribution", "neurosim.distributions", _own("neurosim.model.weight_matrices")
)
connectivities: Registry[type] = Registry(
    "connectivity", "neurosim.connectivities", _own("neurosim.model.pairs")
)


def enter(registry: Registry[type], cls: type) -> None:
    """Register a class under its name; only the module that defined it first may define it again."""
    if not cls.__module__.startswith("neurosim."):
        registry.own()
    held = registry.held(cls.__name__)
    if held is not None and held.__module__ != cls.__module__:
        raise DescriptionError(
            f"{registry.kind} '{cls.__name__}' in {cls.__module__}: the name is already taken by "
            f"{held.__module__}: choose another name"
        )
    registry.add(cls.__name__, cls, replace=True)
