"""The registries of neuron models, synapse models, rules and circuits; a model or rule enters its own when defined."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pkgutil import iter_modules

from neurosim.errors import DescriptionError
from neurosim.registry import Registry


def _own(package: str) -> Callable[[], None]:
    # Imported at the first use, by name, so that this layer does not import the layers above it.
    return lambda: (importlib.import_module(package), None)[1]


def _no_subclass(module: str, base: str) -> Callable[[object], str]:
    def fault(item: object) -> str:
        wanted = getattr(importlib.import_module(module), base)
        return "" if isinstance(item, type) and issubclass(item, wanted) else f"is not a subclass of {base}"

    return fault


def no_circuit(item: object) -> str:
    """Return why something is not a circuit, '' if it is: a documented class whose method `network` builds one."""
    if not isinstance(item, type):
        return "is not a class"
    if not callable(getattr(item, "network", None)):
        return "has no method 'network', which returns the circuit as a Network"
    return "" if item.__doc__ else "has no docstring, which says what it is and names its inputs and outputs"


def _own_circuits() -> None:
    """Enter our own circuits: the class of a module that is one, under the name of the module."""
    package = importlib.import_module("neurosim.circuits")
    for module in iter_modules(package.__path__, "neurosim.circuits."):
        for item in vars(importlib.import_module(module.name)).values():
            if getattr(item, "__module__", "") == module.name and not no_circuit(item):
                circuits.add(module.name.rpartition(".")[2], item)


neurons: Registry[type] = Registry(
    "neuron model",
    "neurosim.neurons",
    _own("neurosim.neurons"),
    _no_subclass("neurosim.model.neuron", "NeuronModel"),
)
synapses: Registry[type] = Registry(
    "synapse model",
    "neurosim.synapses",
    _own("neurosim.synapses"),
    _no_subclass("neurosim.model.synapse", "SynapseModel"),
)
rules: Registry[type] = Registry(
    "rule", "neurosim.rules", _own("neurosim.rules"), _no_subclass("neurosim.model.rule", "Rule")
)
circuits: Registry[type] = Registry("circuit", "neurosim.circuits", _own_circuits, no_circuit)
distributions: Registry[type] = Registry(
    "distribution",
    "neurosim.distributions",
    _own("neurosim.model.weight_matrices"),
    _no_subclass("neurosim.model.values", "Distribution"),
)
connectivities: Registry[type] = Registry(
    "connectivity",
    "neurosim.connectivities",
    _own("neurosim.model.pairs"),
    _no_subclass("neurosim.model.connectivity", "Connectivity"),
)


reductions: Registry[type] = Registry(
    "reduction",
    "neurosim.reductions",
    _own("neurosim.model.statistics"),
    _no_subclass("neurosim.model.reductions", "Reduction"),
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
