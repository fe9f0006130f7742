"""The weights of a projection at the start, in the order of its edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from neurosim.compiler.equations.forms import PopulationEquations, Ref
from neurosim.compiler.equations.scope import Scope
from neurosim.compiler.equations.wiring import Drawn
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.computed import computed
from neurosim.model.convolution import Convolution
from neurosim.model.network import Network
from neurosim.model.parts import Driven, Projection, Tied, constrained
from neurosim.model.units import Dimension, dimension_of, in_si, quantity
from neurosim.model.values import Distribution, value_dimension
from neurosim.model.weight_matrices import MatrixDistribution
from neurosim.registry import suggest
from neurosim.rng import generator


def weight_dimension(projection: Projection, network: Network) -> Dimension:
    """Return the dimension of the weights of a projection; UnknownNameError for an unknown parameter."""
    weight: Any = computed(projection.weight)
    if isinstance(weight, Driven) or isinstance(projection.connect, Convolution):
        what = "activity" if isinstance(weight, Driven) else "those of kernels"
        raise DescriptionError(
            f"projection '{projection.name}': its weights are {what}: rules elsewhere read only weights of each "
            "connection"
        )
    if not isinstance(weight, Tied):
        return value_dimension(weight, f"{projection.name}.w")
    if weight.parameter not in network.parameters:
        hint = suggest(weight.parameter, network.parameters)
        raise UnknownNameError(
            f"projection '{projection.name}': no named parameter '{weight.parameter}': {hint}"
        )
    return dimension_of(network.parameters[weight.parameter].value)


@dataclass
class Weights:
    """Declares the weight `w` of a projection in its scope.

    Arguments: projection; network, for named parameters; drawn, its edges; scope; populations, for activity that is a
    weight; dtype, of drawn weights.
    tied, of a tied weight, the place of each edge in the named parameter; driver, of a driven one, the neuron of each.
    Raises DescriptionError on a weight of another shape, sign or parameter.
    """

    projection: Projection
    network: Network
    drawn: Drawn
    scope: Scope
    populations: Mapping[str, PopulationEquations]
    dtype: DTypeLike
    tied: Tied | None = None
    driver: np.ndarray | None = None

    def read(self) -> None:
        """Declare the weight."""
        weight: Any = computed(self.projection.weight)
        if isinstance(weight, Tied):
            self.tied = self._tied(weight)
        elif isinstance(weight, Driven):
            self.driver = self._driven(weight)
        else:
            self._own(weight)

    def _own(self, weight: Any) -> None:
        """Declare a weight that belongs to the projection."""
        where = f"{self.projection.name}.w"
        dim = value_dimension(weight, where)
        self.scope.declare("w", dim)
        if isinstance(weight, MatrixDistribution):
            targets, sources = self._shape()
            drawn = weight.matrix(generator(self.scope.seed, where), targets, sources)
            weight = quantity(self._flat(drawn), dim)
        elif not isinstance(weight, Distribution) and np.ndim(weight) in (2, 4):
            weight = quantity(self._flat(in_si(weight, dim, where)), dim)
        si = self.drawn.resolve(weight, dim, self.scope.seed, where)
        if isinstance(weight, Distribution):
            si = si.astype(self.dtype, copy=False)
        self._check_sign(si)
        if si.ndim == 0 and not self.projection.rules and not self._each():
            self.scope.constants["w"] = si
        else:
            self.scope.states["w"] = np.broadcast_to(si, (self.drawn.weights,))

    def _each(self) -> bool:
        """Return whether every connection needs a weight of its own, since a clamp holds it or other rules read it."""
        name, others = self.projection.name, self.network.projections.values()
        read = {other for p in others for rule in p.rules for other in rule.other_weights.values()}
        return name in read or any(clamp.target == name for clamp in self.network.clamps)

    def _shape(self) -> tuple[int, int]:
        """Return the number of targets and of sources that are connected, or, of a kernel, of features and inputs."""
        edges, kernel = self.drawn.wiring.edges, self.drawn.wiring.kernel
        if kernel is not None:
            return kernel.features, kernel.inputs
        sources, targets = self.projection.connect.sizes(edges.first.size - 1, edges.targets)
        return targets, sources

    def _flat(self, matrix: np.ndarray) -> np.ndarray:
        """Return a weight matrix (targets, sources) in the order of the edges."""
        targets, sources = self._shape()
        kernel = self.drawn.wiring.kernel
        if kernel is not None and matrix.ndim == 4:
            channels = 1 if kernel.described.per_channel else kernel.described.image[0]
            if matrix.shape == (targets, channels, *kernel.described.kernel):
                matrix = matrix.reshape(targets, sources)
        if kernel is not None and matrix.shape != (targets, sources):
            raise DescriptionError(
                f"{self.scope.where}: kernels of shape {matrix.shape}: give ({targets}, {sources}), features by inputs"
            )
        if (kernel is None and not self.projection.connect.complete) or matrix.shape != (targets, sources):
            raise DescriptionError(
                f"{self.scope.where}: a weight of shape {matrix.shape} needs all-to-all connectivity and the shape "
                f"({targets}, {sources}), targets by sources: change it"
            )
        return matrix.T.ravel()

    def _tied(self, tied: Tied) -> Tied:
        """Declare a weight that is tied to a named parameter."""
        where = self.scope.where
        self._check_own()
        if tied.parameter not in self.network.parameters:
            hint = suggest(tied.parameter, self.network.parameters)
            raise DescriptionError(f"{where}: no named parameter '{tied.parameter}': {hint}")
        if self.projection.rules:
            raise DescriptionError(
                f"{where}: a tied weight cannot be plastic: give the projection its own weight"
            )
        named = self.network.parameters[tied.parameter]
        self.scope.declare("w", dimension_of(named.value))
        index = self._per_edge(tied.index, "tied")
        if index.size and (index.min() < 0 or index.max() >= np.size(named.value)):
            raise DescriptionError(
                f"{where}: a tied index lies outside '{named.name}', which has {np.size(named.value)} values"
            )
        index = index[self.drawn.order]
        self.scope.states["w"] = constrained(named.value, named.sign)[index]
        return Tied(tied.parameter, tuple(index))

    def _driven(self, driven: Driven) -> np.ndarray:
        """Declare a weight that is the output of a population; return the neuron for each edge."""
        where, population = self.scope.where, self.populations.get(driven.population)
        self._check_own()
        if population is None or not population.graded:
            graded = [name for name, p in self.populations.items() if p.graded]
            raise DescriptionError(
                f"{where}: weights are driven by '{driven.population}', which is no population with a graded output: "
                f"{suggest(driven.population, graded)}"
            )
        if self.projection.rules or self.projection.sign:
            what = "rules" if self.projection.rules else "a sign"
            raise DescriptionError(
                f"{where}: weights that are the output of '{driven.population}' cannot have {what}: remove it, or "
                f"let rules change what leads to '{driven.population}'"
            )
        given = np.arange(population.size) if driven.index is None else driven.index
        index = self._per_edge(given, "driving")
        if index.size and (index.min() < 0 or index.max() >= population.size):
            raise DescriptionError(
                f"{where}: an index lies outside '{population.name}', which has {population.size} neurons: correct it"
            )
        dim = population.dimensions["output"]
        self.scope.refer("w", Ref(population.name, "output", "edge"), dim)
        return index[self.drawn.order]

    def _check_own(self) -> None:
        """Refuse kernels, which edges share already, from elsewhere."""
        if self.drawn.wiring.kernel is not None:
            raise DescriptionError(
                f"{self.scope.where}: positions share the weights of a convolution: give it weights of its own"
            )

    def _per_edge(self, given: Any, what: str) -> np.ndarray:
        """Return an index for each edge, in the order of the description."""
        size, index = self.drawn.size, np.array(given, dtype=np.int64)
        index = np.broadcast_to(index, (size,)) if index.size == 1 else index
        if index.shape != (size,):
            raise DescriptionError(
                f"{self.scope.where}: {index.size} {what} indices for {size} edges: give one per edge"
            )
        return index

    def _check_sign(self, si: np.ndarray) -> None:
        """Refuse weights (SI) of the sign that the projection excludes."""
        sign = self.projection.sign
        if sign and np.any(si * sign < 0):
            raise DescriptionError(
                f"{self.scope.where}: weights must have the sign {sign:+d}, but some have the other: correct them"
            )
