"""The weights of a projection at the start, in the order of its edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.compiler.equations.scope import Scope
from neurosim.compiler.equations.wiring import Drawn
from neurosim.errors import DescriptionError
from neurosim.model.network import Network
from neurosim.model.parts import Projection, Tied, constrained
from neurosim.model.units import dimension_of, in_si, quantity
from neurosim.model.values import Distribution, resolve, value_dimension
from neurosim.model.weight_matrices import MatrixDistribution
from neurosim.registry import suggest
from neurosim.rng import generator


@dataclass(frozen=True)
class Weights:
    """Declares the weight `w` of a projection in its scope.

    Arguments: projection; network, for named parameters; drawn, its edges; scope.
    Raises DescriptionError on a weight of another shape, sign or parameter.
    """

    projection: Projection
    network: Network
    drawn: Drawn
    scope: Scope

    def read(self) -> Tied | None:
        """Declare the weight; return, of a tied one, the place of each edge in the named parameter."""
        weight: Any = self.projection.weight
        if isinstance(weight, Tied):
            return self._tied(weight)
        where = f"{self.projection.name}.w"
        dim = value_dimension(weight, where)
        self.scope.declare("w", dim)
        if isinstance(weight, MatrixDistribution):
            targets, sources = self._shape()
            drawn = weight.matrix(generator(self.scope.seed, where), targets, sources)
            weight = quantity(self._flat(drawn), dim)
        elif not isinstance(weight, Distribution) and np.ndim(weight) == 2:
            weight = quantity(self._flat(in_si(weight, dim, where)), dim)
        si = resolve(weight, dim, self.drawn.size, self.scope.seed, where)
        if si.ndim and not isinstance(weight, Distribution):
            si = si[self.drawn.order]
        self._check_sign(si)
        if si.ndim == 0 and not self.projection.rules:
            self.scope.constants["w"] = si
        else:
            self.scope.states["w"] = np.broadcast_to(si, (self.drawn.size,))
        return None

    def _shape(self) -> tuple[int, int]:
        """Return the number of targets and of sources."""
        edges = self.drawn.wiring.edges
        return edges.targets, edges.first.size - 1

    def _flat(self, matrix: np.ndarray) -> np.ndarray:
        """Return a weight matrix (targets, sources) in the order of the edges."""
        targets, sources = self._shape()
        if not self.projection.connect.dense or matrix.shape != (targets, sources):
            raise DescriptionError(
                f"{self.scope.where}: a weight of shape {matrix.shape} needs all-to-all connectivity and the shape "
                f"({targets}, {sources}), targets by sources: change it"
            )
        return matrix.T.ravel()

    def _tied(self, tied: Tied) -> Tied:
        """Declare a weight that is tied to a named parameter."""
        where, size = self.scope.where, self.drawn.size
        if tied.parameter not in self.network.parameters:
            hint = suggest(tied.parameter, self.network.parameters)
            raise DescriptionError(f"{where}: no named parameter '{tied.parameter}': {hint}")
        if self.projection.rules:
            raise DescriptionError(
                f"{where}: a tied weight cannot be plastic: give the projection its own weight"
            )
        named = self.network.parameters[tied.parameter]
        self.scope.declare("w", dimension_of(named.value))
        index = np.array(tied.index, dtype=np.int64)
        index = np.broadcast_to(index, (size,)) if len(tied.index) == 1 else index
        if index.shape != (size,):
            raise DescriptionError(f"{where}: {index.size} tied indices for {size} edges: give one per edge")
        if index.size and (index.min() < 0 or index.max() >= np.size(named.value)):
            raise DescriptionError(
                f"{where}: a tied index lies outside '{named.name}', which has {np.size(named.value)} values"
            )
        index = index[self.drawn.order]
        self.scope.states["w"] = constrained(named.value, named.sign)[index]
        return Tied(tied.parameter, tuple(index))

    def _check_sign(self, si: np.ndarray) -> None:
        """Refuse weights (SI) of the sign that the projection excludes."""
        sign = self.projection.sign
        if sign and np.any(si * sign < 0):
            raise DescriptionError(
                f"{self.scope.where}: weights must have the sign {sign:+d}, but some have the other: correct them"
            )
