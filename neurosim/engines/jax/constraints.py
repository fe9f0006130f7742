"""What parameters are held to while they are trained: signs, masks, and the bounds that models and rules declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.schedule.program import Program
from neurosim.engines.jax.state import state_names
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.parameters import Described
from neurosim.registry import suggest


@dataclass(frozen=True)
class Constraints:
    """Lowest and highest values of parameters by name, and masks (edges,) of weights, 1 where there is a connection."""

    bounds: Mapping[str, tuple[float, float]]
    masks: Mapping[str, np.ndarray]

    def masked(self, name: str, value: Any) -> Any:
        """Return a parameter with 0 where its mask has no connection."""
        return jnp.where(self.masks[name], value, 0) if name in self.masks else value

    def project(self, name: str, value: Any) -> Any:
        """Return the nearest allowed value of a parameter."""
        if name in self.bounds:
            value = jnp.clip(value, *self.bounds[name])
        return self.masked(name, value)


def constraints(program: Program, masks: Mapping[str, Any]) -> Constraints:
    """Return the constraints of a network and masks by projection; a mask that does not fit is a DescriptionError."""
    return Constraints(
        dict(_bounds(program)), {f"{name}.w": _mask(program, name, masks[name]) for name in masks}
    )


def _bounds(program: Program) -> Iterator[tuple[str, tuple[float, float]]]:
    network = program.equations.network
    for named in network.parameters.values():
        if named.sign:
            yield named.name, _half(named.sign)
    for population in network.populations.values():
        yield from _declared(f"{population.name}.", population.model)
        for rule in population.rules:
            yield from _declared(f"{population.name}.{rule.prefix}_", rule)
    for projection in network.projections.values():
        for key, bounds in _declared("", projection.synapse):
            yield ".".join(program.equations.home(projection.name, key)), bounds
        for synaptic in projection.rules:
            yield from _declared(f"{projection.name}.{synaptic.prefix}_", synaptic)
        if projection.sign:
            yield f"{projection.name}.w", _half(projection.sign)


def _half(sign: int) -> tuple[float, float]:
    """Return the bounds of what has a sign."""
    return (0.0, np.inf) if sign > 0 else (-np.inf, 0.0)


def _declared(head: str, described: Described) -> Iterator[tuple[str, tuple[float, float]]]:
    for name, parameter in described.parameters.items():
        if parameter.low is not None or parameter.high is not None:
            low = -np.inf if parameter.low is None else float(np.asarray(parameter.low))
            high = np.inf if parameter.high is None else float(np.asarray(parameter.high))
            yield f"{head}{name}", (low, high)


def _mask(program: Program, name: str, mask: Any) -> np.ndarray:
    where = f"mask of projection '{name}'"
    projection = program.equations.projections.get(name)
    if projection is None:
        raise UnknownNameError(f"{where}: {suggest(name, program.equations.projections)}")
    if "w" not in projection.states or projection.tied is not None or f"{name}.w" in state_names(program):
        raise DescriptionError(
            f"{where}: it needs weights of its own, one per edge, that no rule changes: give such"
        )
    return _flat(program, projection, np.asarray(mask, dtype=bool), where)


def _flat(program: Program, projection: ProjectionEquations, mask: np.ndarray, where: str) -> np.ndarray:
    sizes = (
        program.equations.populations[projection.target].size,
        program.equations.populations[projection.source].size,
    )
    if projection.dense and mask.shape == sizes:
        return mask.T.ravel()
    if mask.shape != projection.states["w"].shape:
        raise DescriptionError(
            f"{where}: shape {mask.shape}: give one value per weight, {projection.states['w'].shape}, or a matrix"
        )
    return mask
