"""From a network's description to its expanded form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike

from neurosim.compiler.equations.clamps import held_weights, require_columns, with_clamps
from neurosim.compiler.equations.events import events_of
from neurosim.compiler.equations.forms import (
    NetworkEquations,
    PopulationEquations,
    ProjectionEquations,
)
from neurosim.compiler.equations.masks import with_masks
from neurosim.compiler.equations.population import population_equations
from neurosim.compiler.equations.probes import probes
from neurosim.compiler.equations.projection import projection_equations
from neurosim.errors import DescriptionError
from neurosim.model.network import Network


def network_equations(network: Network, seed: int = 0, dtype: DTypeLike = np.float64) -> NetworkEquations:
    """Return the network written out, with edges and initial values drawn from the streams of `seed`.

    Arguments: dtype, in which drawn weights are kept.

    Raises DescriptionError on whatever does not fit: units, names, shapes, delays, signals that a rule lacks.
    """
    written = {name: population_equations(p, network, seed) for name, p in network.populations.items()}
    populations, clamps = with_clamps(network, {name: found for name, (found, _) in written.items()}, seed)
    taken = {**network.populations, **network.projections, **network.externals, **network.parameters}
    for name, (_, events) in written.items():
        for found in events_of(populations[name], events, taken):
            populations[found.name] = found
    projections = {
        name: projection_equations(p, network, populations, seed, dtype)
        for name, p in network.projections.items()
    }
    projections = with_masks(projections, populations, seed)
    clamps = (*clamps, *held_weights(network, projections, seed))
    require_columns(clamps, network)
    equations = NetworkEquations(
        network,
        seed,
        populations,
        projections,
        clamps,
    )
    _check_presentations(equations)
    _check_externals(equations)
    return replace(equations, probes=probes(equations))


def _check_presentations(equations: NetworkEquations) -> None:
    """Refuse delays of graded signals in a network that learns from presentations, which start afresh."""
    parts: list[PopulationEquations | ProjectionEquations] = [*equations.populations.values()]
    parts += equations.projections.values()
    learning = next((part.name for part in parts if part.presentation), None)
    for projection in equations.projections.values():
        if projection.late and learning:
            raise DescriptionError(
                f"projection '{projection.name}': its delayed signals would reach the next presentation, from which "
                f"rules of '{learning}' learn: set its delays to 0*ms"
            )


def _check_externals(equations: NetworkEquations) -> None:
    written: set[str] = set()
    for external in equations.network.externals.values():
        for read in external.reads:
            owner, _, variable = read.partition(".")
            population = equations.populations.get(owner)
            if population is None or variable not in {*population.states, *population.definitions}:
                raise DescriptionError(
                    f"external '{external.name}' reads '{read}', which is not there: correct the name"
                )
        for target in external.writes:
            if target in written:
                raise DescriptionError(
                    f"external '{external.name}' writes '{target}', as another does: remove one"
                )
            written.add(target)
            if "value" not in equations.populations[target].states:
                raise DescriptionError(
                    f"external '{external.name}' writes '{target}', which is not a Signal: make it one"
                )
